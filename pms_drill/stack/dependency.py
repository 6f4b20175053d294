"""A second service that the agent asks beside the PMS, behind a proxy of its own: agent, Toxiproxy, relay, service."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pms_drill.errors import DrillError
from pms_drill.faults.toxiproxy import OwnToxiproxy, Proxy, accepts
from pms_drill.faults.toxiproxy_server import stable_port
from pms_drill.profile import DependencyPart
from pms_drill.stack.agent_program import REPO
from pms_drill.stack.base import Stack
from pms_drill.stack.counting_relay import CountingRelay
from pms_drill.stack.process import Program

#: Name of its proxy.
PROXY = "dependency"
_START_LIMIT_S = 10.0


@dataclass(frozen=True)
class Dependency:
    """A running one.

    Attributes:
        proxy: what the agent connects to; faults go there.
        relay: behind the proxy; counts what still gets through.
        env: for the agent, so that it asks it.
    """

    proxy: Proxy
    relay: CountingRelay
    env: dict[str, str]


def missing(stack: Stack) -> str:
    """Why a stack cannot have one; empty if it can."""
    if "restart-agent" not in stack.capabilities:
        return "an agent that runs already is not given another address of its second service"
    if not isinstance(stack.place.toxiproxy, OwnToxiproxy):
        return "a proxy for a second service is made only where Toxiproxy runs as a process beside the agent"
    return ""


@contextmanager
def second_dependency(stack: Stack) -> Iterator[Dependency]:
    """Start it as the profile says, with proxy and relay before it; all of it is gone afterwards.

    Raises:
        DrillError: the profile does not say what it is, or it accepts no connections.
    """
    part = stack.profile.dependency
    with ExitStack() as ends:
        address = part.address or _started(part, stack.run_dir, ends)
        relay = ends.enter_context(CountingRelay(address))
        toxiproxy = stack.place.toxiproxy
        toxiproxy.check_upstream(PROXY, address)
        proxy = toxiproxy.create(PROXY, relay.address)
        ends.callback(toxiproxy.remove, PROXY)
        env = {name: value.replace("{dependency}", proxy.listen) for name, value in part.env.items()}
        yield Dependency(proxy, relay, env)


def _started(part: DependencyPart, run_dir: Path, ends: ExitStack) -> str:
    if not part.start:
        raise DrillError(
            "the profile does not say which second service the agent asks",
            where="dependency",
            todo="set dependency.start or dependency.address",
        )
    port = stable_port()
    places = {"python": sys.executable, "port": str(port), "repo": str(REPO)}
    words = [word.format(**places) for word in part.start]
    program = Program(PROXY, words, env={}, cwd=REPO, log=(run_dir / "logs" / "dependency.log").absolute())
    ends.callback(program.stop)
    program.start()
    address = f"127.0.0.1:{port}"
    program.wait_until(lambda: accepts(address), within=_START_LIMIT_S, todo="read its log")
    return address
