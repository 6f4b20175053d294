"""Did a mitigation help? Judged by what guests were told who asked after it was done. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from pms_drill.checks.moments import is_success
from pms_drill.evidence.history import Operation

#: So many questions in a row must have had the right answer.
ENOUGH = 5


class Effect(StrEnum):
    """What guests' answers say so far."""

    HELPED = "helped"
    DID_NOT_HELP = "did not help"
    NOT_YET = "not yet known"


def effect(asked: Sequence[Operation], *, mock: bool, reopened: bool) -> Effect:
    """Look at the questions asked after the mitigation.

    Args:
        asked: answered questions, in order of their asking.
        mock: whether the mitigation is the switch to the mock: then its answers are what is wanted.
        reopened: whether the breaker is open again, seen after the first of them was answered.

    Returns:
        HELPED: the last five questions all had the right answer. DID_NOT_HELP: the breaker opened again and guests are
        not answered by the PMS.
    """
    last = [_right(op, mock) for op in asked[-ENOUGH:]]
    if len(last) == ENOUGH and all(last):
        return Effect.HELPED
    if reopened and asked and not last[-1]:
        return Effect.DID_NOT_HELP
    return Effect.NOT_YET


def first_right(asked: Sequence[Operation], *, mock: bool) -> Operation | None:
    """The first of the answers that stayed right until the last one."""
    first = None
    for operation in reversed(asked):
        if not _right(operation, mock):
            break
        first = operation
    return first


def _right(operation: Operation, mock: bool) -> bool:
    return (operation.status == 200 and operation.source == "mock") if mock else is_success(operation)
