"""The switch to the mock by hand and back (runbook, option 1)."""

from __future__ import annotations

from collections import Counter

from pms_drill.checks import generated
from pms_drill.checks.verdict import Outcome, Verdict, judge, unknown, worst
from pms_drill.evidence.history import Kind
from pms_drill.evidence.mock_switch import MockContract, MockEvidence


def sends_nothing(evidence: MockEvidence) -> Verdict:
    """MOCK-01: while the mock holds, no call of any kind reaches the PMS."""
    claimed = "while the mock is switched on nothing is sent to the PMS"
    asked = f"{len(evidence.while_mock)} operations in {evidence.seconds:.2f} s"
    if not evidence.while_mock:
        return unknown(claimed, answers="nobody asked")
    calls = ", ".join(f"{entry.method} {entry.path}" for entry in evidence.calls_while_mock[:5])
    return judge(not evidence.calls_while_mock, claimed, answers=asked, ledger=calls or "0 calls")


def answers_as_mock(evidence: MockEvidence) -> Verdict:
    """MOCK-02: availability is marked as the mock's and not binding; reservations are pending, never confirmed."""
    claimed = "on the mock availability has source mock and is not binding, and reservations are 202 pending"
    questions = [op for op in evidence.while_mock if op.kind is Kind.AVAILABILITY]
    made = [op for op in evidence.while_mock if op.kind is Kind.RESERVATION]
    if not questions or not made:
        return unknown(claimed, answers="nobody asked or nobody reserved")
    wrong = [op for op in questions if (op.status, op.source, op.body.get("binding")) != (200, "mock", False)]
    wrong += [op for op in made if (op.status, op.body.get("status")) != (202, "pending")]
    told = f"{len(questions)} questions, {len(made)} reservations"
    return judge(not wrong, claimed, answers=f"{told}; wrong: {'; '.join(op.brief() for op in wrong[:3]) or 'none'}")


def says_so(evidence: MockEvidence) -> Verdict:
    """MOCK-03: the log has the runbook's line, and readiness names the adapter."""
    claimed = 'the log says "PMS adapter type: mock" and readiness names the adapter mock, no call and what is pending'
    line = "PMS adapter type: mock" in evidence.log_while_mock
    told = evidence.ready_while_mock
    # The agent was started with the mock, so that no call to the PMS has ended; pending is what guests were told.
    pending = sum(op.kind is Kind.RESERVATION and op.status == 202 for op in evidence.while_mock)
    right = {"adapter": "mock", "status": "mock", "breaker": "closed", "checked_at": None, "pending": pending}
    wrong = [f"{name} {told.get(name, 'missing')!r}" for name, value in right.items() if told.get(name, "") != value]
    if evidence.said_while_mock != "ready":
        wrong.append(f"the agent is {evidence.said_while_mock!r}")
    return judge(
        line and not wrong,
        claimed,
        log="has the line" if line else "lacks the line",
        readiness=f"wrong: {', '.join(wrong) or 'nothing'}",
    )


def outbox_has_an_end(evidence: MockEvidence) -> Verdict:
    """FAIL-11: a reservation for which the outbox has no room is 503, and nothing is ever held for it."""
    claimed = "a reservation for which the outbox has no room is answered 503 at once, and not booked later"
    taken = [op for op in evidence.while_mock if op.kind is Kind.RESERVATION and op.status == 202]
    if not taken or not evidence.beyond:
        return unknown(
            claimed, answers=f"{len(taken)} reservations filled the outbox, {len(evidence.beyond)} came then"
        )
    emails = {op.guest.email.lower() for op in evidence.beyond}
    held = sum(booking.live for booking in evidence.bookings if booking.email.lower() in emails)
    told = "; ".join(op.brief() for op in evidence.beyond)
    return judge(
        all(op.status == 503 for op in evidence.beyond) and not held,
        claimed,
        answers=f"{len(taken)} reservations filled the outbox; then: {told}",
        pms=f"holds {held} of them",
    )


def carries_out_afterwards(evidence: MockEvidence) -> Verdict:
    """MOCK-04: what was reserved on the mock is booked once after the switch back; what is sold out is rejected."""
    claimed = "every reservation taken on the mock is confirmed after the switch back and held once, or is sold out"
    emails = [op.guest.email for op in evidence.while_mock if op.kind is Kind.RESERVATION and op.status == 202]
    if not emails:
        return unknown(claimed, answers="no reservation was taken on the mock")
    looked = [op for op in evidence.after if op.kind is Kind.LOOKUP]
    last = {op.guest.email: op.body.get("status") for op in looked}
    why = {op.guest.email: op.body.get("reason") for op in looked}
    held = Counter(booking.email for booking in evidence.bookings if booking.live)
    due = {email: ("rejected", 0) if email == evidence.sold_out else ("confirmed", 1) for email in emails}
    wrong = [
        f"{email}: {last.get(email)}, held {held[email]} times"
        for email, right in due.items()
        if (last.get(email), held[email]) != right or (right[1] == 0 and why.get(email) != "sold_out")
    ]
    return judge(not wrong, claimed, pms=f"{len(emails)} reservations; wrong: {'; '.join(wrong[:3]) or 'none'}")


def comes_back(evidence: MockEvidence) -> Verdict:
    """MOCK-05: after the switch back guests get the PMS's answers again."""
    claimed = "after the switch back guests are answered by the PMS"
    asked = [op for op in evidence.after if op.kind is Kind.AVAILABILITY]
    if not asked:
        return unknown(claimed, answers="nobody asked")
    return judge(asked[-1].source == "pms", claimed, answers=asked[-1].brief())


def keeps_the_same_contract(evidence: MockContract) -> Verdict:
    """MOCK-06: on the mock and on the PMS every answer is one of the contract, and wrong requests are refused alike."""
    claimed = "on the mock and on the PMS generated requests are answered by one contract, and wrong ones refused"
    seen, outcomes = {}, []
    for where, cases in (("mock", evidence.on_mock), ("live", evidence.live)):
        found = [generated.keeps_the_contract(one) for one in cases.values()]
        found += [generated.refuses_wrong_requests(one) for one in cases.values()]
        outcomes += [one.outcome for one in found]
        count = sum(len(one.cases) for one in cases.values())
        bad = [text for one in found if one.outcome is not Outcome.PASSED for text in one.seen.values()]
        seen[where] = f"{count} requests; {'; '.join(bad) or 'all as the contract says'}"
    if not outcomes or evidence.on_mock.keys() != evidence.live.keys():
        return unknown(claimed, **seen)
    return Verdict(worst(outcomes), claimed, seen)
