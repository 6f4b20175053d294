"""The agent cannot write its log, and the PMS fails: all that is claimed of an outage is claimed here, too.

A line that cannot be written costs the line. Whoever reads the log knows less, guests and breaker must not notice.
"""

from __future__ import annotations

from pms_drill.episodes import outage
from pms_drill.episodes.able import fault_for
from pms_drill.episodes.expectations import fault_named
from pms_drill.episodes.steps import FAULT
from pms_drill.evidence.bundle import Evidence
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run an outage while the fault `name` acts, on a stack that is equipped for it. Phases as in `outage`.

    Raises:
        Unproven: a fault or its heal could not be proved, or the control was already out of bounds.
        DrillError: the agent did not start, or the PMS could not be read at the end.
    """
    return outage.under(stack, name, seed, fault=fault_named(FAULT, stack.profile), beside=fault_for(name, stack))


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes."""
    return outage.planned_seconds(FAULT, profile)
