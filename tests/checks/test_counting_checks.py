"""The checks around the threshold pass what should be, fail for their own reason, and know when they cannot say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pms_drill.checks import breaker_counting as counting
from pms_drill.checks.verdict import Outcome
from pms_drill.evidence.bundle import Span
from tests.checks.literal import ask, call, counted, expectation, mock, outage, policy, probe


def failing(at, phase, count=4):
    return [ask(at + 0.01 * n, f"{phase}{n}", phase, status=502) for n in range(count)]


def streak(**changes):
    """Four failures, a success, four failures, a success; five that open it; from the closing on four and a success."""
    told = {
        "below": failing(0.1, "below"),
        "between": [ask(0.2, "x", "between")],
        "below_again": failing(0.3, "below_again"),
        "still": [ask(0.4, "y", "still")],
        "impact": [*failing(3.0, "impact", 5), mock(3.1, "imp", "impact")],
        "recovery": [mock(4.0, "r0", "recovery"), *failing(4.5, "recovery", 1)],
        "below_after": failing(5.0, "below_after", 3),
        "still_after": [ask(5.2, "z", "still_after")],
    } | changes
    return outage(operations=[op for ops in told.values() for op in ops])


BELOW = counting.below_the_threshold_stays_closed
STREAK = counting.success_resets_the_streak
CLEARED = counting.closing_clears_the_count


@pytest.mark.parametrize("check", [BELOW, STREAK, CLEARED])
def test_a_breaker_that_counts_right_passes(check):
    verdict = check(streak())
    assert verdict.outcome is Outcome.PASSED, verdict.why


@pytest.mark.parametrize(
    ("check", "changes"),
    [
        (BELOW, {"below": failing(0.1, "below", 3)}),
        (BELOW, {"between": []}),
        (STREAK, {"between": [ask(0.2, "x", "between", status=502)]}),
        (STREAK, {"below_again": failing(0.3, "below_again", 3)}),
        (CLEARED, {"impact": failing(3.0, "impact", 8)}),
        (CLEARED, {"recovery": [mock(4.0, "r0", "recovery")]}),
        (CLEARED, {"below_after": []}),
        # A success clears the count, whether the closing did or not.
        (CLEARED, {"recovery": [ask(4.5, "r1", "recovery")], "below_after": failing(5.0, "below_after")}),
    ],
)
def test_too_few_failures_or_no_success_are_unknown(check, changes):
    assert check(streak(**changes)).outcome is Outcome.UNKNOWN


def test_a_breaker_that_opens_one_failure_early_fails():
    early = streak(between=[mock(0.2, "x", "between")])
    assert BELOW(early).outcome is Outcome.FAILED


def test_a_breaker_that_counts_all_failures_fails():
    forgets_nothing = streak(below_again=[*failing(0.3, "a", 1), mock(0.31, "b", "below_again")])
    assert STREAK(forgets_nothing).outcome is Outcome.FAILED


def test_a_count_that_survives_the_closing_fails():
    assert CLEARED(streak(below_after=[mock(5.0, "b", "below_after")])).outcome is Outcome.FAILED
    assert CLEARED(streak(still_after=[mock(5.2, "z", "still_after")])).outcome is Outcome.FAILED


def test_a_breaker_that_a_guest_closes_is_judged_by_the_failures_after_that_success():
    by_a_guest = streak(recovery=[ask(4.5, "r1", "recovery")], below_after=failing(5.0, "below_after"))
    assert CLEARED(replace(by_a_guest, policy=policy(by_traffic=True))).outcome is Outcome.PASSED
    remembers = streak(recovery=[ask(4.5, "r1", "recovery")], below_after=[mock(5.0, "b", "below_after")])
    assert CLEARED(replace(remembers, policy=policy(by_traffic=True))).outcome is Outcome.FAILED


def hung_up(after, count=7, **entry):
    left = [ask(1.0 + 0.1 * n, f"h{n}", "hang_up", status=None) for n in range(count)]
    calls = [call(1.01 + 0.1 * n, **entry) for n in range(count)]
    return outage(operations=[*left, after], ledger=calls, phases={"hang_up": Span(1.0, 2.0), "armed": Span(3.0, 6.0)})


WELL, REJECTED = ask(2.1, "after", "after_hang_up"), mock(2.1, "after", "after_hang_up")


def test_guests_who_hung_up_and_left_it_closed_pass():
    assert counting.hanging_up_is_no_failure(hung_up(WELL)).outcome is Outcome.PASSED


def test_guests_who_hung_up_and_opened_it_fail():
    assert counting.hanging_up_is_no_failure(hung_up(REJECTED)).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "evidence",
    [hung_up(WELL, 3), hung_up(REJECTED, answered=None), hung_up(REJECTED, answered=9.0)],
    ids=["of too few", "without an answer", "long after"],
)
def test_too_few_who_hung_up_or_answers_that_were_late_anyway_are_unknown(evidence):
    assert counting.hanging_up_is_no_failure(evidence).outcome is Outcome.UNKNOWN


def at_once(openings, after=None, failures=15, scraped=4.0):
    counts = counted()
    counts.increments = [one for one in counts.increments if one[1] != outage().policy.metrics.transitions]
    for _ in range(openings):
        counts.move(3.5, "closed", "open")
    failed = [ask(3.0, f"a{n}", "impact", status=504, took=0.5) for n in range(failures)]
    return outage(
        operations=[*failed, *(after or [mock(3.6, "b", "open")])],
        scrapes=counts.scrapes(2.0, scraped),
        expectation=expectation(fault="hang", error_kind="timeout", problem_statuses=(504,)),
    )


def test_one_opening_for_many_failures_passes():
    assert counting.failures_at_once_open_it_once(at_once(1)).outcome is Outcome.PASSED


@pytest.mark.parametrize("openings", [0, 2, 15])
def test_an_opening_that_is_not_counted_once_fails(openings):
    assert counting.failures_at_once_open_it_once(at_once(openings)).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "evidence",
    [
        at_once(1, failures=5),
        at_once(1, after=[ask(3.6, "b", "open", status=502)]),
        outage(scrapes=[]),
        at_once(0, scraped=3.4),
    ],
    ids=["too few", "nobody rejected", "no scrapes", "last scrape before the failures"],
)
def test_nothing_at_once_is_unknown(evidence):
    assert counting.failures_at_once_open_it_once(evidence).outcome is Outcome.UNKNOWN


def test_settings_that_act_pass_and_settings_that_nobody_reads_fail():
    assert counting.settings_are_honoured(outage()).outcome is Outcome.PASSED
    for told in (expectation(opens_after=8), expectation(wait=2.0)):
        found = counting.settings_are_honoured(outage(expectation=told))
        assert found.outcome is Outcome.FAILED


def restarted(first, second, **changes):
    told = [*failing(3.0, "impact", first), mock(3.3, "i", "impact"), *failing(4.0, "again", second)]
    told += [mock(4.3, "g", "again")] if changes.pop("closes", True) else []
    calls = [call(3.001 + 0.01 * n, status=500) for n in range(first)]
    calls += [call(4.001 + 0.01 * n, status=500) for n in range(second)] + [probe(4.0005)]
    phases = {"impact": Span(3.0, 3.5), "again": Span(4.0, 4.5), "armed": Span(3.0, 5.0)}
    return outage(operations=told, ledger=calls, phases=phases, policy=policy(**changes))


RESTART = counting.restart_costs_no_more_than_declared


def test_a_restart_that_costs_the_threshold_again_passes():
    assert RESTART(restarted(5, 5)).outcome is Outcome.PASSED
    assert RESTART(restarted(9, 10, workers=2)).outcome is Outcome.PASSED
    assert RESTART(restarted(5, 0)).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    "evidence", [restarted(5, 6), restarted(8, 5), restarted(5, 8, closes=False)], ids=["one more", "at first", "never"]
)
def test_a_breaker_per_request_or_per_undeclared_process_fails(evidence):
    assert RESTART(evidence).outcome is Outcome.FAILED


def test_a_restart_after_which_nobody_asked_enough_is_unknown():
    assert RESTART(restarted(5, 3, closes=False)).outcome is Outcome.UNKNOWN
    assert RESTART(outage()).outcome is Outcome.UNKNOWN


AMPLIFIED = counting.calls_are_not_amplified


def test_one_call_for_each_question_passes():
    assert AMPLIFIED(outage()).outcome is Outcome.PASSED


def test_a_question_that_is_sent_again_fails_unless_its_connection_was_lost():
    again = [*outage().ledger, call(3.0035, status=500)]
    assert AMPLIFIED(outage(ledger=again)).outcome is Outcome.FAILED
    lost = expectation(error_kind="lost")
    assert AMPLIFIED(outage(ledger=again, expectation=lost)).outcome is Outcome.PASSED
    assert AMPLIFIED(outage(ledger=[*again, call(3.004, status=500)], expectation=lost)).outcome is Outcome.FAILED
    none = replace(outage(ledger=again, expectation=lost), policy=policy(read_repeats=0))
    assert AMPLIFIED(none).outcome is Outcome.FAILED


@pytest.mark.parametrize("changes", [{"operations": []}, {"ledger": []}], ids=["nobody", "no ledger"])
def test_without_questions_or_calls_amplification_is_unknown(changes):
    assert AMPLIFIED(outage(**changes)).outcome is Outcome.UNKNOWN
