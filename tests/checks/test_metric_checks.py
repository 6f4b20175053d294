"""The checks of metrics: each fails alone for its own kind of wrong count, and knows when it cannot say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pms_drill.checks import metrics
from pms_drill.checks.operations import operation_of
from pms_drill.checks.states import known_states
from pms_drill.checks.verdict import Outcome
from pms_drill.evidence.bundle import Span
from tests.checks.literal import (
    CANCEL,
    NAMES,
    PHASES,
    PROBE,
    Counted,
    ask,
    booked,
    call,
    counted,
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
    metrics.gauge_equals_behaviour,
    metrics.calls_are_conserved,
    metrics.transitions_are_legal_and_counted,
    metrics.rejections_equal_what_guests_were_told,
    metrics.errors_have_the_faults_kind,
    metrics.rejections_have_no_latency,
    metrics.pending_gauge_equals_the_outbox,
]


def metered(counts, **changes):
    return outage(scrapes=counts.scrapes(-0.5, 11.5), **changes)


def with_more(change):
    """The good outage's metrics, changed."""
    counts = counted()
    change(counts)
    return metered(counts)


def only_failing(evidence):
    return [check.__name__ for check in ALL if check(evidence).outcome is Outcome.FAILED]


@pytest.mark.parametrize("check", ALL)
def test_a_good_outage_passes(check):
    verdict = check(outage())
    assert verdict.outcome is Outcome.PASSED, verdict.why


@pytest.mark.parametrize("check", ALL)
@pytest.mark.parametrize("number", [0, 1])
def test_without_two_scrapes_nothing_is_known(check, number):
    assert check(outage(scrapes=outage().scrapes[:number])).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("check", ALL[1:])
def test_counters_that_begin_anew_are_unknown(check):
    scrapes = [Counted().scrape(s.started) if 5.9 < s.started < 5.97 else s for s in outage().scrapes]
    assert check(outage(scrapes=scrapes)).outcome is Outcome.UNKNOWN


# MET-01


def test_half_open_shown_as_open_fails_when_the_probe_lasts_long_enough_for_a_scrape():
    evidence = hanging()
    assert metrics.gauge_equals_behaviour(evidence).outcome is Outcome.PASSED
    flat = counted_hang()
    flat.states = [(at, min(value, 1.0)) for at, value in flat.states]
    found = metrics.gauge_equals_behaviour(hanging(scrapes=flat.scrapes(-0.5, 9.5)))
    assert found.outcome is Outcome.FAILED
    assert "was 1.0, is half-open (guests were rejected; a probe was under way)" in found.seen["metrics"]


def counted_hang():
    counts = Counted()
    counts.move(5.499, "closed", "open")
    for at in (6.5, 8.0):
        counts.move(at, "open", "half_open")
        counts.move(at + 0.5, "half_open", "open")
    return counts


def hanging(**changes):
    """Every call, probes included, takes its deadline of half a second, although the proxy delivers at once."""
    told = expectation(fault="hang", error_kind="timeout", problem_statuses=(504,))
    impact = [ask(3.0 + 0.5 * n, f"imp{n}", status=504, took=0.5) for n in range(5)] + [mock(5.5, "imp5", "impact")]
    phases = PHASES | {"armed": Span(3.0, 9.0), "impact": Span(3.0, 5.51), "open": Span(5.51, 9.0)}
    calls = [*[call(3.001 + 0.5 * n) for n in range(5)], probe(6.505), probe(8.005)]
    given = {"expectation": told, "phases": phases, "operations": [*operations()[:3], *impact], "ledger": calls}
    return outage(**given | {"scrapes": counted_hang().scrapes(-0.5, 9.5)} | changes)


@pytest.mark.parametrize(
    "states",
    [
        [(-1e9, 0.0)],
        [(-1e9, 1.0)],
        [(-1e9, 0.0), (3.3, 1.0), (6.074, 0.0)],
        [(-1e9, 0.0), (3.044, 1.0), (6.6, 0.0)],
        [(-1e9, 0.0), (3.044, 1.0), (4.5, 0.0)],
        [(-1e9, 0.0), (3.044, 2.0), (6.074, 0.0)],
    ],
    ids=["always closed", "always open", "opens late", "closes late", "closes early", "half-open for open"],
)
def test_a_gauge_that_is_not_the_behaviour_fails_alone(states):
    evidence = with_more(lambda counts: setattr(counts, "states", states))
    assert only_failing(evidence) == ["gauge_equals_behaviour"]


@pytest.mark.parametrize("lag", [-0.02, 0.02])
def test_around_a_transition_nothing_is_judged(lag):
    def shift(counts):
        counts.states = [(at if at < 0 else at + lag, value) for at, value in counts.states]

    moves = [at for at, _ in counted().states]
    scrapes = [scrape for scrape in outage().scrapes if all(abs(scrape.started - at) > 0.1 for at in moves)]
    counts = counted()
    shift(counts)
    scrapes += [counts.scrape(at) for at in (3.04, 3.044, 4.06, 5.07, 6.08)]
    evidence = outage(scrapes=sorted(scrapes, key=lambda scrape: scrape.started))
    assert metrics.gauge_equals_behaviour(evidence).outcome is Outcome.PASSED


def test_a_gauge_that_is_not_there_fails():
    scrapes = [replace(scrape, samples={}) for scrape in outage().scrapes]
    assert metrics.gauge_equals_behaviour(outage(scrapes=scrapes)).outcome is Outcome.FAILED


def test_scrapes_that_saw_no_open_breaker_are_unknown():
    scrapes = [scrape for scrape in outage().scrapes if scrape.started < 3]
    assert metrics.gauge_equals_behaviour(outage(scrapes=scrapes)).outcome is Outcome.UNKNOWN


def test_a_breaker_that_should_have_opened_and_did_not_says_nothing_about_its_state():
    failed = [ask(3.0 + 0.01 * n, f"imp{n}", status=502) for n in range(8)]
    evidence = outage(operations=[*without(operations(), phase="impact"), *failed])
    assert not [known for known in known_states(evidence) if 3.0 <= known.span.begin < 6.0]


def test_business_answers_mean_that_it_is_closed_all_the_time():
    told = expectation(opens_after=None, error_kind="", problem_statuses=(404,))
    asked = [*operations()[:3], *[ask(3.0 + 0.1 * n, f"imp{n}", status=404) for n in range(9)]]
    closed, opening = Counted(), counted()
    good = outage(expectation=told, operations=asked, scrapes=closed.scrapes(-0.5, 8.0))
    bad = outage(expectation=told, operations=asked, scrapes=opening.scrapes(-0.5, 8.0))
    assert metrics.gauge_equals_behaviour(good).outcome is Outcome.PASSED
    assert metrics.gauge_equals_behaviour(bad).outcome is Outcome.FAILED


# MET-02


@pytest.mark.parametrize("operation", ["availability", "reservation", "readback", "cancel", "probe"])
def test_a_call_that_is_counted_twice_fails_alone(operation):
    assert only_failing(with_more(lambda counts: counts.call(7.0, operation))) == ["calls_are_conserved"]


def test_a_call_that_is_not_counted_fails_alone():
    for path in (None, CANCEL, PROBE):
        entry = booked(7.0, "x") if path is None else call(7.0, path)
        assert only_failing(outage(ledger=[*ledger(), entry])) == ["calls_are_conserved"]


def test_a_failed_call_without_a_kind_or_with_two_fails():
    two = with_more(lambda counts: counts.add(8.2, NAMES.errors, operation="reservation", kind="server"))
    none = counted()
    none.increments.remove(next(i for i in none.increments if i[1] == NAMES.errors and i[0] > 8))
    assert only_failing(two) == only_failing(metered(none)) == ["calls_are_conserved"]


def in_front(kind, missing, counts=None, **changes):
    """The fault acts in front of the ledger: the calls of the impact did not arrive."""
    counts = counts or Counted()
    for number in range(5):
        counts.call(3.004 + 0.01 * number, "availability", kind)
    calls = [call(3.001 + 0.01 * n) for n in range(5 - missing)]
    return metered(counts, ledger=calls or [probe(-5)], expectation=expectation(error_kind=kind, **changes))


@pytest.mark.parametrize("kind", ["connect", "lost", "timeout"])
def test_calls_that_did_not_arrive_need_not_be_in_the_ledger(kind):
    assert metrics.calls_are_conserved(in_front(kind, 5, reaches_ledger=False)).outcome is Outcome.PASSED
    assert metrics.calls_are_conserved(in_front(kind, 0, reaches_ledger=False)).outcome is Outcome.PASSED


@pytest.mark.parametrize("kind", ["timeout", "server", "auth", "bad_answer", "rate_limit"])
def test_calls_that_must_have_arrived_and_did_not_fail(kind):
    assert metrics.calls_are_conserved(in_front(kind, 1)).outcome is Outcome.FAILED


def test_a_read_that_is_repeated_after_a_lost_connection_counts_once():
    evidence = in_front("lost", 0)
    twice = replace(evidence, ledger=[*evidence.ledger, *[call(3.002 + 0.01 * n) for n in range(5)]])
    more = replace(twice, ledger=[*twice.ledger, call(3.0)])
    assert metrics.calls_are_conserved(twice).outcome is Outcome.PASSED
    assert metrics.calls_are_conserved(more).outcome is Outcome.FAILED


def test_a_booking_is_never_repeated_without_being_counted():
    evidence = outage(ledger=[*ledger(), booked(8.115, "cat", None)])
    assert metrics.calls_are_conserved(evidence).outcome is Outcome.FAILED


def test_a_read_that_the_heal_may_have_cut_may_come_again():
    evidence = outage(ledger=[*ledger(), probe(5.9)])
    assert metrics.calls_are_conserved(evidence).outcome is Outcome.PASSED


def test_a_call_under_way_at_a_scrape_may_be_counted_or_not():
    counts = counted()
    scrapes = [counts.scrape(-0.5), *counts.scrapes(0, 7.0), replace(counts.scrape(7.0), started=7.4, ended=7.402)]
    calls = [entry for entry in ledger() if entry.received < 7]
    phases = PHASES | {"recovered": Span(6.4, 7.4)}
    for more in ([], [call(7.401, delivered=7.41)]):
        evidence = outage(ledger=calls + more, scrapes=scrapes, phases=phases)
        assert metrics.calls_are_conserved(evidence).outcome is Outcome.PASSED


def test_without_a_ledger_or_calls_conservation_is_unknown():
    assert metrics.calls_are_conserved(outage(ledger=[])).outcome is Outcome.UNKNOWN
    assert metrics.calls_are_conserved(metered(Counted(), ledger=[probe(-5)])).outcome is Outcome.UNKNOWN


def test_requests_at_the_pms_side_have_the_names_of_operations():
    known = [call(1), booked(1, "a"), probe(1), call(1, CANCEL), call(1, "/api/orders"), call(1, "/api/bookings/7")]
    names = [operation_of(entry, PROBE) for entry in known[:-1]]
    assert names == ["availability", "reservation", "probe", "cancel", "readback"]
    assert operation_of(replace_method(known[-1], "GET"), PROBE) == "readback"
    assert operation_of(replace_method(known[-1], "PUT"), PROBE) is None


def replace_method(entry, method):
    return entry.model_copy(update={"method": method})


# MET-03


@pytest.mark.parametrize(
    ("moves", "said"),
    [
        ([("closed", "half_open"), ("half_open", "closed")], "closed to half_open is not a legal move"),
        ([("open", "closed"), ("closed", "open")], "open to closed is not a legal move"),
        ([("closed", "open")], "it was not closed as often as opened"),
        ([("half_open", "closed")], "half_open was entered -2 times more often than left"),
    ],
)
def test_moves_that_cannot_be_fail(moves, said):
    def change(counts):
        for move in moves:
            counts.add(7.0, NAMES.transitions, service="pms", **dict(zip(("from", "to"), move, strict=True)))

    evidence = with_more(change)
    found = metrics.transitions_are_legal_and_counted(evidence)
    assert found.outcome is Outcome.FAILED
    assert said in found.seen["wrong"] or "closed was entered" in found.seen["wrong"]
    assert only_failing(evidence) == ["transitions_are_legal_and_counted"]


def test_an_opening_that_is_counted_twice_fails():
    def twice(counts):
        counts.add(3.044, NAMES.transitions, service="pms", **{"from": "closed", "to": "open"})

    found = metrics.transitions_are_legal_and_counted(with_more(twice))
    assert "opened 2 times under the fault, guests saw it open once" in found.seen["wrong"]


@pytest.mark.parametrize(("more", "seen"), [([], "0 to 1"), ([4.05, 5.06, 5.5], "3 to 4")], ids=["fewer", "more"])
def test_half_open_without_a_probe_or_a_probe_without_half_open_fails(more, seen):
    calls = [entry for entry in ledger() if entry.path != PROBE or entry.received > 6]
    evidence = outage(ledger=[*calls, *map(probe, more)])
    found = metrics.transitions_are_legal_and_counted(evidence)
    assert found.outcome is Outcome.FAILED
    assert f"half-open 2 times under the fault, {seen} probes were seen" in found.seen["wrong"]


def test_a_probe_that_arrives_just_after_the_last_scrape_may_belong_to_it():
    late = outage(ledger=[entry for entry in ledger() if entry.path != PROBE] + [probe(4.05), probe(6.02)])
    assert metrics.transitions_are_legal_and_counted(late).outcome is Outcome.PASSED


def test_in_front_of_the_ledger_probes_are_not_compared():
    told = expectation(reaches_ledger=False)
    assert metrics.transitions_are_legal_and_counted(outage(ledger=[], expectation=told)).outcome is Outcome.PASSED


def test_a_scrape_just_before_the_closing_does_not_deny_it():
    scrapes = [scrape for scrape in outage().scrapes if scrape.started < 6.05 or scrape.started > 6.41]
    evidence = outage(scrapes=scrapes, phases=PHASES | {"recovered": Span(6.3, 6.4)})
    assert metrics.transitions_are_legal_and_counted(evidence).outcome is Outcome.PASSED


def test_closing_under_the_fault_fails():
    def close(counts):
        counts.move(5.8, "open", "half_open")
        counts.move(5.81, "half_open", "closed")

    found = metrics.transitions_are_legal_and_counted(with_more(close))
    assert "closed under the fault" in found.seen["wrong"]


def test_transitions_without_an_impact_or_an_opening_are_unknown():
    nobody = outage(operations=without(operations(), phase="impact"))
    assert metrics.transitions_are_legal_and_counted(nobody).outcome is Outcome.UNKNOWN
    failed = outage(
        operations=[op for op in operations() if op.source != "mock"], scrapes=Counted().scrapes(-0.5, 11), ledger=[]
    )
    assert metrics.transitions_are_legal_and_counted(failed).outcome is Outcome.UNKNOWN


# MET-04


@pytest.mark.parametrize(
    ("operation", "source"), [("availability", "stale"), ("availability", "mock"), ("reservation", "outbox")]
)
def test_an_answer_that_nobody_got_fails_alone(operation, source):
    evidence = with_more(lambda counts: counts.answer(5.0, operation, source))
    assert only_failing(evidence) == ["rejections_equal_what_guests_were_told"]


@pytest.mark.parametrize("operation", ["availability", "reservation"])
def test_a_rejection_that_nobody_saw_fails_alone(operation):
    more = with_more(lambda counts: counts.add(5.0, NAMES.rejections, service="pms", operation=operation))
    assert only_failing(more) == ["rejections_equal_what_guests_were_told"]


def test_a_rejection_that_is_not_counted_fails():
    told = [*operations(), mock(5.2, "x")]
    found = metrics.rejections_equal_what_guests_were_told(outage(operations=told))
    assert found.outcome is Outcome.FAILED
    assert "answers from mock: counted 4, told 5" in found.seen["answers"]
    assert "rejected questions: counted 5, told 6" in found.seen["answers"]


def test_refusals_without_failover_are_rejections_and_no_failover_answers():
    told = [op for op in operations() if op.phase in ("steady", "impact") and op.source != "mock"]
    told += [refused(3.05, "imp5", "impact"), refused(3.2, "x")]
    told.append(reserve(3.3, "y", "open", status=503, type="breaker-open", retry_after="1"))
    counts = Counted()
    for at, operation in ((3.052, "availability"), (3.202, "availability"), (3.31, "reservation")):
        counts.add(at, NAMES.rejections, service="pms", operation=operation)
    evidence = metered(counts, operations=told, policy=policy(failover=False))
    assert metrics.rejections_equal_what_guests_were_told(evidence).outcome is Outcome.PASSED


def test_the_question_that_met_a_429_is_no_rejection():
    told = expectation(fault="rate_limited", opens_after=1, error_kind="rate_limit")
    counts = Counted()
    counts.answer(3.002, "availability", "mock")
    counts.reject(3.202, "availability", "mock")
    asked = [mock(3.0, "imp0", "impact"), mock(3.2, "x")]
    evidence = metered(counts, operations=asked, expectation=told)
    assert metrics.rejections_equal_what_guests_were_told(evidence).outcome is Outcome.PASSED
    server = metered(counts, operations=asked)
    assert metrics.rejections_equal_what_guests_were_told(server).outcome is Outcome.FAILED


def test_a_guest_without_an_answer_may_have_been_given_one():
    counts = counted()
    counts.answer(8.4, "reservation", "outbox")
    told = [*operations(), reserve(8.3, "dan", "strike", status=None, took=0.3)]
    assert metrics.rejections_equal_what_guests_were_told(metered(counts, operations=told)).outcome is Outcome.PASSED


def test_nobody_rejected_is_unknown():
    evidence = outage(operations=[op for op in operations() if op.source != "mock"])
    assert metrics.rejections_equal_what_guests_were_told(evidence).outcome is Outcome.UNKNOWN


# MET-05


def test_what_a_breaker_counts_that_opens_later_than_expected_is_unknown():
    """A correct one that opens by a share of failures: its questions in the phase `open` fail at first."""
    told = [ask(3.041, "more", "open", status=502), *operations()]
    told = [replace(op, phase="open") if (op.source, op.phase) == ("mock", "impact") else op for op in told]
    counts = counted()
    counts.call(3.043, "availability", "server")
    evidence = metered(counts, operations=told)
    for check in (metrics.transitions_are_legal_and_counted, metrics.errors_have_the_faults_kind):
        assert check(evidence).outcome is Outcome.UNKNOWN
    counts.move(7.0, "closed", "half_open")
    found = metrics.transitions_are_legal_and_counted(metered(counts, operations=told))
    assert "closed to half_open is not a legal move" in found.seen["wrong"]
    counts.call(3.0435, "availability", "lost")
    found = metrics.errors_have_the_faults_kind(metered(counts, operations=told))
    assert found.outcome is Outcome.FAILED


def test_another_kind_of_error_under_the_fault_fails_alone():
    counts = counted()
    counts.increments = [
        (at, name, frozenset({*labels} - {("kind", "server")} | {("kind", "lost")}) if 4 < at < 5 else labels)
        for at, name, labels in counts.increments
        if name == NAMES.errors
    ] + [i for i in counts.increments if i[1] != NAMES.errors]
    assert only_failing(metered(counts)) == ["errors_have_the_faults_kind"]


def test_one_wrapper_for_every_failure_fails():
    evidence = outage(expectation=expectation(error_kind="timeout"))
    assert metrics.errors_have_the_faults_kind(evidence).outcome is Outcome.FAILED


def test_a_failure_that_is_not_counted_as_error_fails():
    told = [*operations(), ask(3.041, "x", status=502)]
    found = metrics.errors_have_the_faults_kind(outage(operations=told))
    assert found.outcome is Outcome.FAILED
    assert found.seen == {"metrics": "errors: server 7; of questions 5", "answers": "6 of 7 failed"}


def test_a_business_answer_is_no_error():
    told = expectation(opens_after=None, error_kind="", problem_statuses=(404,))
    asked = [ask(3.0 + 0.1 * n, f"imp{n}", status=404) for n in range(9)]
    good = metered(Counted(), expectation=told, operations=asked)
    assert metrics.errors_have_the_faults_kind(good).outcome is Outcome.PASSED
    counts = Counted()
    counts.call(3.2, "availability", "bad_answer")
    assert metrics.errors_have_the_faults_kind(metered(counts, expectation=told, operations=asked)).outcome is (
        Outcome.FAILED
    )


def test_no_failure_under_the_fault_is_unknown():
    evidence = outage(operations=[op for op in operations() if op.status != 502])
    assert metrics.errors_have_the_faults_kind(evidence).outcome is Outcome.UNKNOWN


def test_a_429_that_was_answered_from_failover_is_one_error():
    told = expectation(fault="rate_limited", opens_after=1, error_kind="rate_limit")
    counts = Counted()
    counts.call(3.002, "availability", "rate_limit")
    evidence = metered(counts, operations=[mock(3.0, "imp0", "impact")], expectation=told)
    assert metrics.errors_have_the_faults_kind(evidence).outcome is Outcome.PASSED
    assert metrics.errors_have_the_faults_kind(replace(evidence, scrapes=Counted().scrapes(0, 9))).outcome is (
        Outcome.FAILED
    )


# MET-06


def test_a_latency_sample_for_a_rejection_fails_alone():
    def sample(counts):
        counts.add(3.052, f"{NAMES.latency}_count", service="pms", operation="availability")

    assert only_failing(with_more(sample)) == ["rejections_have_no_latency"]


def test_latency_without_any_rejection_or_call_is_unknown():
    evidence = outage(operations=[op for op in operations() if op.source == "pms"])
    assert metrics.rejections_have_no_latency(evidence).outcome is Outcome.UNKNOWN
    assert metrics.rejections_have_no_latency(metered(Counted())).outcome is Outcome.UNKNOWN


# MET-07


@pytest.mark.parametrize(
    "pending",
    [[(-1e9, 0.0)], [(-1e9, 0.0), (3.25, 2.0), (6.44, 0.0)], [(-1e9, 0.0), (3.25, 1.0)]],
    ids=["never", "one too many", "never goes down"],
)
def test_a_gauge_of_pending_ones_that_is_not_what_guests_were_told_fails_alone(pending):
    evidence = with_more(lambda counts: setattr(counts, "pending", pending))
    assert only_failing(evidence) == ["pending_gauge_equals_the_outbox"]


def test_what_was_pending_before_the_episode_is_not_counted():
    evidence = with_more(lambda counts: setattr(counts, "pending", [(-1e9, 3.0), (3.25, 4.0), (6.44, 3.0)]))
    assert metrics.pending_gauge_equals_the_outbox(evidence).outcome is Outcome.PASSED


def test_one_that_stays_pending_for_guests_may_stay_in_the_gauge():
    told = [op for op in operations() if op.guest.email != "cat@run.example"]
    told += [reserve(8.1, "cat", "strike", status=202), look(10.9, "cat", "pending")]
    counts = counted()
    counts.pending = [(-1e9, 0.0), (3.25, 1.0), (6.44, 0.0), (8.1, 1.0)]
    assert metrics.pending_gauge_equals_the_outbox(metered(counts, operations=told)).outcome is Outcome.PASSED


def test_nobody_told_pending_is_unknown():
    told = [op for op in operations() if op.status != 202]
    assert metrics.pending_gauge_equals_the_outbox(outage(operations=told)).outcome is Outcome.UNKNOWN


def by_traffic(*probing, expected=None, count="server"):
    """Guests who are the probes at 4.05 and 5.06; `count`: the kind under which their calls are counted."""
    counts = Counted()
    for number in range(5):
        counts.call(3.004 + 0.01 * number, "availability", count)
    for at in (4.052, 5.062):
        counts.call(at, "availability", count)
    failed = [ask(3.0 + 0.01 * n, f"imp{n}", status=502) for n in range(5)]
    calls = [*[call(3.001 + 0.01 * n) for n in range(5)], call(4.051), call(5.061)]
    told = {"operations": [*failed, mock(3.05, "imp5", "impact"), *probing], "ledger": calls}
    counts.reject(3.052, "availability", "mock")
    for op in probing:
        if op.source == "mock":
            counts.answer(op.ended - 0.001, "availability", "mock")
    return metered(counts, policy=policy(by_traffic=True), expectation=expected or expectation(), **told)


def test_guests_who_are_probes_are_counted_as_failed_calls_and_not_as_rejected():
    guests = [ask(at, f"p{at}", "open", status=502) for at in (4.05, 5.06)]
    evidence = by_traffic(*guests)
    assert metrics.errors_have_the_faults_kind(evidence).outcome is Outcome.PASSED
    assert metrics.rejections_equal_what_guests_were_told(evidence).outcome is Outcome.PASSED
    assert metrics.errors_have_the_faults_kind(by_traffic(guests[0])).outcome is Outcome.FAILED
    plain = replace(evidence, policy=policy())
    assert metrics.errors_have_the_faults_kind(plain).outcome is Outcome.FAILED


def test_a_guest_who_is_the_probe_and_meets_a_limit_is_one_error_and_no_rejection():
    limit = expectation(fault="rate_limited", opens_after=5, error_kind="rate_limit")
    evidence = by_traffic(*[mock(at, f"p{at}") for at in (4.05, 5.06)], expected=limit, count="rate_limit")
    assert metrics.rejections_equal_what_guests_were_told(evidence).outcome is Outcome.PASSED
    assert metrics.errors_have_the_faults_kind(evidence).outcome is Outcome.PASSED
    plain = replace(evidence, policy=policy())
    assert metrics.rejections_equal_what_guests_were_told(plain).outcome is Outcome.FAILED
