"""What guests get while the PMS is not asked: marked, true about its age, and never a confirmation.

A breaker that never opened leaves nothing to judge here: unknown. What has no meaning without failover (stale and
mock answers) is unknown there; the suite skips it as `not-claimed`.
"""

from __future__ import annotations

import math
from datetime import datetime

from pms_drill.checks.breaker import NEVER_OPENED
from pms_drill.checks.lateness import timed
from pms_drill.checks.moments import earliest_opening, is_rejection, is_success, opened, probing_guests, quiet
from pms_drill.checks.verdict import Verdict, judge, unknown
from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.history import Kind, Operation

#: By how much an `as_of` may miss its true time, in seconds: it may be rounded to whole seconds.
_ROUNDING_S = 1.0


@timed
def answers_are_marked(evidence: Evidence) -> Verdict:
    """FAIL-01, BRK-20, BRK-28: every answer of an open breaker says what it is.

    With failover: 200, source mock or stale, not binding. Without: 503 with the remaining wait in `Retry-After`.
    """
    policy = evidence.policy
    asked = _asked_while_open(evidence)
    claimed = (
        "while the breaker is open availability is answered 200 with source mock or stale and binding false"
        if policy.failover
        else "while the breaker is open availability is answered 503 with the remaining wait in Retry-After"
    )
    if opened(evidence) is None:
        return unknown(claimed, answers=NEVER_OPENED)
    if not asked:
        return unknown(claimed, answers="nobody asked")
    return _all(asked, claimed, [op for op in asked if not _given_without_pms(op, evidence)])


def stale_answer_tells_its_age(evidence: Evidence) -> Verdict:
    """FAIL-04: the answer to a question that the PMS has answered before repeats it and says when that was."""
    claimed = "a question asked before the outage gets the PMS's last answer, marked stale, with its own time"
    before = {op.guest.email: op for op in evidence.asked("steady", kind=Kind.AVAILABILITY) if is_success(op)}
    again = [op for op in _asked_while_open(evidence) if op.guest.email in before]
    if not evidence.policy.failover:
        return unknown(claimed, answers="there is no failover")
    if opened(evidence) is None:
        return unknown(claimed, answers=NEVER_OPENED)
    if not again:
        return unknown(claimed, answers="no question was asked again")
    wrong = {op.brief(): _differences(op, before[op.guest.email], evidence) for op in again}
    told = [f"{brief}: {', '.join(differs)}" for brief, differs in wrong.items() if differs]
    seen = {"answers": f"{len(again)} asked again, {len(told)} wrong: {'; '.join(told[:3]) or 'none'}"}
    if not told and evidence.epoch is None:
        return unknown(claimed, **seen, clock="the wall clock was not compared with the monotonic one")
    return judge(not told, claimed, **seen)


def mock_answer_is_not_from_the_past(evidence: Evidence) -> Verdict:
    """FAIL-05: a mock answer names no price, no count, and the time of the answer."""
    claimed = "a mock answer has no price and no number of rooms, and `as_of` is the time of the answer"
    mocks = [op for op in evidence.asked("open", kind=Kind.AVAILABILITY) if op.source == "mock"]
    if not mocks:
        return unknown(claimed, answers="no answer of the mock was seen")
    figures = [op for op in mocks if op.body.get("total") is not None or op.body.get("rooms_left") is not None]
    old = [op for op in mocks if not _from_within(op.body.get("as_of"), op, evidence.epoch)]
    seen = {"answers": f"{len(mocks)} mock answers, {len(figures)} with figures, {len(old)} not of their time"}
    if not figures and not old and evidence.epoch is None:
        return unknown(claimed, **seen, clock="the wall clock was not compared with the monotonic one")
    return judge(not figures and not old, claimed, **seen)


def writes_are_pending_while_open(evidence: Evidence) -> Verdict:
    """FAIL-03, BRK-29: while the breaker is open a reservation is taken on as pending, or refused; never confirmed."""
    claimed = (
        "while the breaker is open a reservation is 202 pending from the outbox, never confirmed"
        if evidence.policy.failover
        else "while the breaker is open a reservation is refused with 503"
    )
    made = evidence.asked("open", kind=Kind.RESERVATION)
    if opened(evidence) is None:
        return unknown(claimed, answers=NEVER_OPENED)
    if not made:
        return unknown(claimed, answers="no reservation was made while the breaker was open")
    good = _pending if evidence.policy.failover else lambda op: _refused(op, evidence)
    return _all(made, claimed, [operation for operation in made if not good(operation)])


@timed
def failures_are_told(evidence: Evidence) -> Verdict:
    """FAIL-06: before the breaker opens, a failed question is told as the failure it is, not as an empty hotel.

    A refused key has a problem type of its own. The question that met a 429 is answered like those after it.
    """
    expectation = evidence.expectation
    asked = evidence.asked("impact", kind=Kind.AVAILABILITY)
    if expectation.error_kind == "rate_limit":
        claimed = "the question that met the limit is answered as while the breaker is open, never like 'sold out'"
        first = asked[:1]
        if not first:
            return unknown(claimed, answers="nobody asked")
        return _all(first, claimed, [op for op in first if not _given_without_pms(op, evidence)])
    allowed = expectation.problem_statuses
    claimed = f"a question that failed is answered {' or '.join(map(str, allowed))}, never like 'sold out'"
    failures = [op for op in asked if not is_rejection(op)]
    if not failures:
        return unknown(claimed, answers="no question failed")
    auth = expectation.error_kind == "auth"
    wrong = [op for op in failures if op.status not in allowed or (auth and op.problem != "pms-auth")]
    return _all(failures, claimed, wrong)


def refusals_are_told(evidence: Evidence) -> Verdict:
    """FAIL-09: what the PMS refuses in its own words is told as a refusal: 409 sold out, otherwise `pms-refused`."""
    allowed = evidence.expectation.problem_statuses
    claimed = f"what the PMS refuses is answered {' or '.join(map(str, allowed))} ({evidence.expectation.fault})"
    asked = evidence.asked("impact")
    if not asked:
        return unknown(claimed, answers="nobody asked")
    told_why = 502 in allowed
    wrong = [op for op in asked if op.status not in allowed or (told_why and op.problem != "pms-refused")]
    return _all(asked, claimed, wrong)


@timed
def guests_do_not_wait_for_ever(evidence: Evidence) -> Verdict:
    """BRK-16: no guest waits longer than twice the deadline, whatever the PMS does."""
    policy = evidence.policy
    bound = 2 * policy.timeout + policy.slack
    claimed = f"no guest waits longer than {bound:.2f} s (twice the deadline of {policy.timeout:g} s)"
    under = evidence.asked("impact", "strike")
    if not under:
        return unknown(claimed, answers="nobody asked under the fault")
    slow = [op for op in evidence.operations if op.seconds > bound]
    worst = max(op.seconds for op in evidence.operations)
    seen = f"{len(evidence.operations)} operations, slowest {worst:.2f} s"
    return judge(not slow, claimed, answers=f"{seen}; too slow: {'; '.join(o.brief() for o in slow[:3]) or 'none'}")


def _asked_while_open(evidence: Evidence) -> list[Operation]:
    """The questions that an open breaker has to answer: all but those of guests who were the probe."""
    probes = probing_guests(evidence)
    return [op for op in evidence.asked("open", kind=Kind.AVAILABILITY) if op not in probes]


def _all(asked: list[Operation], claimed: str, wrong: list[Operation]) -> Verdict:
    told = "; ".join(operation.brief() for operation in wrong[:3]) or "none"
    return judge(not wrong, claimed, answers=f"{len(asked)} asked, {len(wrong)} wrong: {told}")


def _given_without_pms(operation: Operation, evidence: Evidence) -> bool:
    """Whether an availability answer is one of an open breaker, as the profile claims them."""
    if not evidence.policy.failover:
        return _refused(operation, evidence)
    return operation.status == 200 and operation.source in ("mock", "stale") and operation.body.get("binding") is False


def _pending(operation: Operation) -> bool:
    body = operation.body
    return (
        operation.status == 202
        and body.get("status") == "pending"
        and body.get("source") == "outbox"
        and body.get("pms_booking_id") is None
    )


def _refused(operation: Operation, evidence: Evidence) -> bool:
    """503 of the breaker, with the remaining wait, rounded up and at least 1."""
    said = operation.retry_after
    if operation.status != 503 or operation.problem != "breaker-open" or not said.isdigit():
        return False
    shortest, longest = 1, max(1, math.ceil(evidence.expectation.wait))
    span, earliest, latest = quiet(evidence), earliest_opening(evidence), opened(evidence)
    if span is not None and earliest is not None and latest is not None and span.holds(operation.started):
        shortest = max(1, math.ceil(earliest + evidence.expectation.least_wait - operation.ended))
        longest = max(1, math.ceil(latest + evidence.expectation.wait - operation.started))
    return shortest <= int(said) <= longest


def _differences(operation: Operation, first: Operation, evidence: Evidence) -> list[str]:
    """In what a stale answer differs from the PMS's own answer to the same question, and from the truth about it."""
    found = [
        key for key in ("as_of", "available", "total", "rooms_left") if operation.body.get(key) != first.body.get(key)
    ]
    if operation.source != "stale" or operation.status != 200:
        found.append("source")
    if operation.body.get("binding") is not False:
        found.append("binding")
    if evidence.epoch is not None and not _from_within(operation.body.get("as_of"), first, evidence.epoch):
        found.append("true time")
    return found


def _from_within(said: object, operation: Operation, epoch: float | None) -> bool:
    """Whether a time (ISO 8601 with its zone) lies within an operation; true when there is no clock to compare it."""
    try:
        at = datetime.fromisoformat(str(said))
    except ValueError:
        return False
    if at.tzinfo is None:
        return False
    if epoch is None:
        return True
    seconds = at.timestamp() - epoch
    return operation.started - _ROUNDING_S <= seconds <= operation.ended + _ROUNDING_S
