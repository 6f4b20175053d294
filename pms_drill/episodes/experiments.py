"""The experiments by name, and which fixture gives their evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from pms_drill.checks.verdict import Unproven
from pms_drill.episodes import (
    agent_restart,
    bookings_cases,
    bookings_workload,
    causes,
    causes_table,
    clock_steps,
    guest_probe,
    half_open_crowd,
    interrupted,
    late_results,
    limited_until,
    limping,
    midway,
    mock_contract,
    mock_switch,
    other_settings,
    outage,
    policies,
    refusal,
    reset,
    retry_after,
    second_dependency,
    simultaneous,
    streak,
    unlogged,
    unsteady,
    what_counts,
)
from pms_drill.episodes.expectations import fault_named, meeting, reaches_ledger
from pms_drill.errors import DrillError
from pms_drill.evidence.journal import Event
from pms_drill.faults import catalogue
from pms_drill.faults.owed import Meets, Runs
from pms_drill.faults.story import Needs
from pms_drill.profile import Profile
from pms_drill.report.skips import skip
from pms_drill.stack.base import Stack
from pms_drill.stack.equipped import equipped, missing
from pms_drill.stack.needs import NEEDS, Need
from pms_drill.target import Capability


@dataclass(frozen=True)
class _Family:
    """Experiments of one module.

    Attributes:
        module: has `run(stack, name, seed)` and `planned_seconds(name, profile)`.
        names: of the experiments.
        requires: what a stack must be able to do for them, beyond faults and a direct look at the PMS; known before
            the first fault, so that none is injected for evidence that cannot be had.
    """

    module: Any
    names: tuple[str, ...]
    requires: tuple[Capability, ...] = ()


_FAMILIES: Mapping[str, _Family] = {
    # One experiment for each fault that agents meet in this way, under the fault's own name.
    Meets.OUTAGE: _Family(outage, meeting(Meets.OUTAGE)),
    Meets.REFUSAL: _Family(refusal, (*meeting(Meets.REFUSAL), refusal.FULL_NIGHT)),
    Meets.IN_FLIGHT: _Family(midway, meeting(Meets.IN_FLIGHT)),
    Meets.LIMPING: _Family(limping, meeting(Meets.LIMPING)),
    Meets.PATCHY: _Family(limping, meeting(Meets.PATCHY)),
    Meets.INTERRUPTED: _Family(interrupted, meeting(Meets.INTERRUPTED), ("restart-agent",)),
    Meets.UNLOGGED: _Family(unlogged, meeting(Meets.UNLOGGED), ("restart-agent",)),
    "breaker_reset": _Family(reset, ("breaker_reset",), ("admin",)),
    "mock_switch": _Family(mock_switch, ("mock_switch",), ("restart-agent", "agent-log")),
    "streak": _Family(streak, ("streak",)),
    "simultaneous": _Family(simultaneous, ("simultaneous",)),
    "half_open_crowd": _Family(half_open_crowd, ("half_open_crowd",)),
    "late_results": _Family(late_results, ("late_success", "late_failure")),
    "agent_restart": _Family(agent_restart, ("agent_restart",), ("restart-agent",)),
    "other_settings": _Family(other_settings, ("other_settings",), ("restart-agent",)),
    "clock_steps": _Family(clock_steps, ("clock_steps",), ("restart-agent",)),
    "limited_until": _Family(limited_until, ("limited_until",)),
    "what_counts": _Family(what_counts, ("what_counts",)),
    "retry_after": _Family(retry_after, ("retry_after",)),
    "unsteady": _Family(unsteady, ("unsteady",)),
    "call_volume": _Family(policies, ("call_volume",)),
    "growing_wait": _Family(policies, ("growing_wait",)),
    "forced_open": _Family(policies, ("forced_open",), ("admin",)),
    "slow_calls": _Family(policies, ("slow_calls",)),
    "disabled_breaker": _Family(policies, ("disabled_breaker",), ("restart-agent",)),
    "guest_probe": _Family(guest_probe, ("guest_probe_cancelled", "guest_probe_ignored")),
    "second_dependency": _Family(second_dependency, ("second_dependency",), ("restart-agent",)),
    "workload": _Family(bookings_workload, bookings_workload.NAMES),
    "booking_case": _Family(bookings_cases, bookings_cases.CASES),
    "mock_contract": _Family(mock_contract, ("mock_contract",), ("restart-agent", "admin")),
    "cause": _Family(causes, causes_table.NAMES, ("restart-agent", "admin", "agent-log")),
}

#: Fixture -> names of the experiments that it gives the evidence of.
NAMES: Mapping[str, tuple[str, ...]] = {fixture: family.names for fixture, family in _FAMILIES.items()}
#: Every experiment that there is.
ALL: frozenset[str] = frozenset(name for names in NAMES.values() for name in names)
#: Those that are about one fault of the catalogue and bear its name.
OF_A_FAULT: frozenset[str] = frozenset(name for name, row in catalogue.rows().items() if row.meets is not None)
#: Of these the ones that a pr run draws by its seed; all others run each time.
IDLE: frozenset[str] = frozenset(name for name in OF_A_FAULT if catalogue.rows()[name].runs is Runs.WEEKLY)
#: Fixture that reads an experiment's evidence -> the fixture that gives it.
READERS: Mapping[str, str] = {"alerts": "outage"}


def run(name: str, stack: Stack, seed: int) -> Any:
    """Run the experiment and give its evidence; the stack is equipped for its fault first.

    Raises:
        TypedSkip: the stack or the agent cannot have the fault, or cannot show what the experiment is for.
        Unproven: whatever the experiment could not prove, and a fault that it stands for and did not make.
    """
    if lack := lacking(name, stack.capabilities):
        skip(lack.reason, lack.why)
    needs = _needs(name, stack.profile)
    if lacks := missing(stack, needs):
        skip(*lacks)
    begun = len(stack.journal.events)
    if not needs:
        evidence = _module(name).run(stack, name, seed)
    else:
        with equipped(stack, needs) as ready:
            evidence = _module(name).run(ready, name, seed)
    _check_met(name, stack.journal.since(begun))
    return evidence


def faults_of(name: str) -> tuple[str, ...]:
    """Names of the faults whose rows say that this experiment is where an agent meets them."""
    return tuple(fault for fault, row in catalogue.rows().items() if (row.experiment or fault) == name)


def _check_met(name: str, events: Iterable[Event]) -> None:
    """See that the experiment was about the faults that it stands for in docs/faults.md.

    Raises:
        Unproven: one of them was not proved while it ran.
    """
    proved = {event.name for event in events if event.kind == "fault" and event.what == "proved"}
    if never := [fault for fault in faults_of(name) if fault not in proved]:
        raise Unproven(f"{name}: it did not come to {', '.join(never)}, which it is to judge")


def _needs(name: str, profile: Profile) -> frozenset[Needs]:
    """What the experiment's fault needs beyond the stack's own means; what the PMS can have is looked at there."""
    if name == "clock_steps":
        return clock_steps.NEEDS
    if name not in OF_A_FAULT:
        return frozenset()
    return fault_named(name, profile).needs - {Needs.PMS_SWITCHES}


def lacking(name: str, capabilities: Set[str]) -> Need | None:
    """The first thing that an experiment requires and a stack does not have; None if it has everything."""
    requires = ("faults", "read-pms", *_family(name).requires)
    return next((NEEDS[one] for one in requires if one not in capabilities), None)


def judged_under(fixture: str, *, only_seen: bool = False, only: Sequence[str] = ()) -> tuple[str, ...]:
    """Names of the experiments whose evidence a test judges that asks for a fixture.

    Args:
        fixture: a name of any fixture; those that give no evidence have no experiments.
        only_seen: the test is marked `seen_at_the_pms`.
        only: the arguments of its marker `only_under`.

    Raises:
        DrillError: `only` names something that is no experiment of this fixture, so that nothing would be judged.
    """
    names = NAMES.get(READERS.get(fixture, fixture), ())
    if names and (wrong := [name for name in only if name not in names]):
        raise DrillError(
            f"only_under names {', '.join(map(repr, wrong))}, which {fixture} does not have",
            todo=f"use some of {', '.join(names)}",
        )
    return tuple(name for name in names if (not only or name in only) and (not only_seen or seen_at_the_pms(name)))


def planned_seconds(name: str, profile: Profile) -> float:
    """About how long the experiment takes."""
    seconds: float = _module(name).planned_seconds(name, profile)
    return seconds


def seen_at_the_pms(name: str) -> bool:
    """Whether the agent's calls in the experiment come as far as the ledger."""
    return name not in OF_A_FAULT or reaches_ledger(name)


def _module(name: str) -> Any:
    return _family(name).module


def _family(name: str) -> _Family:
    return next(family for family in _FAMILIES.values() if name in family.names)
