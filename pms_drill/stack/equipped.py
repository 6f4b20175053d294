"""A stack with more handles for faults: the agent's and the PMS's processes, https to the PMS, a clock to step.

It wraps any stack, so that no backend has to know of these faults. What needs a restart of the agent (https, the
clock) is put into its environment; experiments start it afresh anyway.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from pms_drill.checks.verdict import SkipReason
from pms_drill.errors import DrillError
from pms_drill.faults import faketime
from pms_drill.faults.controls import Endable, LogReader
from pms_drill.faults.lifecycle import Place
from pms_drill.faults.own_processes import OwnListeners
from pms_drill.faults.story import Needs
from pms_drill.profile import Profile
from pms_drill.stack.base import Addresses, Stack
from pms_drill.stack.https_way import HTTPS_PROXY, HttpsWay


def missing(stack: Stack, needs: frozenset[Needs]) -> tuple[SkipReason, str] | None:
    """What a stack lacks for a fault, for a typed skip; None if it has everything."""
    if Needs.LINUX in needs and sys.platform != "linux":
        return SkipReason.NEEDS_LINUX, "the kernel's queue of connections is filled as Linux does it"
    if needs & {Needs.AGENT_PROCESS, Needs.AGENT_SETTINGS, Needs.HTTPS, Needs.FAKETIME, Needs.LOG_READER}:
        if not {"restart-agent", "kill-agent"} <= stack.capabilities:
            return SkipReason.STACK_CANNOT, "the stack cannot restart the agent"
        if needs & {Needs.AGENT_SETTINGS, Needs.HTTPS} and not upstream_env(stack.profile, ""):
            return SkipReason.AGENT_CANNOT, "no variable of agent.env has {pms_url} in it"
    for need, why in stack.lacking.items():
        if need in needs:
            return why
    if Needs.FAKETIME in needs:
        with _folder(stack) as folder:
            clock = stack.agent_clock(folder)
        return clock if isinstance(clock, tuple) else None
    return None


def upstream_env(profile: Profile, url: str) -> dict[str, str]:
    """The variables of the profile that name the PMS's base URL, with another one in them."""
    return {name: value.replace("{pms_url}", url) for name, value in profile.agent.env.items() if "{pms_url}" in value}


@contextmanager
def equipped(stack: Stack, needs: frozenset[Needs]) -> Iterator[Stack]:
    """The stack with what the needs ask for; everything is taken away again at the end.

    Raises:
        DrillError: it is not possible here; `missing` says so beforehand.
    """
    lacks = missing(stack, needs)
    if lacks is not None:
        raise DrillError(f"this stack cannot make the fault: {lacks[1]}", where=str(lacks[0]))
    with ExitStack() as ends:
        equipment = _Equipped(stack)
        ends.callback(equipment.agent.go_on)
        ends.callback(equipment.agent.free_disk)
        ends.callback(equipment.pms_process.go_on)
        if needs & {Needs.HTTPS, Needs.FAKETIME, Needs.LOG_READER}:
            folder = ends.enter_context(_folder(stack))
            ends.callback(stack.restart_agent)  # without what it was equipped with
            if Needs.HTTPS in needs:
                equipment.https = ends.enter_context(stack.https_way(folder))
                equipment.env |= upstream_env(stack.profile, equipment.https.url)
                equipment.env["SSL_CERT_FILE"] = equipment.https.authority
            if Needs.LOG_READER in needs:
                equipment.agent.log_reader = ends.enter_context(stack.log_reader(folder))
            if Needs.FAKETIME in needs:
                clock = stack.agent_clock(folder)
                if isinstance(clock, tuple):
                    raise DrillError(clock[1], where=str(clock[0]))
                equipment.clock = clock
                equipment.env |= clock.env
        yield cast(Stack, equipment)


class _Equipped:
    """Everything of the wrapped stack, but for what is defined here."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.env: dict[str, str] = {}
        self.https: HttpsWay | None = None
        self.clock: faketime.SteppableClock | None = None
        self.agent = _Agent(self, stack)
        self.pms_process = stack.place.pms_process or OwnListeners("PMS", stack.addresses.pms)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stack, name)

    @property
    def place(self) -> Place:
        place = replace(self._stack.place, agent=self.agent, pms_process=self.pms_process)
        return place if self.https is None else replace(place, proxy_name=HTTPS_PROXY, tls=self.https.tls)

    @property
    def addresses(self) -> Addresses:
        addresses = self._stack.addresses
        return addresses if self.https is None else replace(addresses, upstream=self.https.url)

    def restart_agent(self, *, fresh: bool = True, env: Mapping[str, str] | None = None) -> None:
        self._stack.restart_agent(fresh=fresh, env={**self.env, **(env or {})})


class _Agent:
    """Control of the agent: `AgentControl`."""

    def __init__(self, equipment: _Equipped, stack: Stack) -> None:
        self._equipment = equipment
        self._stack = stack
        self._processes: Endable = stack.place.agent or OwnListeners("agent", stack.addresses.agent)
        self.address = stack.addresses.agent.removeprefix("http://")
        self.live_path = stack.profile.endpoints.live
        self.timezone = stack.profile.pms.timezone
        self.upstream = stack.addresses.upstream
        self.log_reader: LogReader | None = None

    def pause(self) -> None:
        self._processes.pause()

    def go_on(self) -> None:
        self._processes.go_on()

    def kill(self) -> None:
        self._stack.kill_agent()

    def start(self, upstream: str | None = None) -> None:
        self.upstream = upstream or self._equipment.addresses.upstream
        self._equipment.restart_agent(
            fresh=False, env=upstream_env(self._stack.profile, upstream) if upstream else None
        )

    def terminate(self) -> None:
        self._processes.terminate()

    def wait_until_ended(self, within: float) -> bool:
        return self._processes.wait_until_ended(within)

    def fill_disk(self) -> None:
        self._processes.fill_disk()

    def free_disk(self) -> None:
        self._processes.free_disk()

    @property
    def disk_is_full(self) -> bool:
        return self._processes.disk_is_full

    def step_clock(self, seconds: float) -> None:
        if self._equipment.clock is None:
            raise DrillError("the agent was not started with a clock that can be stepped")
        self._equipment.clock.step(seconds)


@contextmanager
def _folder(stack: Stack) -> Iterator[Path]:
    """A folder of the run that is removed again."""
    with tempfile.TemporaryDirectory(prefix=".equipment-", dir=stack.run_dir, ignore_cleanup_errors=True) as folder:
        yield Path(folder)
