"""The experiments by name, and which fixture gives their evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from pms_drill.episodes.expectations import MIDWAY, OUTAGES, REFUSALS, expectation, fault_named
from pms_drill.faults.story import Needs
from pms_drill.profile import Profile
from pms_drill.report.skips import skip
from pms_drill.stack.base import Stack
from pms_drill.stack.equipped import equipped, missing

#: Fixture -> names of the experiments that it gives the evidence of.
NAMES: Mapping[str, tuple[str, ...]] = {
    "outage": OUTAGES,
    "refusal": REFUSALS,
    "midway": MIDWAY,
    "breaker_reset": ("breaker_reset",),
    "mock_switch": ("mock_switch",),
    "streak": ("streak",),
    "simultaneous": ("simultaneous",),
    "half_open_crowd": ("half_open_crowd",),
    "late_results": ("late_success", "late_failure"),
    "agent_restart": ("agent_restart",),
    "other_settings": ("other_settings",),
    "clock_steps": ("clock_steps",),
    "limited_until": ("limited_until",),
    "unsteady": ("unsteady",),
    "call_volume": ("call_volume",),
    "growing_wait": ("growing_wait",),
    "forced_open": ("forced_open",),
    "slow_calls": ("slow_calls",),
    "disabled_breaker": ("disabled_breaker",),
    "guest_probe": ("guest_probe_cancelled", "guest_probe_ignored"),
    "second_dependency": ("second_dependency",),
    "workload": ("bookings_workload",),
    "booking_case": bookings_cases.CASES,
    "mock_contract": ("mock_contract",),
    "cause": causes_table.NAMES,
}

_MODULES: Mapping[str, Any] = {
    "outage": outage,
    "refusal": refusal,
    "midway": midway,
    "breaker_reset": reset,
    "mock_switch": mock_switch,
    "streak": streak,
    "simultaneous": simultaneous,
    "half_open_crowd": half_open_crowd,
    "late_results": late_results,
    "agent_restart": agent_restart,
    "other_settings": other_settings,
    "clock_steps": clock_steps,
    "limited_until": limited_until,
    "unsteady": unsteady,
    "call_volume": policies,
    "growing_wait": policies,
    "forced_open": policies,
    "slow_calls": policies,
    "disabled_breaker": policies,
    "guest_probe": guest_probe,
    "second_dependency": second_dependency,
    "workload": bookings_workload,
    "booking_case": bookings_cases,
    "mock_contract": mock_contract,
    "cause": causes,
}


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


def seen_at_the_pms(profile: Profile) -> Callable[[str], bool]:
    """Whether the agent's calls under the fault reach the ledger, as a predicate over names of outages."""
    return lambda name: name not in OUTAGES or expectation(name, profile).reaches_ledger


def _module(name: str) -> Any:
    fixture = next(fixture for fixture, names in NAMES.items() if name in names)
    return _MODULES[fixture]
