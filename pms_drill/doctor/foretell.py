"""What a run will do and skip, told before it begins. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import get_args

from pms_drill.stack.look import Found, State
from pms_drill.stack.needs import GROUPS, SINGLE
from pms_drill.target import Capability

_TELLS: dict[Capability, str] = {
    "book": "make reservations",
    "faults": "make faults of network and HTTP",
    "ledger": "see every request at the PMS",
    "read-pms": "read the PMS directly",
    "admin": "reset the breaker",
    "restart-agent": "restart the agent",
    "kill-agent": "kill the agent",
    "agent-log": "read the agent's log",
    "own-machine": "put load on it",
}
#: Groups of which single tests need more than the group, and what is left without it.
_PARTLY: dict[str, tuple[Capability, str]] = {
    "API": ("book", "tests that reserve or reset are skipped"),
    "EXP": ("restart-agent", "tests of a fresh agent are skipped"),
    "PMS": ("book", "tests that book at the PMS are skipped"),
    "QLO": ("book", "tests that book at the PMS are skipped"),
}


def control(capabilities: Set[str]) -> Iterator[Found]:
    """One row for each thing that the harness can do or see."""
    for name in get_args(Capability):
        state = State.OK if name in capabilities else State.MISSING
        yield Found(name, state, f"can {_TELLS[name]}" if state is State.OK else f"cannot {_TELLS[name]}")


def skips(capabilities: Set[str]) -> Iterator[Found]:
    """One row for each group of properties: judged, partly or not."""
    for group in sorted({*GROUPS, *_PARTLY}):
        lacking = next((need for need in GROUPS.get(group, ()) if need.capability not in capabilities), None)
        if lacking:
            yield Found(group, State.MISSING, f"skipped as {lacking.reason.value}: {lacking.why}")
            continue
        partly = [text for needed, text in filter(None, [_PARTLY.get(group)]) if needed not in capabilities]
        partly += [
            f"{name} is skipped: {need.why}"
            for name, needs in SINGLE.items()
            for need in needs
            if name.startswith(f"{group}-") and need.capability not in capabilities
        ]
        yield Found(group, State.OK, "; ".join(["judged", *partly]))
