"""What guests get while the PMS is not asked: marked, true about its age, and never a confirmation."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from pms_drill.checks.moments import is_rejection, opened
from pms_drill.checks.verdict import Verdict, failed, judge, unknown
from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.history import Kind, Operation


def answers_are_marked(evidence: Evidence) -> Verdict:
    """FAIL-01, BRK-20, BRK-28: every answer of an open breaker says what it is.

    With failover: 200, source mock or stale, not binding. Without: 503 with a `Retry-After` not beyond the wait.
    """
    policy = evidence.policy
    asked = evidence.asked("open", kind=Kind.AVAILABILITY)
    claimed = (
        "while the breaker is open availability is answered 200 with source mock or stale and binding false"
        if policy.failover
        else "while the breaker is open availability is answered 503 with the remaining wait in Retry-After"
    )
    if opened(evidence) is None:
        return failed(claimed, answers="the breaker never opened")
    if not asked:
        return unknown(claimed, answers="nobody asked")
    longest = math.ceil(evidence.expectation.wait)
    good = _marked if policy.failover else lambda op: _refused(op, longest)
    wrong = [operation for operation in asked if not good(operation)]
    return judge(
        not wrong, claimed, answers=f"{len(asked)} asked, {len(wrong)} wrong: {'; '.join(o.brief() for o in wrong[:3])}"
    )


def stale_answer_tells_its_age(evidence: Evidence) -> Verdict:
    """FAIL-04: the answer to a question that the PMS has answered before repeats it and says when that was."""
    claimed = "a question asked before the outage gets the PMS's last answer, marked stale, with its own time"
    before = {op.guest.email: op for op in evidence.asked("steady", kind=Kind.AVAILABILITY) if op.source == "pms"}
    again = [op for op in evidence.asked("open", kind=Kind.AVAILABILITY) if op.guest.email in before]
    if not again:
        return unknown(claimed, answers="no question was asked again")
    operation = again[0]
    first = before[operation.guest.email]
    same = {
        key: operation.body.get(key) == first.body.get(key) for key in ("as_of", "available", "total", "rooms_left")
    }
    return judge(
        operation.source == "stale" and operation.body.get("binding") is False and all(same.values()),
        claimed,
        answers=f"source {operation.source or 'none'}, binding {operation.body.get('binding')}, "
        f"differs in: {', '.join(key for key, equal in same.items() if not equal) or 'nothing'}",
    )


def mock_answer_is_not_from_the_past(evidence: Evidence) -> Verdict:
    """FAIL-05: a mock answer names no price, no count, and the time of the answer."""
    claimed = "a mock answer has no price and no number of rooms, and `as_of` is the time of the answer"
    mocks = [op for op in evidence.asked("open", kind=Kind.AVAILABILITY) if op.source == "mock"]
    if not mocks:
        return unknown(claimed, answers="no answer of the mock was seen")
    wrong = [op for op in mocks if op.body.get("total") is not None or op.body.get("rooms_left") is not None]
    ages = [_age(op) for op in mocks]
    old = [age for age in ages if age is None or not -2 <= age <= evidence.notes.get("judged_after", 120.0) + 2]
    return judge(not wrong and not old, claimed, answers=f"{len(mocks)} mock answers, {len(wrong)} with figures")


def writes_are_pending_while_open(evidence: Evidence) -> Verdict:
    """FAIL-03, BRK-29: while the breaker is open a reservation is taken on as pending, or refused; never confirmed."""
    claimed = (
        "while the breaker is open a reservation is 202 pending from the outbox, never confirmed"
        if evidence.policy.failover
        else "while the breaker is open a reservation is refused with 503"
    )
    made = evidence.asked("open", kind=Kind.RESERVATION)
    if not made:
        return unknown(claimed, answers="no reservation was made while the breaker was open")
    expected = _pending if evidence.policy.failover else lambda op: _refused(op, math.ceil(evidence.expectation.wait))
    wrong = [operation for operation in made if not expected(operation)]
    return judge(
        not wrong, claimed, answers=f"{len(made)} made, {len(wrong)} wrong: {'; '.join(o.brief() for o in wrong[:3])}"
    )


def failures_are_told(evidence: Evidence) -> Verdict:
    """FAIL-06: before the breaker opens, a failed question is told as the failure it is, not as an empty hotel."""
    allowed = evidence.expectation.problem_statuses
    claimed = f"a question that failed is answered {' or '.join(map(str, allowed))}, never like 'sold out'"
    asked = [op for op in evidence.asked("impact", kind=Kind.AVAILABILITY) if not is_rejection(op)]
    if not asked and not evidence.expectation.fault.startswith("rate_limited"):
        return unknown(claimed, answers="no question failed")
    wrong = [op for op in asked if op.status not in allowed]
    return judge(
        not wrong, claimed, answers=f"{len(asked)} failed, otherwise told: {'; '.join(o.brief() for o in wrong[:3])}"
    )


def guests_do_not_wait_for_ever(evidence: Evidence) -> Verdict:
    """BRK-16: no guest waits longer than twice the deadline, whatever the PMS does."""
    policy = evidence.policy
    bound = 2 * policy.timeout + max(policy.slack, 0.25)
    claimed = f"no guest waits longer than {bound:.2f} s (twice the deadline of {policy.timeout:g} s)"
    if not evidence.operations:
        return unknown(claimed, answers="nobody asked")
    slow = [op for op in evidence.operations if op.seconds > bound]
    worst = max(op.seconds for op in evidence.operations)
    return judge(not slow, claimed, answers=f"{len(evidence.operations)} operations, slowest {worst:.2f} s")


def _marked(operation: Operation) -> bool:
    return operation.status == 200 and operation.source in ("mock", "stale") and operation.body.get("binding") is False


def _pending(operation: Operation) -> bool:
    body = operation.body
    return (
        operation.status == 202
        and body.get("status") == "pending"
        and body.get("source") == "outbox"
        and body.get("pms_booking_id") is None
    )


def _refused(operation: Operation, longest: int) -> bool:
    wait = operation.retry_after
    return operation.status == 503 and wait.isdigit() and 1 <= int(wait) <= max(1, longest)


def _age(operation: Operation) -> float | None:
    try:
        said = datetime.fromisoformat(str(operation.body.get("as_of")))
    except ValueError:
        return None
    return (datetime.now(UTC) - said).total_seconds()
