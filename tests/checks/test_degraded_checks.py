"""A PMS that limps, in literal histories: what an agent that keeps it in use looks like, and what others do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pms_drill.checks import degraded
from pms_drill.checks.verdict import Outcome
from pms_drill.evidence.bundle import Span
from tests.checks.literal import ask, call, expectation, mock, outage, reserve


def limping(answers, *, kind="", allowed=(), calls=None):
    """Guests one after the other under a fault that need not fail anything; each is one call at the PMS."""
    told = expectation(fault="slow", opens_after=None, error_kind=kind, problem_statuses=allowed)
    sent = [call(op.started + 0.0001) for op in answers][: len(answers) if calls is None else calls]
    phases = {"armed": Span(3.0, 5.0), "impact": Span(3.0, 4.0), "strike": Span(4.0, 5.0)}
    bundle = outage(expectation=told, operations=answers, ledger=sent)
    return replace(bundle, phases=bundle.phases | phases)


def served(count, first=0):
    return [ask(3.0 + 0.01 * n, f"imp{n}") for n in range(first, first + count)]


def failed(count, status=502):
    return [ask(3.0 + 0.01 * n, f"imp{n}", status=status) for n in range(count)]


STRIKE = [reserve(4.0, "str", "strike", order=7)]


def test_a_pms_that_serves_everybody_late_stays_in_use():
    assert degraded.stays_in_use(limping([*served(8), *STRIKE])).outcome is Outcome.PASSED


def test_a_breaker_that_takes_late_answers_for_failures_fails():
    answers = [*served(5), mock(3.06, "imp5", "impact"), mock(3.07, "imp6", "impact")]
    verdict = degraded.stays_in_use(limping(answers))
    assert verdict.outcome is Outcome.FAILED
    assert "2 rejected" in verdict.seen["answers"]


def test_a_late_booking_that_is_only_pending_fails():
    pending = [reserve(4.0, "str", "strike", status=202)]
    assert degraded.stays_in_use(limping([*served(8), *pending])).outcome is Outcome.FAILED


def test_a_late_booking_of_a_pms_that_was_slow_by_itself_is_unknown():
    pending = [reserve(4.0, "str", "strike", status=202)]
    told = limping([*served(8), *pending])
    slow = [*told.ledger[:-1], call(4.0001, delivered=4.0 + 0.4 * told.policy.timeout)]
    assert degraded.stays_in_use(replace(told, ledger=slow)).outcome is Outcome.UNKNOWN
    more = [*served(6), *failed(2), *pending]
    assert degraded.stays_in_use(replace(limping(more), ledger=slow)).outcome is Outcome.FAILED


@pytest.mark.parametrize(("failures", "outcome"), [(2, Outcome.PASSED), (4, Outcome.PASSED), (5, Outcome.FAILED)])
def test_only_fewer_failures_than_the_threshold_are_excused(failures, outcome):
    answers = [*failed(failures), *served(6, first=failures)]
    assert degraded.stays_in_use(limping(answers, kind="server", allowed=(502,))).outcome is outcome


def test_a_failure_where_nothing_fails_is_one_too_many():
    assert degraded.stays_in_use(limping([*failed(1), *served(8, first=1)])).outcome is Outcome.FAILED


def test_too_few_guests_or_calls_leave_it_unknown():
    assert degraded.stays_in_use(limping(served(5))).outcome is Outcome.UNKNOWN
    assert degraded.stays_in_use(limping(served(8), calls=7)).outcome is Outcome.UNKNOWN


def test_a_failure_that_is_told_and_a_marked_answer_are_both_true():
    answers = [*failed(5, 504), mock(3.06, "imp5", "impact"), *served(2, first=7)]
    assert degraded.told_as_it_is(limping(answers, kind="timeout", allowed=(504,))).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    "wrong",
    [
        ask(3.06, "imp9", available=False, rooms_left=0),
        ask(3.06, "imp9", status=500),
        ask(3.06, "imp9", status=404),
        ask(3.06, "imp9", status=None),
    ],
    ids=["sold out", "500", "no such hotel", "no answer"],
)
def test_a_question_that_is_told_as_something_else_fails(wrong):
    verdict = degraded.told_as_it_is(limping([*served(3), wrong], kind="timeout", allowed=(504,)))
    assert verdict.outcome is Outcome.FAILED


def test_nobody_asking_is_unknown():
    assert degraded.told_as_it_is(limping(STRIKE)).outcome is Outcome.UNKNOWN
