"""The checks of the log: pass, fail for the right reason, unknown when there is nothing to judge."""

from __future__ import annotations

import base64
import json

import pytest

from pms_drill.checks import logs
from pms_drill.checks.verdict import Outcome
from pms_drill.evidence.bundle import Mark
from tests.checks.literal import (
    KEY,
    ask,
    call,
    expectation,
    log,
    marks,
    mock,
    operations,
    outage,
    transition,
    without,
)

ALL = [logs.transitions_are_logged, logs.failures_are_logged, logs.no_secret_anywhere]


@pytest.mark.parametrize("check", ALL)
def test_a_good_outage_passes(check):
    verdict = check(outage())
    assert verdict.outcome is Outcome.PASSED, verdict.why


@pytest.mark.parametrize("check", ALL)
def test_an_empty_log_is_unknown(check):
    assert check(outage(log="\n")).outcome is Outcome.UNKNOWN


def lines():
    return log().splitlines()


def moves():
    """Numbers of the lines that tell a transition."""
    return [number for number, line in enumerate(lines()) if '"from"' in line]


@pytest.mark.parametrize("number", range(7))
def test_a_missing_transition_fails(number):
    told = lines()
    del told[moves()[number]]
    assert logs.transitions_are_logged(outage(log="\n".join(told))).outcome is Outcome.FAILED


@pytest.mark.parametrize("number", range(7))
def test_a_doubled_transition_fails(number):
    told = lines()
    told.insert(moves()[number], told[moves()[number]])
    assert logs.transitions_are_logged(outage(log="\n".join(told))).outcome is Outcome.FAILED


def test_whole_rounds_that_are_missing_are_missed_by_the_probes_that_were_seen():
    told = lines()
    del told[moves()[1] : moves()[3]]
    del told[moves()[1] : moves()[3]]
    found = logs.transitions_are_logged(outage(log="\n".join(told)))
    assert found.outcome is Outcome.FAILED
    assert "1 line(s) open to half_open, at least 3 happened" in found.seen["log"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reason": ""}, "reason missing"),
        ({"count": None}, "count missing"),
        ({"count": True}, "count missing"),
        ({"wait": "1 s"}, "wait missing"),
        ({"count": 4}, "count 4 instead of 5"),
        ({"wait": 0.5}, "wait 0.5 instead of 1"),
        ({"wait": 30}, "wait 30 instead of 1"),
    ],
    ids=str,
)
def test_a_transition_with_a_missing_or_wrong_field_fails(changes, said):
    told = lines()
    told[moves()[0]] = transition(3.044, "closed", "open", **({"wait": 1.0} | changes))
    found = logs.transitions_are_logged(outage(log="\n".join(told)))
    assert found.outcome is Outcome.FAILED
    assert said in found.seen["log"]


def test_an_illegal_transition_fails():
    told = [*lines(), transition(7.0, "closed", "half_open")]
    found = logs.transitions_are_logged(outage(log="\n".join(told)))
    assert "closed to half_open is not a legal move" in found.seen["log"]


def test_a_log_without_structure_has_no_transition():
    assert logs.transitions_are_logged(outage(log="PMS breaker is open\n")).outcome is Outcome.FAILED


def test_without_an_opening_the_transitions_are_unknown():
    evidence = outage(operations=[op for op in operations() if op.source != "mock"])
    assert logs.transitions_are_logged(evidence).outcome is Outcome.UNKNOWN


def under(kind, text, number=5, status=500, told=None):
    """A log with `number` lines, under a fault of a kind that the ledger shows with a status."""
    calls = [call(3.001 + 0.01 * n, status=status) for n in range(5)]
    given = {} if told is None else {"operations": [*without(operations(), phase="impact"), *told]}
    return outage(expectation=expectation(error_kind=kind), ledger=calls, log=f"{text}\n" * number, **given)


@pytest.mark.parametrize(
    ("kind", "text", "status"),
    [
        ("auth", '{"message": "PMS call failed: refused with 401"}', 401),
        ("auth", '{"message": "PMS refused", "status": 403}', 403),
        ("timeout", '{"message": "PMS call failed: timeout: no answer"}', 200),
        ("timeout", "PMS Timeout", 200),
        ("lost", '{"level": "warning", "message": "PMS call: connection lost"}', 200),
        ("connect", '{"level": "error", "message": "PMS: could not connect"}', 200),
    ],
)
def test_a_failed_call_is_found_by_its_words(kind, text, status):
    assert logs.failures_are_logged(under(kind, text, status=status)).outcome is Outcome.PASSED
    assert logs.failures_are_logged(under(kind, text, 4, status=status)).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("kind", "text", "status"),
    [
        ("auth", '{"message": "PMS call failed: refused"}', 401),
        ("auth", '{"message": "call failed: refused with 401"}', 401),
        ("auth", '{"message": "PMS call failed", "seconds": 0.401}', 401),
        ("auth", '{"message": "PMS call failed", "id": "a1-401-b2"}', 401),
        ("auth", '{"message": "PMS call failed", "seconds": 401.5}', 401),
        ("auth", '{"message": "PMS call failed: 403"}', 401),
        ("timeout", '{"message": "PMS call failed: no answer"}', 200),
        ("timeout", '{"message": "call failed: timeout"}', 200),
        ("lost", '{"message": "PMS answered"}', 200),
        ("lost", transition(1.0, "closed", "open", message="PMS"), 200),
    ],
)
def test_a_failed_call_without_its_words_fails(kind, text, status):
    assert logs.failures_are_logged(under(kind, text, status=status)).outcome is Outcome.FAILED


def test_the_question_that_met_a_429_is_logged_with_its_number():
    told = [mock(3.0, "imp0", "impact")]
    text = '{"message": "PMS call failed: refused with 429: rate limited"}'
    good = under("rate_limit", text, status=429, told=told)
    assert logs.failures_are_logged(good).outcome is Outcome.PASSED
    assert logs.failures_are_logged(under("rate_limit", "PMS", status=429, told=told)).outcome is Outcome.FAILED


FAILED_CALL = {"operation": "availability", "kind": "server", "message": "PMS call failed: server error 500"}


def without_guests_lines():
    """Lines of the guests' failed calls are missing; those of probes and of the second strike are there."""
    return "\n".join(line for line in lines() if json.dumps(FAILED_CALL) != line) + "\n"


@pytest.mark.parametrize("more", [0, 1, 9])
def test_lines_about_probes_and_about_the_second_strike_do_not_stand_in_for_guests(more):
    told = without_guests_lines() + f"{json.dumps(FAILED_CALL)}\n" * more
    found = logs.failures_are_logged(outage(log=told))
    assert found.outcome is Outcome.FAILED
    assert "0 lines with PMS for 5 failed calls" in found.seen["log"]


@pytest.mark.parametrize("at", [3.0, 4.0, 4.5])
def test_log_that_was_read_when_a_probe_may_have_been_logged_is_unknown(at):
    told = marks(log()) | {"open": [Mark(at, len(log()))]}
    assert logs.failures_are_logged(outage(log_marks=told)).outcome is Outcome.UNKNOWN


def test_of_several_readings_the_last_one_before_a_probe_counts():
    told = marks(log())
    told["open"].append(Mark(4.5, len(log())))
    assert logs.failures_are_logged(outage(log_marks=told)).outcome is Outcome.PASSED
    late = {**told, "fault": [Mark(2.99, told["open"][1].length)]}
    assert logs.failures_are_logged(outage(log_marks=late)).outcome is Outcome.FAILED


def test_lines_that_are_missing_right_after_the_opening_may_be_on_their_way():
    early = marks(log())
    early["open"] = [Mark(3.1, early["fault"][0].length)]
    assert logs.failures_are_logged(outage(log_marks=early)).outcome is Outcome.UNKNOWN


def test_log_that_was_not_read_at_the_opening_is_unknown():
    assert logs.failures_are_logged(outage(log_marks={})).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "evidence",
    [
        under("", "PMS refused"),
        under("auth", "PMS 401", status=500),
        under("lost", "PMS failed", told=[]),
    ],
    ids=["business answers", "the ledger saw none", "nobody asked"],
)
def test_failures_that_nobody_saw_are_unknown(evidence):
    assert logs.failures_are_logged(evidence).outcome is Outcome.UNKNOWN


ODD = "p+ss/w&rd=ÄÖÜ 12345678"


@pytest.mark.parametrize(
    ("secret", "text", "said"),
    [
        (KEY, f"key {KEY}", "raw"),
        (KEY, base64.b64encode(KEY.encode()).decode(), "in Base64"),
        (KEY, base64.b64encode(f"{KEY}:".encode()).decode(), "in Base64"),
        (KEY, base64.b64encode(f"x:{KEY}".encode()).decode(), "in Base64"),
        (KEY, base64.b64encode(f"xy:{KEY}!".encode()).decode(), "in Base64"),
        (KEY, base64.b64encode(f"xyz:{KEY}!".encode()).decode(), "in Base64"),
        (ODD, base64.urlsafe_b64encode(f"xyz:{ODD}".encode()).decode(), "in Base64"),
        (ODD, "k=p%2Bss%2Fw%26rd%3D%C3%84%C3%96%C3%9C%2012345678", "encoded for a URL"),
        (ODD, "k=p%2Bss%2Fw%26rd%3D%C3%84%C3%96%C3%9C+12345678", "encoded for a URL"),
        (ODD, json.dumps({"key": ODD}), "raw"),
    ],
)
def test_a_secret_in_the_log_fails_and_is_not_repeated(secret, text, said):
    found = logs.no_secret_anywhere(outage(secrets=("another-secret", secret), log=f"{log()}{text}\n"))
    assert found.outcome is Outcome.FAILED
    assert f"secret 2 {said} in the log" in found.seen["found"]
    assert secret not in found.why


def test_a_secret_in_an_answer_or_in_the_metrics_fails():
    told = [*operations(), ask(7.2, "x", "recovered", status=502, detail=f"key {KEY}")]
    assert "in the answers" in logs.no_secret_anywhere(outage(operations=told)).seen["found"]
    scrapes = outage().scrapes
    leaking = type(scrapes[0])(12.0, 12.1, scrapes[0].samples, {}, f'x{{key="{KEY}"}} 1\n')
    assert "in the metrics" in logs.no_secret_anywhere(outage(scrapes=[*scrapes, leaking])).seen["found"]


def test_a_part_of_a_secret_is_none():
    assert logs.no_secret_anywhere(outage(log=f"{log()}{KEY[:20]}\n{KEY[1:]}\n")).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    "changes", [{"secrets": ()}, {"secrets": (KEY, "short")}, {"scrapes": []}, {"operations": []}], ids=str
)
def test_secrets_that_are_not_known_or_not_looked_for_everywhere_are_unknown(changes):
    assert logs.no_secret_anywhere(outage(**changes)).outcome is Outcome.UNKNOWN


def test_secrets_are_not_shown_by_evidence():
    assert KEY not in repr(outage())
