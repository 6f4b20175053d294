"""Each check of failover passes a good outage, fails for its own reason, and knows when it cannot say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pms_drill.checks import failover
from pms_drill.checks.verdict import Outcome
from tests.checks.literal import (
    ask,
    expectation,
    mock,
    operations,
    outage,
    policy,
    refused,
    reserve,
    wall,
    without,
)

ALL = [
    failover.answers_are_marked,
    failover.stale_answer_tells_its_age,
    failover.mock_answer_is_not_from_the_past,
    failover.writes_are_pending_while_open,
    failover.failures_are_told,
    failover.guests_do_not_wait_for_ever,
]


def also(*told, **changes):
    return outage(operations=[*operations(), *told], **changes)


def no_failover(*told):
    """The breaker refuses instead; the wait is 1 s from 3.045."""
    impact = [op for op in operations() if op.phase in ("steady", "impact") and op.source != "mock"]
    kept = [*impact, refused(3.05, "imp5", "impact"), *told]
    return outage(operations=kept, policy=policy(failover=False))


@pytest.mark.parametrize("check", ALL)
def test_a_good_outage_passes(check):
    verdict = check(outage())
    assert verdict.outcome is Outcome.PASSED, verdict.why


@pytest.mark.parametrize("check", [failover.answers_are_marked, failover.writes_are_pending_while_open])
def test_nothing_asked_while_open_or_nothing_opened_is_unknown(check):
    assert check(outage(operations=without(operations(), phase="open"))).outcome is Outcome.UNKNOWN
    told = [op for op in operations() if op.phase != "impact" or op.status == 502]
    assert check(outage(operations=told)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "told",
    [
        ask(3.3, "x", "open"),
        mock(3.3, "x", binding=True),
        mock(3.3, "x", source=""),
        ask(3.3, "x", "open", status=502),
        refused(3.3, "x"),
        ask(3.3, "x", "open", status=None),
    ],
    ids=["pms", "binding", "unmarked", "502", "refused", "no answer"],
)
def test_an_unmarked_answer_of_an_open_breaker_fails(told):
    found = failover.answers_are_marked(also(told))
    assert found.outcome is Outcome.FAILED
    assert "1 wrong: 3.30 s availability" in found.seen["answers"]


def test_without_failover_the_remaining_wait_is_told():
    assert failover.answers_are_marked(no_failover(refused(3.2, "x", retry_after="1"))).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    "told",
    [
        refused(3.2, "x", retry_after="2"),
        refused(3.2, "x", retry_after="0"),
        refused(3.2, "x", retry_after=""),
        refused(3.2, "x", retry_after="0.8"),
        refused(3.2, "x", type="pms-unavailable"),
        mock(3.2, "x"),
    ],
    ids=["too long", "zero", "none", "fraction", "other problem", "mock"],
)
def test_without_failover_anything_but_the_remaining_wait_fails(told):
    assert failover.answers_are_marked(no_failover(told)).outcome is Outcome.FAILED


@pytest.mark.parametrize(("said", "outcome"), [("9", Outcome.PASSED), ("10", Outcome.FAILED), ("2", Outcome.FAILED)])
def test_the_remaining_wait_shrinks_while_it_passes(said, outcome):
    evidence = no_failover(refused(4.5, "x", retry_after=said))
    longer = outage(operations=evidence.operations, policy=evidence.policy, expectation=expectation(wait=10.0))
    assert failover.answers_are_marked(longer).outcome is outcome


@pytest.mark.parametrize(
    "told",
    [
        mock(3.3, "old"),
        ask(3.3, "old", "open", source="stale", binding=False, as_of=wall(3.3)),
        ask(3.3, "old", "open", source="stale", binding=False, as_of=wall(0.105), rooms_left=9),
        ask(3.3, "old", "open", source="stale", binding=True, as_of=wall(0.105)),
    ],
    ids=["mock instead", "age of now", "other figures", "binding"],
)
def test_a_stale_answer_that_is_not_the_old_one_fails_also_when_others_were_right(told):
    found = failover.stale_answer_tells_its_age(also(told))
    assert found.outcome is Outcome.FAILED
    assert "3 asked again, 1 wrong" in found.seen["answers"]


def test_a_stale_answer_repeats_a_wrong_time_and_is_found_out_by_the_clock():
    lied = wall(-60.0)
    told = [ask(0.1, "old", "steady", as_of=lied), ask(3.3, "old", "open", source="stale", binding=False, as_of=lied)]
    kept = [op for op in operations() if op.guest.email != "old@run.example"]
    found = failover.stale_answer_tells_its_age(outage(operations=[*kept, *told]))
    assert found.outcome is Outcome.FAILED
    assert "true time" in found.seen["answers"]


@pytest.mark.parametrize(
    "changes",
    [
        {"operations": [op for op in operations() if op.phase != "open" or op.source != "stale"]},
        {"epoch": None},
        {"policy": policy(failover=False)},
    ],
    ids=["not asked again", "no clock", "no failover"],
)
def test_a_stale_answer_that_cannot_be_judged_is_unknown(changes):
    assert failover.stale_answer_tells_its_age(outage(**changes)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "changes",
    [{"total": {"amount": "1.00"}}, {"rooms_left": 0}, {"as_of": wall(0.1)}, {"as_of": "2027-01-15"}, {"as_of": None}],
    ids=["price", "count", "old", "no zone", "none"],
)
def test_a_mock_answer_with_figures_or_of_another_time_fails(changes):
    assert failover.mock_answer_is_not_from_the_past(also(mock(5.0, "x", **changes))).outcome is Outcome.FAILED


def test_mock_answers_that_were_not_seen_or_not_timed_are_unknown():
    none = outage(operations=[op for op in operations() if op.source != "mock"])
    assert failover.mock_answer_is_not_from_the_past(none).outcome is Outcome.UNKNOWN
    assert failover.mock_answer_is_not_from_the_past(outage(epoch=None)).outcome is Outcome.UNKNOWN


def test_without_a_clock_an_unreadable_time_still_fails():
    evidence = also(mock(5.0, "x", as_of="yesterday"), epoch=None)
    assert failover.mock_answer_is_not_from_the_past(evidence).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "told",
    [
        reserve(3.3, "x", "open", order=4711),
        reserve(3.3, "x", "open", status=202, pms_booking_id=4711),
        reserve(3.3, "x", "open", status=202, source="pms"),
        reserve(3.3, "x", "open", status=503, type="breaker-open", retry_after="1"),
    ],
    ids=["confirmed", "with a booking id", "from the PMS", "refused"],
)
def test_a_reservation_while_open_that_is_not_just_pending_fails(told):
    assert failover.writes_are_pending_while_open(also(told)).outcome is Outcome.FAILED


def test_without_failover_a_reservation_is_refused():
    good = reserve(3.3, "x", "open", status=503, type="breaker-open", retry_after="1")
    bad = reserve(3.3, "x", "open", status=202)
    assert failover.writes_are_pending_while_open(no_failover(good)).outcome is Outcome.PASSED
    assert failover.writes_are_pending_while_open(no_failover(bad)).outcome is Outcome.FAILED


@pytest.mark.parametrize("status", [200, 404, 500, None])
def test_a_failure_told_as_something_else_fails(status):
    assert failover.failures_are_told(also(ask(3.001, "x", status=status))).outcome is Outcome.FAILED


def test_a_refused_key_has_a_problem_of_its_own():
    told = expectation(error_kind="auth")
    kept = without(operations(), phase="impact")
    named = outage(expectation=told, operations=[*kept, ask(3.0, "x", status=502, type="pms-auth")])
    other = outage(expectation=told, operations=[*kept, ask(3.0, "x", status=502, type="pms-unavailable")])
    assert failover.failures_are_told(named).outcome is Outcome.PASSED
    assert failover.failures_are_told(other).outcome is Outcome.FAILED


def test_the_question_that_met_a_429_is_answered_as_by_an_open_breaker():
    told = expectation(fault="rate_limited", opens_after=1, error_kind="rate_limit", problem_statuses=(200, 503))
    kept = without(operations(), phase="impact")
    good = outage(expectation=told, operations=[*kept, mock(3.0, "x", "impact")])
    empty = outage(expectation=told, operations=[*kept, ask(3.0, "x", available=False)])
    nobody = outage(expectation=told, operations=kept)
    assert failover.failures_are_told(good).outcome is Outcome.PASSED
    assert failover.failures_are_told(empty).outcome is Outcome.FAILED
    assert failover.failures_are_told(nobody).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("status", [200, 202, 404, 502])
def test_a_sold_out_night_that_is_told_as_something_else_fails(status):
    told = expectation(fault="booking_refused", opens_after=None, error_kind="", problem_statuses=(409,))
    kept = without(operations(), phase="impact")
    good = [reserve(3.0 + n / 1000, f"x{n}", "impact", status=409) for n in range(6)]
    wrong = reserve(3.01, "y", "impact", status=status, order=1)
    assert failover.refusals_are_told(outage(expectation=told, operations=[*kept, *good])).outcome is Outcome.PASSED
    found = failover.refusals_are_told(outage(expectation=told, operations=[*kept, *good, wrong]))
    assert found.outcome is Outcome.FAILED


def test_a_refusal_of_the_pms_that_is_told_as_an_outage_fails():
    told = expectation(fault="question_refused", opens_after=None, error_kind="", problem_statuses=(502,))
    kept = without(operations(), phase="impact")
    named = outage(expectation=told, operations=[*kept, ask(3.0, "x", status=502, type="pms-refused")])
    other = outage(expectation=told, operations=[*kept, ask(3.0, "x", status=502, type="pms-unavailable")])
    assert failover.refusals_are_told(named).outcome is Outcome.PASSED
    assert failover.refusals_are_told(other).outcome is Outcome.FAILED
    assert failover.refusals_are_told(outage(expectation=told, operations=kept)).outcome is Outcome.UNKNOWN


def test_no_failed_question_is_unknown():
    evidence = outage(operations=[op for op in operations() if op.status != 502])
    assert failover.failures_are_told(evidence).outcome is Outcome.UNKNOWN


def test_a_guest_who_waits_longer_than_twice_the_deadline_fails():
    assert failover.guests_do_not_wait_for_ever(also(reserve(8.2, "x", "strike", took=1.2))).outcome is Outcome.PASSED
    found = failover.guests_do_not_wait_for_ever(also(reserve(8.2, "x", "strike", took=1.3)))
    assert found.outcome is Outcome.FAILED
    assert "slowest 1.30 s" in found.seen["answers"]


def test_nobody_asking_under_the_fault_says_nothing_about_waiting():
    evidence = outage(operations=[op for op in operations() if op.phase not in ("impact", "strike")])
    assert failover.guests_do_not_wait_for_ever(evidence).outcome is Outcome.UNKNOWN


def told_a_failure(*moments):
    """Regulars who are told 502 while the breaker is open, where guests are the probes."""
    asked = [ask(at, "old", "open", status=502, type="pms-unavailable") for at in moments]
    return also(*asked, policy=policy(by_traffic=True))


@pytest.mark.parametrize("check", [failover.answers_are_marked, failover.stale_answer_tells_its_age])
def test_a_guest_who_is_the_probe_is_told_its_failure_and_nobody_else_is(check):
    assert check(told_a_failure(4.1, 5.1)).outcome is Outcome.PASSED
    assert check(replace(told_a_failure(4.1), policy=policy())).outcome is Outcome.FAILED
    for too_many in ((3.5,), (4.1, 4.2), (4.1, 4.9)):
        found = check(told_a_failure(*too_many))
        assert found.outcome is Outcome.FAILED
        assert "1 wrong" in found.seen["answers"]
    empty = also(ask(4.1, "old", "open", status=200, source=""), policy=policy(by_traffic=True))
    assert check(empty).outcome is Outcome.FAILED
