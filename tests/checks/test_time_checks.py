"""The checks of late results, stepped clocks and dates."""

from __future__ import annotations

import pytest

from pms_drill.checks import breaker_time as time
from pms_drill.checks.verdict import Outcome
from pms_drill.evidence.bundle import Span
from tests.checks.literal import ask, booked, call, mock, outage, probe, reserve

IMPACT = [*[ask(3.0 + 0.01 * n, f"imp{n}", status=502) for n in range(5)], mock(3.05, "imp5", "impact")]
CALLS = [call(3.001 + 0.01 * n, status=500) for n in range(5)]
LATE = reserve(2.95, "late", "late", took=0.5, status=202)


def late_success(**changes):
    entry = booked(2.96, "late", answered=3.36, delivered=3.36)
    told = {
        "operations": [*IMPACT, LATE, mock(3.5, "after", "after_late")],
        "ledger": [*CALLS, entry, probe(4.06, 200)],
    }
    return outage(**told | changes)


def late_failure(at, **changes):
    entry = booked(2.96, "late", None, delivered=None, answered=None)
    return outage(**{"operations": [*IMPACT, LATE], "ledger": [*CALLS, entry, *[probe(at)] * bool(at)]} | changes)


def test_a_late_success_that_changes_nothing_passes():
    assert time.late_success_does_not_close(late_success()).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    "changes",
    [
        {"operations": [*IMPACT, LATE, ask(3.5, "after", "after_late")]},
        {"ledger": [*late_success().ledger, call(3.6)]},
    ],
    ids=["guest answered by the PMS", "call while open"],
)
def test_a_late_success_that_closes_the_breaker_fails(changes):
    assert time.late_success_does_not_close(late_success(**changes)).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "changes",
    [
        {"operations": [*IMPACT, LATE]},
        {"operations": [*IMPACT, LATE, mock(4.5, "after", "after_late")]},
        {"ledger": [*CALLS, booked(2.96, "late", answered=3.01, delivered=3.01)]},
        {"ledger": CALLS},
        {"operations": IMPACT[:5]},
    ],
    ids=["nobody asked", "asked too late", "not late", "no booking", "never opened"],
)
def test_a_success_that_was_not_late_is_unknown(changes):
    assert time.late_success_does_not_close(late_success(**changes)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("at", [4.05, 4.3])
def test_a_late_failure_that_changes_nothing_passes(at):
    assert time.late_failure_does_not_extend_the_wait(late_failure(at)).outcome is Outcome.PASSED


def test_a_late_failure_that_extends_the_wait_fails():
    assert time.late_failure_does_not_extend_the_wait(late_failure(4.47)).outcome is Outcome.FAILED


@pytest.mark.parametrize("changes", [{"ledger": CALLS}, {"operations": IMPACT[:5]}], ids=["no booking", "never opened"])
def test_a_failure_that_was_not_late_is_unknown(changes):
    assert time.late_failure_does_not_extend_the_wait(late_failure(4.05, **changes)).outcome is Outcome.UNKNOWN
    assert time.late_failure_does_not_extend_the_wait(late_failure(0)).outcome is Outcome.UNKNOWN


def stepped(*probes, beside=3600.0, back_until=4.1):
    notes = {} if beside is None else {time.WALL_CLOCK: beside}
    phases = {"impact": Span(3.0, 3.06), "armed": Span(3.0, 6.0), "back": Span(3.06, back_until)}
    return outage(operations=IMPACT, ledger=[*CALLS, *map(probe, probes)], notes=notes, phases=phases)


def test_a_wait_on_the_monotonic_clock_passes():
    verdict = time.wall_clock_does_not_matter(stepped(4.05, 5.07))
    assert verdict.outcome is Outcome.PASSED, verdict.why


@pytest.mark.parametrize(
    "evidence",
    [stepped(back_until=9.0), stepped(4.05, 4.2), stepped(3.2, 4.3), stepped(6.0, 7.1)],
    ids=["frozen by the step back", "cut short by the step forth", "cut short at once", "much too late"],
)
def test_a_wait_on_the_wall_clock_fails(evidence):
    assert time.wall_clock_does_not_matter(evidence).outcome is Outcome.FAILED


@pytest.mark.parametrize("beside", [None, 0.0], ids=["not read", "not stepped"])
def test_a_clock_that_was_not_stepped_proves_nothing(beside):
    assert time.wall_clock_does_not_matter(stepped(4.05, 5.07, beside=beside)).outcome is Outcome.UNKNOWN
    assert time.wall_clock_does_not_matter(stepped()).outcome is Outcome.UNKNOWN


def limited(*later, met=(3.001,)):
    told = [mock(3.0, "imp", "impact"), mock(3.5, "b", "open")]
    calls = [call(at, status=429) for at in met]
    notes = {"not before": 5.9, "not after": 7.0}
    return outage(operations=told, ledger=[*calls, *[probe(at, 429) for at in later]], notes=notes)


def test_a_date_that_is_waited_for_passes():
    assert time.date_of_a_limit_is_obeyed(limited(6.3)).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    "evidence",
    [limited(4.05, 6.3), limited(9.0), limited(), limited(6.3, met=(3.001, 3.01))],
    ids=["its own wait", "too late", "never", "twice"],
)
def test_a_date_that_is_not_obeyed_fails(evidence):
    assert time.date_of_a_limit_is_obeyed(evidence).outcome is Outcome.FAILED


def test_a_limit_that_nobody_met_is_unknown():
    assert time.date_of_a_limit_is_obeyed(limited(6.3, met=())).outcome is Outcome.UNKNOWN
    assert time.date_of_a_limit_is_obeyed(outage()).outcome is Outcome.UNKNOWN
