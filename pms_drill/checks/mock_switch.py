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
    claimed = 'the log says "PMS adapter type: mock" and readiness names the adapter mock'
    line = "PMS adapter type: mock" in evidence.log_while_mock
    adapter, status = evidence.ready_while_mock.get("adapter"), evidence.ready_while_mock.get("status")
    return judge(
        line and adapter == "mock" and status == "mock",
        claimed,
        log="has the line" if line else "lacks the line",
        readiness=f"adapter {adapter}, status {status}",
    )


def carries_out_afterwards(evidence: MockEvidence) -> Verdict:
    """MOCK-04: what was reserved on the mock is booked exactly once after the switch back."""
    claimed = "every reservation taken on the mock is confirmed after the switch back and held once by the PMS"
    emails = [op.guest.email for op in evidence.while_mock if op.kind is Kind.RESERVATION and op.status == 202]
    if not emails:
        return unknown(claimed, answers="no reservation was taken on the mock")
    last = {op.guest.email: op.body.get("status") for op in evidence.after if op.kind is Kind.LOOKUP}
    held = Counter(booking.email for booking in evidence.bookings if booking.live)
    wrong = [f"{email}: {last.get(email)}, held {held[email]} times" for email in emails
             if last.get(email) != "confirmed" or held[email] != 1]  # fmt: skip
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
