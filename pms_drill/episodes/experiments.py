"""The experiments by name, and which fixture gives their evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pms_drill.episodes import (
    agent_restart,
    bookings_cases,
    bookings_workload,
    causes,
    causes_table,
    clock_steps,
    guest_probe,
    half_open_crowd,
    late_results,
    limited_until,
    midway,
    mock_contract,
    mock_switch,
    other_settings,
    outage,
    policies,
    refusal,
    reset,
    second_dependency,
    simultaneous,
    streak,
    unsteady,
)
from pms_drill.episodes.expectations import MIDWAY, OUTAGES, REFUSALS, fault_named, reaches_ledger
from pms_drill.faults.story import Needs
from pms_drill.profile import Profile
from pms_drill.report.skips import skip
from pms_drill.stack.base import Stack
from pms_drill.stack.equipped import equipped, missing


@dataclass(frozen=True)
class Kind:
    """Experiments of one module.

    Attributes:
        module: has `run(stack, name, seed)` and `planned_seconds(name, profile)`.
        names: of the experiments.
    """

    module: Any
    names: tuple[str, ...]


_KINDS: Mapping[str, Kind] = {
    "outage": Kind(outage, OUTAGES),
    "refusal": Kind(refusal, REFUSALS),
    "midway": Kind(midway, MIDWAY),
    "breaker_reset": Kind(reset, ("breaker_reset",)),
    "mock_switch": Kind(mock_switch, ("mock_switch",)),
    "streak": Kind(streak, ("streak",)),
    "simultaneous": Kind(simultaneous, ("simultaneous",)),
    "half_open_crowd": Kind(half_open_crowd, ("half_open_crowd",)),
    "late_results": Kind(late_results, ("late_success", "late_failure")),
    "agent_restart": Kind(agent_restart, ("agent_restart",)),
    "other_settings": Kind(other_settings, ("other_settings",)),
    "clock_steps": Kind(clock_steps, ("clock_steps",)),
    "limited_until": Kind(limited_until, ("limited_until",)),
    "unsteady": Kind(unsteady, ("unsteady",)),
    "call_volume": Kind(policies, ("call_volume",)),
    "growing_wait": Kind(policies, ("growing_wait",)),
    "forced_open": Kind(policies, ("forced_open",)),
    "slow_calls": Kind(policies, ("slow_calls",)),
    "disabled_breaker": Kind(policies, ("disabled_breaker",)),
    "guest_probe": Kind(guest_probe, ("guest_probe_cancelled", "guest_probe_ignored")),
    "second_dependency": Kind(second_dependency, ("second_dependency",)),
    "workload": Kind(bookings_workload, ("bookings_workload",)),
    "booking_case": Kind(bookings_cases, bookings_cases.CASES),
    "mock_contract": Kind(mock_contract, ("mock_contract",)),
    "cause": Kind(causes, causes_table.NAMES),
}

#: Fixture -> names of the experiments that it gives the evidence of.
NAMES: Mapping[str, tuple[str, ...]] = {fixture: kind.names for fixture, kind in _KINDS.items()}


def run(name: str, stack: Stack, seed: int) -> Any:
    """Run the experiment and give its evidence; the stack is equipped for its fault first.

    Raises:
        TypedSkip: the stack or the agent cannot have the fault.
    """
    needs = _needs(name, stack.profile)
    if lacks := missing(stack, needs):
        skip(*lacks)
    if not needs:
        return _module(name).run(stack, name, seed)
    with equipped(stack, needs) as ready:
        return _module(name).run(ready, name, seed)


def _needs(name: str, profile: Profile) -> frozenset[Needs]:
    """What the experiment's fault needs beyond the stack's own means; what the PMS can have is looked at there."""
    if name not in (*OUTAGES, *REFUSALS, *MIDWAY):
        return frozenset()
    return fault_named(name, profile).needs - {Needs.PMS_SWITCHES}


def planned_seconds(name: str, profile: Profile) -> float:
    """About how long the experiment takes."""
    seconds: float = _module(name).planned_seconds(name, profile)
    return seconds


def seen_at_the_pms(name: str) -> bool:
    """Whether the agent's calls in the experiment come as far as the ledger."""
    return name not in OUTAGES or reaches_ledger(name)


def _module(name: str) -> Any:
    return next(kind.module for kind in _KINDS.values() if name in kind.names)
