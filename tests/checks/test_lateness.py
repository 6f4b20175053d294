"""Slack has an end: where the machine was too late, time is unknown, and what only counts is judged still."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from pms_drill.checks import bookings, breaker, causes, failover, metrics
from pms_drill.checks.lateness import longest_slack
from pms_drill.checks.verdict import Outcome, Verdict
from pms_drill.evidence.bundle import Evidence, Span
from pms_drill.evidence.machine import Delay, Machine
from tests.checks.literal import ask, booked, mock, operations, outage, policy, without
from tests.checks.test_cause_checks import GOOD
from tests.checks.test_cause_checks import metrics as counts

#: Ten seconds in which nothing of ours ran, as slack: 1.2 x 10 s.
STALLED = 12.0
QUIET_STALL = Machine(stalls=(Delay(4.6, 14.6, 10.0),))
BUSY = Machine(waits=tuple(Delay(3.0 + 0.1 * n, 3.1 + 0.1 * n, 0.08) for n in range(30)))


def slow(took: float) -> list:
    """The outage, with guests who wait so long while the breaker is open."""
    others = [op for op in operations() if op.phase != "open"]
    return [*others, *[mock(3.1 + 0.1 * n, f"slow{n}", took=took) for n in range(20)]]


def late_probe() -> Evidence:
    return outage(ledger=[entry for entry in outage().ledger if not 4.0 < entry.received < 6.0])


WRONG: dict[str, tuple[Callable[[Evidence], Verdict], Evidence]] = {
    "answers of 5 s while open": (breaker.rejects_fast, outage(operations=slow(5.0))),
    "a guest who waits 13 s": (
        failover.guests_do_not_wait_for_ever,
        outage(operations=[*operations(), ask(3.04, "long", took=13.0, status=504)]),
    ),
    "no probe": (breaker.stays_open_for_the_wait, late_probe()),
    "the PMS is back 4 s after the heal": (
        breaker.recovers_after_the_heal,
        outage(
            operations=[
                *without(without(operations(), phase="recovery"), phase="recovered"),
                ask(10.0, "rec9", "recovered"),
            ]
        ),
    ),
    "a gauge that is always closed": (
        metrics.gauge_equals_behaviour,
        outage(scrapes=[replace(s, samples=counts(at=0.5).samples) for s in outage().scrapes]),
    ),
}
cases = pytest.mark.parametrize("case", WRONG)


@cases
def test_what_is_wrong_in_time_fails_on_a_quiet_machine(case: str) -> None:
    check, evidence = WRONG[case]
    assert check(evidence).outcome is Outcome.FAILED


@cases
@pytest.mark.parametrize(
    "late",
    [
        {"policy": policy(slack=STALLED)},
        {"machine": QUIET_STALL},
        {"machine": BUSY},
    ],
    ids=["slow control", "stall", "programs wait"],
)
def test_what_is_wrong_in_time_is_unknown_with_its_reason_on_a_late_machine(case: str, late: dict) -> None:
    check, evidence = WRONG[case]
    verdict = check(replace(evidence, **late))
    assert verdict.outcome is Outcome.UNKNOWN
    assert "too late to judge time" in verdict.seen["machine"]


@pytest.mark.parametrize(
    "machine",
    [
        Machine(stalls=(Delay(0.5, 1.5, 1.0),)),
        Machine(waits=(Delay(0.5, 0.6, 0.9),)),
        Machine(stalls=(Delay(4.0, 4.2, 0.2),)),
        Machine(waits=tuple(Delay(3.0 + 0.1 * n, 3.1 + 0.1 * n, 0.03) for n in range(30))),
    ],
    ids=["a stall before the fault", "waits before the fault", "a short stall", "short waits"],
)
@cases
def test_delays_that_explain_nothing_excuse_nothing(case: str, machine: Machine) -> None:
    check, evidence = WRONG[case]
    assert check(replace(evidence, machine=machine)).outcome is Outcome.FAILED


def test_slack_that_is_too_long_is_granted_to_nobody() -> None:
    told = breaker.rejects_fast(outage(operations=slow(0.04), policy=policy(slack=STALLED)))
    assert told.outcome is Outcome.PASSED
    assert "within 300 ms" in told.claimed


def test_stall_that_hides_when_the_breaker_opened_leaves_its_wait_unknown() -> None:
    hidden = outage(machine=Machine(stalls=(Delay(3.0, 3.045, 1.0),)))
    assert breaker.stays_open_for_the_wait(outage()).outcome is Outcome.PASSED
    assert breaker.stays_open_for_the_wait(hidden).outcome is Outcome.UNKNOWN


def test_what_only_counts_is_judged_on_a_late_machine() -> None:
    late = {"policy": policy(slack=STALLED), "machine": QUIET_STALL}
    assert breaker.opens_at_the_threshold(outage(**late)).outcome is Outcome.PASSED
    never = [op for op in operations() if op.phase not in ("impact", "open")]
    never += [ask(3.0 + 0.01 * n, f"imp{n}", status=502, type="pms-unavailable") for n in range(8)]
    assert breaker.opens_at_the_threshold(outage(operations=never, **late)).outcome is Outcome.FAILED
    assert bookings.none_lost(outage(**late)).outcome is Outcome.PASSED
    assert bookings.none_lost(outage(bookings=[], **late)).outcome is Outcome.FAILED


def test_booking_sent_again_too_early_fails_only_by_more_than_the_machine_was_late() -> None:
    def repeated(after: float) -> Evidence:
        rest = [entry for entry in outage().ledger if entry.received < 8.0]
        unsure = booked(8.11, "cat", 500, pms_status=None, copies=0)
        return outage(ledger=[*rest, unsure, booked(8.11 + after, "cat")], machine=Machine((Delay(8.0, 9.0, 0.5),)))

    assert bookings.none_duplicated(repeated(1.0)).outcome is Outcome.UNKNOWN
    assert bookings.none_duplicated(repeated(0.1)).outcome is Outcome.FAILED
    assert bookings.none_duplicated(replace(repeated(1.0), machine=Machine())).outcome is Outcome.FAILED


def test_validation_that_a_late_machine_spoils_is_unknown_and_on_a_quiet_one_failed() -> None:
    assert GOOD.validation is not None
    spoilt = replace(
        GOOD, validation=replace(GOOD.validation, asked=[ask(7.0, "v1", "validation", status=504)]), policy=policy()
    )
    spoilt = replace(
        spoilt, validation=replace(spoilt.validation, asked=[*spoilt.validation.asked, *GOOD.validation.asked[1:]])
    )
    assert causes.stands_the_validation(spoilt).outcome is Outcome.FAILED
    late = replace(spoilt, machine=Machine(waits=(Delay(6.9, 7.4, 0.6),)))
    assert causes.stands_the_validation(late).outcome is Outcome.UNKNOWN
    assert causes.stands_the_validation(replace(GOOD, policy=policy(), machine=late.machine)).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("check", "holds"),
    [
        (metrics.gauge_equals_behaviour, Outcome.PASSED),
        (metrics.calls_are_conserved, Outcome.PASSED),
        (metrics.rejections_have_no_latency, Outcome.PASSED),
    ],
)
def test_scraper_that_fell_behind_leaves_its_metrics_unknown(
    check: Callable[[Evidence], Verdict], holds: Outcome
) -> None:
    whole = outage().scrapes
    assert check(outage()).outcome is holds
    behind = check(outage(scrapes=[s for s in whole if not 4.5 < s.started < 5.6]))
    assert behind.outcome is Outcome.UNKNOWN
    assert "fell behind" in behind.seen["scraper"]
    # Nobody reads on after the middle but once at the end.
    killed = check(outage(scrapes=[*[s for s in whole if s.started < 4.6], whole[-1]]))
    assert killed.outcome is Outcome.UNKNOWN


def test_ledger_that_sees_no_call_under_the_fault_is_no_witness_of_silence() -> None:
    blind = replace(outage().expectation, reaches_ledger=False)
    told = breaker.no_call_while_open(outage(expectation=blind))
    assert told.outcome is Outcome.UNKNOWN
    assert "sees no call" in told.seen["ledger"]


def test_half_of_the_smaller_of_deadline_and_recovery_is_the_end_of_slack() -> None:
    assert longest_slack(timeout=0.5, recovery=1.0) == 0.25
    assert longest_slack(timeout=10.0, recovery=3.0) == 1.5


def test_waits_are_added_up_over_a_deadline_and_not_over_the_whole_time() -> None:
    waits = tuple(Delay(float(n), n + 0.1, 0.2) for n in range(10))
    assert Machine(waits=waits).most_waiting(0.0, 10.0, window=0.5) == pytest.approx(0.2)
    assert Machine(waits=waits).most_waiting(0.0, 10.0, window=2.2) == pytest.approx(0.6)
    assert Machine(waits=waits).most_waiting(4.5, 5.5, window=2.2) == pytest.approx(0.2)
    assert Machine().most_waiting(0.0, 1.0, window=1.0) == 0.0


def test_span_of_the_whole_experiment_is_what_came_after_the_control() -> None:
    only_control = outage(phases={"steady": Span(0.0, 2.0)}, machine=Machine(stalls=(Delay(1.0, 2.0, 1.0),)))
    assert failover.guests_do_not_wait_for_ever(only_control).outcome is not Outcome.FAILED


def test_a_cause_that_never_opens_the_breaker_fails_on_a_late_machine_too() -> None:
    failing = [ask(1.0 + 0.01 * n, f"n{n}", status=502) for n in range(8)]
    late = replace(GOOD, impact=failing, policy=policy(), machine=QUIET_STALL)
    assert causes.shows_the_symptoms(late).outcome is Outcome.FAILED
    slowly = [ask(1.0 + 0.5 * n, f"n{n}", status=502) for n in range(8)]
    assert causes.shows_the_symptoms(replace(late, impact=slowly)).outcome is Outcome.UNKNOWN
