"""What each group of properties needs of a stack. The run skips by this table, and `pms-drill doctor` foretells by it.

What is not in the table is found out by the single test: a request that the gate does not let out, a witness that is
not there.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from pms_drill.checks.verdict import SkipReason
from pms_drill.target import Capability


@dataclass(frozen=True)
class Need:
    """One thing that a group cannot do without."""

    capability: Capability
    reason: SkipReason
    why: str


_FAULTS = Need(
    "faults", SkipReason.STACK_CANNOT, "faults need --allow-writes, --toxiproxy-url and --fault-proxy-url, all of them"
)
_READ = Need("read-pms", SkipReason.NO_WITNESS, "the PMS is not read directly: --pms-url was not given")
_LOG = Need("agent-log", SkipReason.NO_WITNESS, "the log of an agent that the harness did not start is not seen")
_RESTART = Need("restart-agent", SkipReason.STACK_CANNOT, "an agent that runs already is not restarted")
_ADMIN = Need("admin", SkipReason.STACK_CANNOT, "a reset needs --allow-writes and PMS_DRILL_ADMIN_TOKEN")
_OWN = Need(
    "own-machine", SkipReason.STACK_CANNOT, "load books thousands of rooms, which only a stack of the run's own has"
)
_OUTAGE = (_FAULTS, _READ)

#: Prefix of property ids -> what the whole group needs.
GROUPS: Mapping[str, tuple[Need, ...]] = {
    "BRK": _OUTAGE,
    "FAIL": _OUTAGE,
    "AUTH": _OUTAGE,
    "BOOK": _OUTAGE,
    "MET": _OUTAGE,
    "READY": _OUTAGE,
    "TOLD": _OUTAGE,
    "LOG": (*_OUTAGE, _LOG),
    "RESET": (*_OUTAGE, _ADMIN),
    "MOCK": (*_OUTAGE, _RESTART),
    "CAUSE": (*_OUTAGE, _ADMIN, _RESTART, _LOG),
    "PMS": (_READ,),
    "QLO": (_READ,),  # defects of the PMS that are looked for
    "LOAD": (_OWN,),
    "SEC": (),  # the results of the run itself are searched
}
#: Single properties that need more than their group.
SINGLE: Mapping[str, tuple[Need, ...]] = {
    "QLO-09": (_FAULTS,),
    "QLO-10": (_FAULTS,),
    "FAIL-11": (_RESTART, _LOG),
    "RESET-02": (_RESTART,),
    **{f"MOCK-0{number}": (_LOG,) for number in range(1, 6)},
    "MOCK-06": (_ADMIN,),
    "BRK-45": (_ADMIN,),
    "BRK-25": (_RESTART,),
    "BRK-26": (_RESTART,),
    "BRK-46": (_RESTART,),
    "BRK-51": (_RESTART,),
    "BRK-52": (_RESTART,),
    "BRK-61": (_RESTART,),
    "BRK-60": (_LOG,),
}


#: Capability -> how to tell that it is missing.
NEEDS: Mapping[Capability, Need] = {need.capability: need for need in (_FAULTS, _READ, _LOG, _RESTART, _ADMIN, _OWN)}


def missing(property_id: str, capabilities: Set[str]) -> Need | None:
    """The first thing that a property needs and the stack does not have; None if nothing is known to be missing."""
    needs = GROUPS.get(property_id.rpartition("-")[0], ()) + SINGLE.get(property_id, ())
    return next((need for need in needs if need.capability not in capabilities), None)
