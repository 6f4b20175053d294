"""The experiments by name, and which fixture gives their evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pms_drill.episodes import causes, causes_table, midway, mock_switch, outage, refusal, reset
from pms_drill.episodes.expectations import MIDWAY, OUTAGES, REFUSALS, expectation
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack

#: Fixture -> names of the experiments that it gives the evidence of.
NAMES: Mapping[str, tuple[str, ...]] = {
    "outage": OUTAGES,
    "refusal": REFUSALS,
    "midway": MIDWAY,
    "breaker_reset": ("breaker_reset",),
    "mock_switch": ("mock_switch",),
    "cause": causes_table.NAMES,
}

_MODULES: Mapping[str, Any] = {
    "outage": outage,
    "refusal": refusal,
    "midway": midway,
    "breaker_reset": reset,
    "mock_switch": mock_switch,
    "cause": causes,
}


def run(name: str, stack: Stack, seed: int) -> Any:
    """Run the experiment and give its evidence."""
    return _module(name).run(stack, name, seed)


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
