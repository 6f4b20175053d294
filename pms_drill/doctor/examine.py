"""Looks at everything, section by section, and proves that the agent's PMS traffic crosses the proxy."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from pms_drill import profile as profiles
from pms_drill.doctor import foretell
from pms_drill.doctor.programs import programs
from pms_drill.errors import DrillError
from pms_drill.lease import Lease
from pms_drill.profile import Profile
from pms_drill.stack import backends
from pms_drill.stack.external import ExternalStack
from pms_drill.stack.look import Found, State, look_at
from pms_drill.target import Capability, Target
from pms_drill.tiers import STACKS

_CROSSING = "crossing"
_WHAT = "the agent's PMS traffic"


@dataclass(frozen=True)
class Section:
    """Rows that belong together."""

    title: str
    rows: tuple[Found, ...]

    @property
    def broken(self) -> bool:
        """Whether something here is in the way of a run."""
        return any(row.state is State.BROKEN for row in self.rows)


def examine(stack: str, target: Target, profile: Profile) -> Iterator[Section]:
    """All sections, each when it is asked for.

    Raises:
        DrillError: what was asked for makes no sense, such as an address for a stack of our own.
    """
    target.check(stack, profile.environment)
    for name in STACKS:
        if rows := tuple(programs(name)):
            yield Section(f"Programs for the stack {name}", rows)
    reached = True
    if stack == "external":
        yield (reach := Section("What is reachable", tuple(look_at(target, profile))))
        reached = not reach.broken
    yield Section("Does the traffic cross the proxy?", (_crossing(stack, target, profile, reached),))
    if stack != "external":
        yield Section("Which agent is judged under load?", (_under_load(profile),))
    capabilities: Set[str] = target.capabilities() if stack == "external" else set(get_args(Capability))
    yield Section("What the harness can do here", tuple(foretell.control(capabilities)))
    yield Section("What a run will judge and skip", tuple(foretell.skips(capabilities)))


def _under_load(profile: Profile) -> Found:
    """The agent of the run, or what is in the way: the run would not begin."""
    what = "the agent of the load part"
    try:
        deployed = profiles.deployed(profile)
    except DrillError as error:
        return Found(what, State.BROKEN, error.what, error.todo, error.where)
    return Found(what, State.OK, f"this one, under the settings of the profile {deployed.name}")


def _crossing(stack: str, target: Target, profile: Profile, reached: bool) -> Found:
    if not reached:
        return Found(_WHAT, State.BROKEN, "not tried, because something above does not answer", "mend that first")
    if stack == "external" and not target.fault_proxy_url:
        return Found(_WHAT, State.NOT_GIVEN, "nobody sees it", "give --fault-proxy-url, then it is proved")
    try:
        with Lease() as lease:
            folder = lease.new_folder("doctor")
            (folder / "logs").mkdir()
            return _prove(stack, target, profile, folder, lease)
    except DrillError as error:
        return Found(_WHAT, State.BROKEN, error.what, error.todo, error.where)


def _prove(stack: str, target: Target, profile: Profile, folder: Path, lease: Lease) -> Found:
    """Entering a stack proves it; its journal says by which request."""
    with backends.open_stack(stack, profile, folder, label="doctor", lease=lease, seed=1, target=target) as running:
        proofs = [event.detail for event in running.journal.events if event.name == _CROSSING]
        doubts = running.doubts if isinstance(running, ExternalStack) else []
    if not proofs:
        return Found(_WHAT, State.BROKEN, "no request was seen at the proxy")
    told = f"proved by {proofs[0]}" + (f"; but {'; '.join(doubts)}" if doubts else "")
    return Found(_WHAT, State.OK, told)
