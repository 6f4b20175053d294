"""Answers that the PMS itself would not give, and the waits that a 429 asks for: each row fails alone, by name."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pms_drill.checks import breaker_statuses as statuses
from pms_drill.checks import breaker_waits as waits
from pms_drill.checks.verdict import Outcome
from pms_drill.evidence.bundle import Span
from tests.checks.literal import BOOK, Counted, ask, call, expectation, mock, outage, policy, probe, reserve

THRESHOLD = 5
ROWS = list(statuses.ROWS)


def begins(name):
    return 10.0 + 2 * ROWS.index(name)


def met(name, count=THRESHOLD, **told):
    """Guests who meet the answer, and what the PMS side saw of them."""
    at, row = begins(name), statuses.ROWS[name]
    told = {"status": 502, "type": row.problem or "pms-unavailable"} | told
    asked = [ask(at + 0.01 * n, f"{ROWS.index(name)}-{n}", name, **told) for n in range(count)]
    return asked, [call(op.started + 0.001, status=500) for op in asked]


def rejected(name, at=None):
    return mock(begins(name) + 0.5 if at is None else at, f"{ROWS.index(name)}-x", name)


IN_BETWEEN = [
    *(ask(90.0 + 0.01 * n, f"almost-{n}", "almost", status=502) for n in range(THRESHOLD - 1)),
    ask(91.0, "q", "question refused", status=502, type="pms-refused"),
    reserve(91.1, "b", "booking refused", status=409),
    ask(91.2, "last", "the last one", status=502),
    mock(91.3, "then", "then"),
]


def counted(*, but=None, operations=(), entries=(), between=IN_BETWEEN, odd_kind=None, **changes):
    """Every row as it should be; the row `but` has these operations and entries instead."""
    told, seen, metrics = [*between], [call(91.1, BOOK, 400, name="b")], Counted()
    for name in ROWS:
        asked, sent = (operations, entries) if name == but else met(name)
        told += asked if name == but else [*asked, rejected(name)]
        seen += sent
        for op in asked:
            if op.status == 502:
                metrics.call(op.ended, "availability", odd_kind or statuses.ROWS[name].kind)
    for op in between:
        if op.status == 502 and op.problem != "pms-refused":
            metrics.call(op.ended, "availability", "server")
    phases = {name: Span(begins(name) - 0.1, begins(name) + 1.8) for name in ROWS}
    scrapes = [metrics.scrape(0.0), metrics.scrape(95.0)]
    return outage(phases=phases | {"armed": Span(9.0, 94.0)}, operations=told, ledger=seen, scrapes=scrapes, **changes)


def test_every_row_counted_told_and_metered_passes():
    for check in (
        statuses.each_is_counted,
        statuses.each_is_told_as_a_failure,
        statuses.each_has_its_kind,
        statuses.refusals_do_not_begin_the_count_anew,
    ):
        assert check(counted()).outcome is Outcome.PASSED, check(counted()).why


@pytest.mark.parametrize("name", ROWS)
def test_an_answer_that_is_not_counted_fails_under_its_name(name):
    asked, sent = met(name, THRESHOLD + 3)
    found = statuses.each_is_counted(counted(but=name, operations=asked, entries=sent))
    assert found.outcome is Outcome.FAILED
    assert f"{name}: 8 failed, never rejected" in found.seen["answers"]


@pytest.mark.parametrize("count", [THRESHOLD - 1, THRESHOLD + 1])
def test_an_answer_that_counts_more_or_less_than_once_fails(count):
    asked, sent = met("404", count)
    evidence = counted(but="404", operations=[*asked, rejected("404")], entries=sent)
    assert statuses.each_is_counted(evidence).outcome is Outcome.FAILED


def test_a_question_after_the_wait_was_over_says_nothing():
    asked, sent = met("404", THRESHOLD)
    late = ask(begins("404") + 1.5, "late", "404", status=502)
    evidence = counted(but="404", operations=[*asked, late], entries=[*sent, call(late.started, status=404)])
    assert statuses.each_is_counted(evidence).outcome is Outcome.UNKNOWN


def test_an_answer_that_nobody_met_or_the_ledger_did_not_see_is_unknown():
    assert statuses.each_is_counted(counted(but="404")).outcome is Outcome.UNKNOWN
    assert statuses.each_is_told_as_a_failure(counted(but="404")).outcome is Outcome.UNKNOWN
    unseen = counted(but="404", operations=[*met("404")[0], rejected("404")])
    assert statuses.each_is_counted(unseen).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize(
    "told", [{"status": 404}, {"status": 200, "available": False}, {"status": 409}, {"status": 422}, {"status": 500}]
)
def test_an_answer_that_is_told_as_one_of_the_pms_fails_under_its_name(name, told):
    asked, sent = met(name, **({"type": "x"} | told))
    found = statuses.each_is_told_as_a_failure(counted(but=name, operations=[*asked, rejected(name)], entries=sent))
    assert found.outcome is Outcome.FAILED
    assert f"{name}: 5 times" in found.seen["answers"]


def test_a_refused_key_without_its_problem_fails():
    asked, sent = met("403", type="pms-unavailable")
    evidence = counted(but="403", operations=[*asked, rejected("403")], entries=sent)
    assert statuses.each_is_told_as_a_failure(evidence).outcome is Outcome.FAILED


def test_an_answer_metered_under_another_kind_or_not_at_all_fails():
    assert statuses.each_has_its_kind(counted(odd_kind="server")).outcome is Outcome.FAILED
    asked, sent = met("404", status=503, type="x")  # Counted.call is told of 502 only
    evidence = counted(but="404", operations=[*asked, rejected("404")], entries=sent)
    assert statuses.each_has_its_kind(evidence).outcome is Outcome.FAILED
    assert statuses.each_has_its_kind(replace(counted(), scrapes=[])).outcome is Outcome.UNKNOWN


def test_a_refusal_that_begins_the_count_anew_fails():
    evidence = counted(between=[*IN_BETWEEN[:-1], ask(91.3, "then", "then")])
    assert statuses.refusals_do_not_begin_the_count_anew(evidence).outcome is Outcome.FAILED
    late = counted(between=[*IN_BETWEEN[:-1], ask(95.0, "then", "then")])
    assert statuses.refusals_do_not_begin_the_count_anew(late).outcome is Outcome.UNKNOWN
    nobody = counted(between=IN_BETWEEN[:-1])
    assert statuses.refusals_do_not_begin_the_count_anew(nobody).outcome is Outcome.UNKNOWN
    unrefused = counted(between=[op for op in IN_BETWEEN if op.phase != "booking refused"])
    assert statuses.refusals_do_not_begin_the_count_anew(unrefused).outcome is Outcome.UNKNOWN


FORMS = waits.forms(1.0)


def limited(**gaps):
    """Each form with a probe as soon as it asks for; `gaps` by name with underscores, None for no probe."""
    phases, entries, at = {}, [], 10.0
    for name, form in FORMS.items():
        gap = gaps.get(name.replace(" ", "_"), form.due(1.0) + 0.02)
        entries.append(call(at, status=429))
        entries += [] if gap is None else [probe(at + gap, 429)]
        phases[name] = Span(at - 0.1, at + 3.0)
        at += 4.0
    told = expectation(fault="limited_with", opens_after=1, error_kind="rate_limit")
    return outage(phases=phases | {"armed": Span(9.0, at)}, ledger=entries, operations=[], expectation=told)


def test_waits_that_are_obeyed_pass():
    assert waits.each_wait_is_obeyed(limited()).outcome is Outcome.PASSED, waits.each_wait_is_obeyed(limited()).why
    assert {name: form.due(1.0) for name, form in FORMS.items()} == {
        "decimals": 2.0,
        "decimals below one": 1.0,
        "zero": 1.0,
        "negative": 1.0,
        "no number": 1.0,
        "date in the past": 1.0,
        "none at all": 1.0,
    }
    assert waits.forms(30.0)["decimals"] == waits.Form("30.5", 31.0)
    assert waits.forms(0.2)["decimals"] == waits.Form("0.5", 1.0)


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("gap", [0.01, 0.5, 2.9, None])
def test_a_wait_that_is_cut_short_or_overdone_fails_under_its_name(name, gap):
    found = waits.each_wait_is_obeyed(limited(**{name.replace(" ", "_"): gap}))
    assert found.outcome is Outcome.FAILED
    assert f"wrong: {name}" in found.seen["ledger"]


def test_decimals_that_are_ignored_or_cut_fail():
    assert waits.each_wait_is_obeyed(limited(decimals=1.02)).outcome is Outcome.FAILED
    assert waits.each_wait_is_obeyed(limited(decimals=1.5)).outcome is Outcome.FAILED


def test_a_guest_who_is_let_through_instead_of_a_probe_fails():
    evidence = limited(zero=None)
    at = evidence.phases["zero"].begin + 1.12
    assert waits.each_wait_is_obeyed(replace(evidence, ledger=[*evidence.ledger, call(at)])).outcome is Outcome.FAILED
    other = replace(evidence, ledger=[*evidence.ledger, call(at)], policy=policy(by_traffic=True))
    assert waits.each_wait_is_obeyed(other).outcome is Outcome.PASSED


def test_a_form_that_nobody_met_is_unknown():
    evidence = limited()
    phases = {name: span for name, span in evidence.phases.items() if name != "zero"}
    assert waits.each_wait_is_obeyed(replace(evidence, phases=phases)).outcome is Outcome.UNKNOWN


def opening(wait):
    return json.dumps({"event": "breaker", "from": "closed", "to": "open", "wait": wait})


def test_a_wait_of_a_day_that_is_obeyed_fails():
    assert (
        waits.no_wait_without_end(outage(log=f"{opening(1.0)}\nno json\n[]\n{opening(300)}")).outcome is Outcome.PASSED
    )
    assert waits.no_wait_without_end(outage(log=opening(100000.0))).outcome is Outcome.FAILED
    assert waits.no_wait_without_end(outage(log=opening(1.0))).outcome is Outcome.FAILED
    assert waits.no_wait_without_end(outage(log="")).outcome is Outcome.UNKNOWN
