"""Can this stack make that fault? If not, its tests are typed skips."""

from __future__ import annotations

from pms_drill.episodes.expectations import fault_named
from pms_drill.faults.lifecycle import Fault
from pms_drill.faults.story import Needs
from pms_drill.report.skips import skip
from pms_drill.stack.base import Stack


def fault_for(name: str, stack: Stack) -> Fault:
    """The fault of the catalogue, for a stack that can make it.

    Raises:
        TypedSkip: the stack's PMS cannot have it.
    """
    fault = fault_named(name, stack.profile)
    pms = stack.place.pms
    if fault.needs & {Needs.PMS_SWITCHES, Needs.ENGINE} and name not in pms.names:
        skip(pms.lacking, f"the PMS of this stack cannot have the fault {name}")
    return fault
