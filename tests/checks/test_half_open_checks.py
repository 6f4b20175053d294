"""The checks of half-open in the crowd: one call passes, fifty guests do not, and nobody waits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pms_drill.checks import breaker_half_open as half_open
from pms_drill.checks.verdict import Outcome
from pms_drill.evidence.bundle import Span
from tests.checks.literal import ask, call, mock, outage, policy, probe

PHASES = {
    "steady": Span(0.0, 1.0),
    "impact": Span(3.0, 3.06),
    "armed": Span(3.0, 3.1),
    "silence": Span(3.2, 4.05),
    "crowd": Span(4.06, 4.2),
    "recovery": Span(4.2, 4.5),
    "after": Span(4.5, 4.7),
}
FAILED = [ask(3.0 + 0.01 * n, f"imp{n}", status=502) for n in range(5)]
CROWD = [mock(4.06 + 0.002 * n, f"c{n}", "crowd") for n in range(50)]
AFTER = [ask(4.5 + 0.01 * n, f"a{n}", "after") for n in range(5)]
OPERATIONS = [*FAILED, mock(3.05, "imp5", "impact"), *CROWD, mock(4.3, "r0", "recovery"), ask(4.46, "r1", "recovery")]
PROBE = call(4.05, "/api/hotels", 200, answered=4.44, delivered=4.45)
LEDGER = [*[call(3.001 + 0.01 * n, status=500) for n in range(5)], PROBE]
LEDGER += [call(4.461), *[call(4.501 + 0.01 * n) for n in range(5)]]
ALL = [
    half_open.half_open_comes_by_itself,
    half_open.crowd_adds_no_call,
    half_open.crowd_does_not_wait_for_the_probe,
    half_open.closes_after_the_declared_probes,
    half_open.closing_makes_no_stampede,
]


def crowded(**changes):
    return outage(**({"phases": PHASES, "operations": [*OPERATIONS, *AFTER], "ledger": LEDGER} | changes))


@pytest.mark.parametrize("check", ALL)
def test_a_crowd_that_meets_one_probe_passes(check):
    verdict = check(crowded())
    assert verdict.outcome is Outcome.PASSED, verdict.why


@pytest.mark.parametrize("check", ALL)
def test_a_breaker_that_never_opened_says_nothing(check):
    nobody = crowded(operations=FAILED, ledger=LEDGER[:5])
    assert check(nobody).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("at", [3.5, 4.9], ids=["early", "late"])
def test_a_probe_at_another_time_than_the_wait_says_fails(at):
    moved = crowded(ledger=[*LEDGER[:5], probe(at, 200)], operations=OPERATIONS[:6])
    assert half_open.half_open_comes_by_itself(moved).outcome is Outcome.FAILED


def test_a_breaker_that_waits_for_guests_fails_the_probe_without_traffic():
    phases = PHASES | {"silence": Span(3.2, 7.0)}
    nothing = crowded(ledger=LEDGER[:5], operations=OPERATIONS[:6], phases=phases)
    assert half_open.half_open_comes_by_itself(nothing).outcome is Outcome.FAILED
    asked = crowded(operations=[*OPERATIONS, mock(3.5, "early", "other")])
    assert half_open.half_open_comes_by_itself(asked).outcome is Outcome.UNKNOWN


def test_guests_who_come_just_before_the_end_of_the_probe_have_not_queued_behind_it():
    """Ten of fifty, on a machine with other work: each has its answer a fifth of a second after it came."""
    late = [mock(4.34 + 0.002 * n, f"c{n}", "crowd", took=0.2) for n in range(10)]
    crowd = [op for op in OPERATIONS if op.phase != "crowd"] + CROWD[10:] + late
    phases = PHASES | {"crowd": Span(4.06, 4.4)}
    found = half_open.crowd_does_not_wait_for_the_probe(crowded(operations=[*crowd, *AFTER], phases=phases))
    assert found.outcome is Outcome.PASSED, found.why


@pytest.mark.parametrize("extra", [1, 20, 49])
def test_a_half_open_breaker_that_lets_others_through_fails(extra):
    flood = [call(4.07 + 0.002 * n) for n in range(extra)]
    found = half_open.crowd_adds_no_call(crowded(ledger=[*LEDGER, *flood]))
    assert found.outcome is Outcome.FAILED
    assert f"{extra + 1} call(s)" in found.seen["ledger"]


@pytest.mark.parametrize("check", [half_open.crowd_adds_no_call, half_open.crowd_does_not_wait_for_the_probe])
def test_a_crowd_that_came_too_late_is_unknown(check):
    late = [mock(4.44 + 0.002 * n, f"c{n}", "crowd") for n in range(50)]
    assert check(crowded(operations=[*FAILED, mock(3.05, "i", "impact"), *late])).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(("queued", "outcome"), [(5, Outcome.PASSED), (6, Outcome.FAILED)])
def test_guests_who_queue_behind_the_probe_fail(queued, outcome):
    waiting = [replace(op, ended=4.46) for op in CROWD[:queued]]
    evidence = crowded(operations=[*FAILED, mock(3.05, "i", "impact"), *waiting, *CROWD[queued:]])
    assert half_open.crowd_does_not_wait_for_the_probe(evidence).outcome is outcome


def test_a_guest_who_is_told_an_error_instead_of_a_rejection_fails():
    evidence = crowded(operations=[*OPERATIONS, ask(4.1, "odd", "crowd", status=500)])
    assert half_open.crowd_does_not_wait_for_the_probe(evidence).outcome is Outcome.FAILED


def test_another_number_of_probes_than_declared_fails():
    assert (
        half_open.closes_after_the_declared_probes(crowded(policy=policy(probes_to_close=2))).outcome is Outcome.FAILED
    )
    two = crowded(ledger=[*LEDGER, probe(4.455, 200)])
    assert half_open.closes_after_the_declared_probes(two).outcome is Outcome.FAILED
    declared = replace(two, policy=policy(probes_to_close=2))
    assert half_open.closes_after_the_declared_probes(declared).outcome is Outcome.PASSED


def test_a_flood_of_queued_calls_at_the_closing_fails():
    flood = [call(4.47, name="") for _ in range(20)]
    assert half_open.closing_makes_no_stampede(crowded(ledger=[*LEDGER, *flood])).outcome is Outcome.FAILED


def by_traffic(*pairs, probes_to_close=1):
    """One guest is the probe, fifty are rejected, then guests come in pairs: whom of each the PMS answered."""
    operations = [*FAILED, mock(3.05, "imp5", "impact"), ask(4.049, "first", "probe", took=0.4), *CROWD, *AFTER]
    ledger = [*LEDGER[:5], call(4.05, answered=4.44, delivered=4.45), *LEDGER[-5:]]
    for number, answered in enumerate(pairs):
        at = 4.46 + 0.01 * number
        told = [ask if good else mock for good in answered]
        operations += [tell(at + 0.001 * n, f"p{number}{n}", "recovery") for n, tell in enumerate(told)]
        ledger += [call(at + 0.0005 + 0.001 * n) for n, good in enumerate(answered) if good]
    claims = policy(by_traffic=True, probes_to_close=probes_to_close)
    return crowded(operations=operations, ledger=ledger, policy=claims)


@pytest.mark.parametrize("check", ALL[1:])
def test_a_guest_who_is_the_probe_passes_where_that_is_declared(check):
    verdict = check(by_traffic((True, True)))
    assert verdict.outcome is Outcome.PASSED, verdict.why


def test_a_breaker_that_lets_one_of_two_guests_pass_needs_another_probe():
    check = half_open.closes_after_the_declared_probes
    second = ((True, False), (True, True))
    assert check(by_traffic(*second, probes_to_close=2)).outcome is Outcome.PASSED
    assert check(by_traffic(*second)).outcome is Outcome.FAILED
    assert check(by_traffic((True, True), probes_to_close=2)).outcome is Outcome.FAILED
    assert check(by_traffic((True, False))).outcome is Outcome.UNKNOWN
