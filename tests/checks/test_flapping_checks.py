"""Literal histories of a PMS that fails now and then."""

from __future__ import annotations

from pms_drill.checks import flapping
from pms_drill.checks.verdict import Outcome
from tests.checks.literal import ask, call, mock, outage

FAILED = {"status": 502, "type": "pms-unavailable"}


def alternating(count=24, **parts):
    """Every other question fails, and every one arrives."""
    asked = [ask(3 + n * 0.01, f"g{n}", **(FAILED if n % 2 else {})) for n in range(count)]
    ledger = [call(3.001 + n * 0.01, status=500 if n % 2 else 200) for n in range(count)]
    return outage(**{"operations": asked, "ledger": ledger} | parts)


def test_alternating_errors_that_are_all_asked_pass():
    found = flapping.alternating_errors_never_open(alternating())
    assert found.outcome is Outcome.PASSED, found.why


def test_a_breaker_that_opens_at_alternating_errors_fails():
    told = [*alternating().operations, mock(4.0, "late", "impact")]
    found = flapping.alternating_errors_never_open(alternating(operations=told))
    assert found.outcome is Outcome.FAILED
    assert "1 without the PMS" in found.why


def test_too_few_errors_of_each_kind_are_unknown():
    assert flapping.alternating_errors_never_open(alternating(18)).outcome is Outcome.UNKNOWN


def random_errors(*opened):
    """The breaker is open for 1 s from each of these moments on."""
    told = []
    for at in opened:
        told += [ask(at - 0.02, f"a{at}", **FAILED), ask(at - 0.01, f"b{at}"), mock(at, f"c{at}", "impact")]
        told.append(mock(at + 0.3, f"d{at}", "impact"))
    return outage(operations=told)


def test_openings_a_wait_apart_pass():
    found = flapping.opens_at_most_once_per_wait(random_errors(3.0, 4.05, 5.2))
    assert found.outcome is Outcome.PASSED, found.why
    assert "opened 3 times" in found.why


def test_two_openings_within_one_wait_fail():
    found = flapping.opens_at_most_once_per_wait(random_errors(3.0, 4.05, 4.6))
    assert found.outcome is Outcome.FAILED
    assert "too close: 4.05 s and 4.60 s" in found.why


def test_one_opening_says_nothing():
    assert flapping.opens_at_most_once_per_wait(random_errors(3.0)).outcome is Outcome.UNKNOWN


def test_only_questions_tell_of_an_opening():
    assert flapping.openings(random_errors(3.0).operations) != []
    assert flapping.openings([]) == []
