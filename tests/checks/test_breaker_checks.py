"""Each check of the breaker passes a good outage, fails for its own reason, and knows when it cannot say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pms_drill.checks import breaker
from pms_drill.checks.moments import is_rejection, percentile
from pms_drill.checks.verdict import Outcome
from pms_drill.evidence.bundle import Span
from pms_drill.evidence.history import Kind
from pms_drill.evidence.machine import Delay, Machine
from tests.checks.literal import (
    ARI,
    BOOK,
    CANCEL,
    PHASES,
    PROBE,
    ask,
    booked,
    call,
    expectation,
    ledger,
    look,
    mock,
    operations,
    outage,
    policy,
    probe,
    refused,
    reserve,
    without,
)

ALL = [
    breaker.starts_closed,
    breaker.opens_at_the_threshold,
    breaker.no_call_while_open,
    breaker.rejects_fast,
    breaker.stays_open_for_the_wait,
    breaker.probes_are_safe_and_single,
    breaker.failed_probe_reopens_for_a_full_wait,
    breaker.liveness_is_unaffected,
    breaker.recovers_after_the_heal,
]
ONLY_WHEN_OPEN = [check for check in ALL if check not in ALL[:2]]


def never_opened():
    """Every guest under the fault is told that the PMS failed."""
    failed = [ask(3.0 + 0.01 * n, f"imp{n}", status=502) for n in range(8)]
    return outage(operations=[*without(operations(), phase="impact"), *failed])


def hang(**changes):
    """Every call, probes included, takes its whole deadline of half a second."""
    told = expectation(fault="hang", error_kind="timeout", problem_statuses=(504,))
    impact = [ask(3.0 + 0.5 * n, f"imp{n}", status=504, took=0.5) for n in range(5)] + [mock(5.5, "imp5", "impact")]
    opens = [mock(5.6, "new"), reserve(5.61, "bob", "open", status=202), mock(7.2, "new2")]
    calls = [call(3.001 + 0.5 * n) for n in range(5)]
    phases = PHASES | {"armed": Span(3.0, 9.0), "impact": Span(3.0, 5.51), "open": Span(5.51, 9.0)}
    given = {"expectation": told, "phases": phases, "operations": impact + opens}
    return outage(**given | {"ledger": [*calls, probe(6.52), probe(8.03)]} | changes)


@pytest.mark.parametrize("check", ALL)
def test_a_good_outage_passes(check):
    verdict = check(outage())
    assert verdict.outcome is Outcome.PASSED, verdict.why


@pytest.mark.parametrize("check", ONLY_WHEN_OPEN)
def test_what_an_open_breaker_does_is_unknown_when_none_opened(check):
    assert check(never_opened()).outcome is Outcome.UNKNOWN


def test_a_rejection_before_the_fault_means_that_it_did_not_start_closed():
    found = breaker.starts_closed(outage(operations=[mock(0.1, "old", "steady"), *operations()]))
    assert found.outcome is Outcome.FAILED
    assert "rejected: 1" in found.seen["answers"]


def test_a_first_answer_without_a_call_means_that_it_did_not_start_closed():
    assert breaker.starts_closed(outage(ledger=ledger()[1:])).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "changes", [{"operations": without(operations(), phase="steady")}, {"ledger": []}], ids=["nobody", "no ledger"]
)
def test_without_guests_or_calls_the_start_is_unknown(changes):
    assert breaker.starts_closed(outage(**changes)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("opens_after", [4, 6])
def test_opening_one_failure_early_or_late_fails(opens_after):
    found = breaker.opens_at_the_threshold(outage(expectation=expectation(opens_after=opens_after)))
    assert found.outcome is Outcome.FAILED
    assert "5 failed call(s), then rejected" in found.seen["answers"]


def test_a_breaker_that_never_opens_fails():
    found = breaker.opens_at_the_threshold(never_opened())
    assert found.outcome is Outcome.FAILED
    assert "no rejection" in found.seen["answers"]


def test_too_few_questions_to_open_it_are_unknown():
    few = [ask(3.0 + 0.01 * n, f"imp{n}", status=502) for n in range(5)]
    evidence = outage(operations=[*without(operations(), phase="impact"), *few])
    assert breaker.opens_at_the_threshold(evidence).outcome is Outcome.UNKNOWN


def test_nobody_asking_under_the_fault_is_unknown():
    evidence = outage(operations=without(operations(), phase="impact"))
    assert breaker.opens_at_the_threshold(evidence).outcome is Outcome.UNKNOWN


def test_a_call_that_the_pms_answered_under_the_fault_makes_the_count_unknown():
    evidence = outage(operations=[ask(2.999, "imp9"), *operations()])
    assert breaker.opens_at_the_threshold(evidence).outcome is Outcome.UNKNOWN


def test_a_hidden_extra_call_at_the_pms_fails_although_the_answers_fit():
    found = breaker.opens_at_the_threshold(outage(ledger=[*ledger(), call(3.02, status=500)]))
    assert found.outcome is Outcome.FAILED
    assert "6 calls" in found.seen["ledger"]


@pytest.mark.parametrize(("kind", "outcome"), [("lost", Outcome.PASSED), ("server", Outcome.FAILED)])
def test_a_read_may_be_repeated_after_a_lost_connection_only(kind, outcome):
    evidence = outage(expectation=expectation(error_kind=kind), ledger=[*ledger(), call(3.02, status=500)])
    assert breaker.opens_at_the_threshold(evidence).outcome is outcome


def rate_limited(first, calls):
    told = expectation(fault="rate_limited", opens_after=1, wait=2.0, error_kind="rate_limit")
    rest = without(operations(), phase="impact")
    return outage(expectation=told, operations=[*rest, *first], ledger=calls)


def test_a_429_opens_with_the_very_call_that_met_it():
    good = rate_limited([mock(3.0, "imp0", "impact")], [call(3.001, status=429)])
    assert breaker.opens_at_the_threshold(good).outcome is Outcome.PASSED
    counted = rate_limited(
        [ask(3.0, "imp0", status=502), mock(3.01, "imp1", "impact")], [call(3.001, status=429), call(3.011, status=429)]
    )
    assert breaker.opens_at_the_threshold(counted).outcome is Outcome.PASSED


def test_a_429_that_is_counted_like_any_failure_fails():
    told = [ask(3.0 + 0.01 * n, f"imp{n}", status=502) for n in range(5)] + [mock(3.05, "imp5", "impact")]
    evidence = rate_limited(told, [call(3.001 + 0.01 * n, status=429) for n in range(5)])
    assert breaker.opens_at_the_threshold(evidence).outcome is Outcome.FAILED


def refusals(statuses, calls, fault="question_refused", allowed=502):
    told = expectation(fault=fault, opens_after=None, error_kind="", problem_statuses=(allowed,))
    send, path = (reserve, BOOK) if fault == "booking_refused" else (ask, ARI)
    why = {} if fault == "booking_refused" else {"type": "pms-refused"}
    asked = [
        send(3.0 + 0.001 * n, f"imp{n}", "impact", status=status, took=0.0005, **why)
        for n, status in enumerate(statuses)
    ]
    sent = [call(3.0005 + 0.001 * n, path, status=400) for n in range(calls)]
    return outage(expectation=told, operations=asked, ledger=sent)


BOOKINGS = {"fault": "booking_refused", "allowed": 409}


def test_refusals_of_the_pms_leave_the_breaker_closed():
    assert breaker.opens_at_the_threshold(refusals([502] * 6, 6)).outcome is Outcome.PASSED
    assert breaker.opens_at_the_threshold(refusals([409] * 6, 6, **BOOKINGS)).outcome is Outcome.PASSED


def test_business_answers_that_open_the_breaker_fail():
    evidence = refusals([502] * 6, 6)
    evidence = replace(evidence, operations=[*evidence.operations, mock(3.02, "imp9", "impact")])
    assert breaker.stays_closed(evidence).outcome is Outcome.FAILED


def test_guests_who_come_too_late_for_a_night_and_open_the_breaker_fail():
    evidence = refusals([409] * 5 + [202], 6, **BOOKINGS)
    assert breaker.stays_closed(evidence).outcome is Outcome.FAILED
    evidence = refusals([409] * 6, 6, **BOOKINGS)
    evidence = replace(evidence, operations=[*evidence.operations, mock(9.02, "rec9", "recovered")])
    assert breaker.stays_closed(evidence).outcome is Outcome.FAILED


def test_business_answers_without_a_call_fail():
    assert breaker.stays_closed(refusals([502] * 6, 5)).outcome is Outcome.FAILED


@pytest.mark.parametrize("statuses", [[502] * 5, [200] * 9], ids=["too few", "not refused"])
def test_too_few_business_answers_are_unknown(statuses):
    assert breaker.stays_closed(refusals(statuses, 9)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("path", [ARI, CANCEL, PROBE])
def test_any_call_while_open_fails_and_is_named(path):
    found = breaker.no_call_while_open(outage(ledger=[*ledger(), call(3.5, path)]))
    assert found.outcome is Outcome.FAILED
    assert f"3.50 s {'GET' if path == PROBE else 'POST'} {path}" in found.seen["ledger"]


@pytest.mark.parametrize("kind", [Kind.AVAILABILITY, Kind.RESERVATION])
def test_while_open_both_kinds_of_operation_must_have_been_asked(kind):
    asked = [op for op in operations() if op.kind is not kind or op.phase not in ("open",) or op.started > 4]
    if kind is Kind.AVAILABILITY:
        asked = [op for op in asked if op.guest.email != "imp5@run.example"] + [mock(3.041, "imp5", "impact")]
    assert breaker.no_call_while_open(outage(operations=asked)).outcome is Outcome.UNKNOWN


def test_requests_that_may_come_late_make_a_quiet_breaker_unknown():
    evidence = outage(expectation=expectation(delays_requests=True))
    assert breaker.no_call_while_open(evidence).outcome is Outcome.UNKNOWN
    assert breaker.stays_open_for_the_wait(evidence).outcome is Outcome.UNKNOWN


def crowd(slow, took, late=0, sort=mock):
    """Twenty answers while it is open, `slow` of one sort after `took` seconds, `late` of them after half a second."""
    quick = [mock(3.3 + 0.01 * n, f"q{n}") for n in range(20 - slow - late)]
    told = [sort(3.6 + 0.01 * n, f"s{n}", "open", took=took) for n in range(slow)]
    return [*without(operations(), phase="open"), *quick, *told, *[mock(3.9, f"l{n}", took=0.5) for n in range(late)]]


def stale(at, name, phase, *, took=0.005):
    return mock(at, name, phase, took=took, source="stale")


def test_an_answer_that_waits_for_the_pms_while_open_fails():
    found = breaker.rejects_fast(outage(operations=crowd(20, 0.5)))
    assert found.outcome is Outcome.FAILED
    assert "availability mock 500 ms; p95 500 ms" in found.seen["answers"]


@pytest.mark.parametrize(("slow", "took"), [(20, 0.2), (11, 0.13)])
def test_an_answer_that_waits_for_anything_while_open_fails_long_before_the_deadline(slow, took):
    assert breaker.rejects_fast(outage(operations=crowd(slow, took))).outcome is Outcome.FAILED


@pytest.mark.parametrize("sort", [stale, lambda *at, took: reserve(*at, took=took, status=202)], ids=["stale", "write"])
def test_one_sort_of_answers_that_waits_fails_although_it_is_rare(sort):
    assert breaker.rejects_fast(outage(operations=crowd(2, 0.2, sort=sort))).outcome is Outcome.FAILED


def test_one_slow_answer_of_twenty_is_noise_and_two_are_not():
    assert breaker.rejects_fast(outage(operations=crowd(0, 0, late=1))).outcome is Outcome.PASSED
    assert breaker.rejects_fast(outage(operations=crowd(0, 0, late=2))).outcome is Outcome.FAILED


STALLS = Machine(stalls=tuple(Delay(3.0 + 0.1 * n, 3.1 + 0.1 * n, 0.06) for n in range(30)))
WAITS = Machine(waits=tuple(Delay(3.0 + 0.1 * n, 3.1 + 0.1 * n, 0.02) for n in range(30)))


@pytest.mark.parametrize(("machine", "excused", "more"), [(STALLS, 0.2, 0.4), (WAITS, 0.13, 0.2)])
def test_an_agent_that_is_slow_with_its_machine_is_not_blamed(machine, excused, more):
    assert breaker.rejects_fast(outage(operations=crowd(20, excused), machine=machine)).outcome is Outcome.UNKNOWN
    assert breaker.rejects_fast(outage(operations=crowd(20, more), machine=machine)).outcome is Outcome.FAILED
    assert breaker.rejects_fast(outage(operations=crowd(20, 0.02), machine=machine)).outcome is Outcome.PASSED


def test_an_agent_that_waits_with_each_answer_does_not_hide_behind_one_stall_of_its_machine():
    stalled = Machine(stalls=(Delay(5.7, 6.0, 0.3),))
    assert breaker.rejects_fast(outage(operations=crowd(20, 0.2), machine=stalled)).outcome is Outcome.FAILED
    assert breaker.rejects_fast(outage(operations=crowd(10, 0.2), machine=stalled)).outcome is Outcome.UNKNOWN
    busy = Machine(stalls=(*stalled.stalls, *STALLS.stalls))
    assert breaker.rejects_fast(outage(operations=crowd(20, 0.2), machine=busy)).outcome is Outcome.UNKNOWN


def test_nobody_asking_while_open_is_unknown():
    evidence = outage(operations=without(operations(), phase="open"))
    assert breaker.rejects_fast(evidence).outcome is Outcome.UNKNOWN


def with_probes(*moments):
    return outage(ledger=[e for e in ledger() if e.path != PROBE] + [probe(at) for at in moments])


@pytest.mark.parametrize("first", [3.54, 4.6], ids=["halved", "late"])
def test_a_wait_that_is_too_short_or_too_long_fails(first):
    assert breaker.stays_open_for_the_wait(with_probes(first)).outcome is Outcome.FAILED


def test_a_halved_wait_does_not_hide_behind_the_deadline_of_a_hanging_call():
    assert breaker.stays_open_for_the_wait(hang()).outcome is Outcome.PASSED
    evidence = hang(ledger=[*[call(3.001 + 0.5 * n) for n in range(5)], probe(6.0)])
    assert breaker.stays_open_for_the_wait(evidence).outcome is Outcome.FAILED


def test_no_probe_in_time_fails_unless_the_fault_was_healed_before():
    assert breaker.stays_open_for_the_wait(with_probes()).outcome is Outcome.FAILED
    healed = replace(with_probes(), phases=PHASES | {"armed": Span(3.0, 4.0)})
    assert breaker.stays_open_for_the_wait(healed).outcome is Outcome.UNKNOWN


def test_a_wait_whose_beginning_nobody_saw_is_unknown():
    assert breaker.stays_open_for_the_wait(outage(ledger=[probe(4.05)])).outcome is Outcome.UNKNOWN


def test_a_date_of_whole_seconds_may_shorten_the_wait():
    early = with_probes(3.6)
    rounded = replace(early, expectation=expectation(rounding=0.5))
    assert breaker.stays_open_for_the_wait(rounded).outcome is Outcome.PASSED


def test_a_guests_call_as_probe_fails():
    found = breaker.probes_are_safe_and_single(outage(ledger=[*ledger(), call(4.5)]))
    assert found.outcome is Outcome.FAILED
    assert "1 other calls" in found.seen["ledger"]


def test_two_probes_at_once_fail_except_for_a_repeated_read():
    evidence = with_probes(4.05, 4.06, 5.06)
    assert breaker.probes_are_safe_and_single(evidence).outcome is Outcome.FAILED
    lost = replace(evidence, expectation=expectation(error_kind="lost"))
    assert breaker.probes_are_safe_and_single(lost).outcome is Outcome.PASSED


def test_a_guests_question_is_a_probe_only_where_that_is_declared_and_a_write_never_is():
    question = outage(ledger=[*with_probes().ledger, call(4.05)])
    assert breaker.probes_are_safe_and_single(question).outcome is Outcome.FAILED
    declared = replace(question, policy=policy(by_traffic=True))
    assert breaker.probes_are_safe_and_single(declared).outcome is Outcome.PASSED
    assert breaker.stays_open_for_the_wait(declared).outcome is Outcome.PASSED
    # The first guest after the wait comes at 4.5: until then nobody could probe.
    with_the_guest = replace(declared, ledger=[*with_probes().ledger, call(4.502)])
    assert breaker.stays_open_for_the_wait(with_the_guest).outcome is Outcome.PASSED
    long_after = replace(declared, ledger=[*with_probes().ledger, call(4.9)])
    assert breaker.stays_open_for_the_wait(long_after).outcome is Outcome.FAILED
    in_a_folder = replace(declared, ledger=[*with_probes().ledger, call(4.05, f"/shop{ARI}", method="POST")])
    assert breaker.probes_are_safe_and_single(in_a_folder).outcome is Outcome.PASSED
    writes = replace(declared, ledger=[*declared.ledger, booked(4.05, "bob")])
    assert breaker.probes_are_safe_and_single(writes).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "evidence",
    [with_probes(), outage(operations=[op for op in operations() if op.phase != "open" or op.started < 4])],
    ids=["no probe", "no guests meanwhile"],
)
def test_single_probes_need_a_probe_and_guests_who_could_have_been_one(evidence):
    assert breaker.probes_are_safe_and_single(evidence).outcome is Outcome.UNKNOWN


def test_a_second_probe_before_a_full_wait_fails():
    found = breaker.failed_probe_reopens_for_a_full_wait(with_probes(4.05, 4.6, 5.7))
    assert found.outcome is Outcome.FAILED
    assert "0.55 s" in found.seen["ledger"]


def test_a_halved_second_wait_does_not_hide_behind_the_deadline_of_a_hanging_probe():
    assert breaker.failed_probe_reopens_for_a_full_wait(hang()).outcome is Outcome.PASSED
    evidence = hang(ledger=[*[call(3.001 + 0.5 * n) for n in range(5)], probe(6.52), probe(7.53)])
    assert breaker.failed_probe_reopens_for_a_full_wait(evidence).outcome is Outcome.FAILED


def test_a_probe_that_wedges_the_breaker_fails_and_one_cut_short_by_the_heal_is_unknown():
    wedged = replace(with_probes(4.05), phases=PHASES | {"armed": Span(3.0, 8.0)})
    assert breaker.failed_probe_reopens_for_a_full_wait(wedged).outcome is Outcome.FAILED
    short = replace(with_probes(4.05), phases=PHASES | {"armed": Span(3.0, 5.0)})
    assert breaker.failed_probe_reopens_for_a_full_wait(short).outcome is Outcome.UNKNOWN


def test_an_unhealthy_answer_while_open_fails():
    evidence = outage(statuses={"/health/live": [200], "/health/ready": [200, 503]})
    assert breaker.liveness_is_unaffected(evidence).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "statuses", [{}, {"/health/live": [200]}, {"/health/live": [200], "/health/ready": []}], ids=str
)
def test_health_that_was_not_looked_at_is_unknown(statuses):
    assert breaker.liveness_is_unaffected(outage(statuses=statuses)).outcome is Outcome.UNKNOWN


def recovering(*told):
    return outage(operations=[*without(without(operations(), phase="recovery"), phase="recovered"), *told])


def test_answers_of_the_pms_that_come_back_too_late_or_never_fail():
    late = recovering(ask(8.5, "rec", "recovery"))
    never = recovering(mock(6.1, "rec", "recovery"), mock(9.0, "rec2", "recovery"))
    assert breaker.recovers_after_the_heal(late).outcome is Outcome.FAILED
    assert breaker.recovers_after_the_heal(never).outcome is Outcome.FAILED


def test_a_wait_that_has_grown_with_each_failed_probe_may_last_as_long_as_declared():
    """Two probes failed: 1 s has become 4 s, or as much as the longest is."""
    late = recovering(ask(10.0, "rec", "recovery"))
    check = breaker.recovers_after_the_heal
    assert check(replace(late, policy=policy(wait_growth=2.0))).outcome is Outcome.PASSED
    assert check(replace(late, policy=policy(wait_growth=2.0, longest_wait=2.5))).outcome is Outcome.FAILED


def test_a_wait_that_has_grown_unseen_lasts_as_long_as_there_was_time_to_grow():
    """From 3.05 to the heal at 6 there is time for one failed probe: 1 s, and then 2 s."""
    told = {"policy": policy(wait_growth=2.0), "expectation": expectation(reaches_ledger=False)}
    check = breaker.recovers_after_the_heal
    assert check(replace(recovering(ask(8.8, "rec", "recovery")), **told)).outcome is Outcome.PASSED
    assert check(replace(recovering(ask(9.2, "rec", "recovery")), **told)).outcome is Outcome.FAILED


@pytest.mark.parametrize("told", [[], [mock(6.1, "rec", "recovery")]], ids=["nobody", "too early"])
def test_recovery_that_nobody_looked_at_long_enough_is_unknown(told):
    assert breaker.recovers_after_the_heal(recovering(*told)).outcome is Outcome.UNKNOWN


def test_what_counts_as_a_rejection():
    assert is_rejection(mock(1, "a"))
    assert is_rejection(refused(1, "a"))
    assert is_rejection(reserve(1, "a", status=202))
    assert not is_rejection(ask(1, status=503, type="outbox-full"))
    assert not is_rejection(ask(1, status=502))
    assert not is_rejection(look(1, "a", "pending"))


def test_percentile_is_a_sample_by_nearest_rank():
    values = [float(n) for n in range(1, 101)]
    assert [percentile(values, share) for share in (0.07, 0.5, 0.99, 1.0)] == [7.0, 50.0, 99.0, 100.0]
    assert percentile([3.0], 0.99) == 3.0
