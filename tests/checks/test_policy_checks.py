"""The checks of optional policies: each passes what is claimed and fails for its own reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pms_drill.checks import breaker_policies as policies
from pms_drill.checks.verdict import Outcome
from pms_drill.evidence.bundle import Span
from tests.checks.literal import Counted, ask, call, mock, outage, policy, probe

VOLUME = policy(minimum_calls=4, window=2.0)
PHASES = {"few": Span(1.0, 1.1), "few_again": Span(4.0, 4.1), "armed": Span(7.0, 9.0)}


def bad(at, phase, count):
    return [ask(at + 0.01 * n, f"{phase}{n}", phase, status=502) for n in range(count)]


def volume(**changes):
    told = {
        "few": bad(1.0, "few", 3),
        "still_few": [ask(1.2, "s", "still_few")],
        "few_again": bad(4.0, "few_again", 3),
        "still_again": [ask(4.2, "t", "still_again")],
        "first_half": bad(7.0, "first_half", 2),
        "impact": [*bad(8.0, "impact", 2), mock(8.1, "i", "impact")],
    } | changes
    return outage(operations=[op for ops in told.values() for op in ops], policy=VOLUME, phases=PHASES)


FEW, OLD, PARTS = (
    policies.few_failures_do_not_open_it,
    policies.old_failures_do_not_count,
    policies.failures_across_the_window_add_up,
)


@pytest.mark.parametrize("check", [FEW, OLD, PARTS])
def test_a_breaker_over_a_window_passes(check):
    assert check(volume()).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("check", "changes"),
    [
        (FEW, {"still_few": [mock(1.2, "s", "still_few")]}),
        (OLD, {"few_again": [*bad(4.0, "few_again", 1), mock(4.05, "x", "few_again")]}),
        (PARTS, {"impact": bad(8.0, "impact", 5)}),
        (PARTS, {"impact": [mock(8.0, "i", "impact")]}),
    ],
    ids=["no minimum volume", "stale window", "half is lost", "opens early"],
)
def test_a_breaker_that_counts_otherwise_fails(check, changes):
    assert check(volume(**changes)).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("check", "changes"),
    [(FEW, {"few": bad(1.0, "few", 2)}), (OLD, {"still_again": []}), (PARTS, {"first_half": []})],
)
def test_too_few_calls_are_unknown(check, changes):
    assert check(volume(**changes)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("check", "changes"),
    [
        (FEW, {"few": [ask(1.0 + 0.01 * n, f"w{n}", "few") for n in range(3)]}),
        (OLD, {"few": bad(1.0, "few", 2)}),
        (OLD, {"few": [ask(1.0 + 0.01 * n, f"w{n}", "few") for n in range(3)]}),
        (OLD, {"few_again": [ask(4.0 + 0.01 * n, f"w{n}", "few_again") for n in range(3)]}),
        (PARTS, {"first_half": [ask(7.0 + 0.01 * n, f"w{n}", "first_half") for n in range(2)]}),
    ],
)
def test_calls_that_did_not_fail_show_nothing_of_a_window(check, changes):
    assert check(volume(**changes)).outcome is Outcome.UNKNOWN


def test_failures_that_are_not_a_window_apart_show_nothing_of_old_ones():
    told = volume()
    close = told.phases | {"few_again": Span(2.9, 3.0)}
    assert OLD(replace(told, phases=close)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("check", [FEW, OLD])
@pytest.mark.parametrize("least", [0, 1])
def test_policy_under_which_not_one_call_failed_is_unknown(check, least):
    told = replace(volume(few=[], few_again=[]), policy=policy(minimum_calls=least, window=2.0))
    assert check(told).outcome is Outcome.UNKNOWN


def waits(*probes):
    calls = [call(3.001 + 0.01 * n, status=500) for n in range(5)]
    phases = {"impact": Span(3.0, 3.06), "armed": Span(3.0, 20.0)}
    told = [*bad(3.0, "impact", 5), mock(3.05, "i", "impact")]
    growing = policy(wait_growth=2.0, longest_wait=3.0)
    return outage(operations=told, ledger=[*calls, *map(probe, probes)], phases=phases, policy=growing)


def test_waits_that_grow_up_to_the_longest_pass():
    assert policies.wait_grows(waits(4.05, 6.1, 9.15, 12.2)).outcome is Outcome.PASSED


@pytest.mark.parametrize("probes", [(4.05, 5.1, 6.15), (4.05, 6.1, 10.15, 18.2)], ids=["fixed", "no longest"])
def test_waits_that_do_not_grow_as_declared_fail(probes):
    assert policies.wait_grows(waits(*probes)).outcome is Outcome.FAILED


def test_two_probes_say_nothing_about_growth():
    assert policies.wait_grows(waits(4.05, 6.1)).outcome is Outcome.UNKNOWN


def forced(*calls, asked=None, after=None, end=6.0):
    told = asked or [mock(3.0 + 0.5 * n, f"f{n}", "forced") for n in range(6)]
    told = [*told, after or ask(6.1, "a", "after_reset")]
    return outage(operations=told, ledger=list(calls), phases={"forced": Span(3.0, end)})


def test_a_forced_breaker_that_holds_passes():
    assert policies.forced_open_holds(forced()).outcome is Outcome.PASSED
    assert policies.forced_open_holds(forced(end=4.0)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "evidence",
    [forced(probe(4.05, 200)), forced(asked=[ask(3.5, "f", "forced")]), forced(after=mock(6.1, "a", "after_reset"))],
    ids=["timer still runs", "guest passes", "reset does not close"],
)
def test_a_forced_breaker_that_does_not_hold_fails(evidence):
    assert policies.forced_open_holds(evidence).outcome is Outcome.FAILED


def slow(**changes):
    told = {
        "quick": [ask(1.0 + 0.2 * n, f"q{n}", "quick", took=0.1) for n in range(6)],
        "impact": [
            *[ask(3.0 + 0.4 * n, f"s{n}", "impact", took=0.38) for n in range(5)],
            mock(5.1, "i", "impact"),
        ],
        "open": [mock(6.9, "o", "open")],
    } | changes
    calls = [call(6.1, "/api/hotels", 200, answered=6.48, delivered=6.48)]
    phases = {"impact": Span(3.0, 5.2), "armed": Span(3.0, 7.0)}
    operations = [op for ops in told.values() for op in ops]
    return outage(operations=operations, ledger=calls, phases=phases, policy=policy(slow_call=0.25))


@pytest.mark.parametrize("check", [policies.slow_calls_open_it, policies.slow_probe_reopens])
def test_slow_calls_that_count_pass(check):
    verdict = check(slow())
    assert verdict.outcome is Outcome.PASSED, verdict.why


def test_slow_calls_that_do_not_count_or_quick_ones_that_do_fail():
    healthy = slow(impact=[ask(3.0 + 0.4 * n, f"s{n}", "impact", took=0.38) for n in range(8)])
    assert policies.slow_calls_open_it(healthy).outcome is Outcome.FAILED
    assert policies.slow_calls_open_it(slow(quick=[mock(1.0, "q", "quick")])).outcome is Outcome.FAILED


def test_a_slow_probe_that_closes_it_fails():
    assert policies.slow_probe_reopens(slow(open=[ask(6.9, "o", "open")])).outcome is Outcome.FAILED


def switched_off(*, asked=None, calls=8, counted=8, after=None):
    counts = Counted()
    for number in range(counted):
        counts.call(3.004 + 0.01 * number, "availability", "server")
    told = [*(bad(3.0, "impact", 8) if asked is None else asked), after or ask(6.1, "a", "after")]
    ledger = [call(3.001 + 0.01 * n, status=500) for n in range(calls)]
    phases = {"impact": Span(3.0, 3.1), "armed": Span(3.0, 3.5)}
    return outage(operations=told, ledger=ledger, scrapes=counts.scrapes(2.5, 4.0), phases=phases)


def test_a_switched_off_breaker_that_measures_on_passes():
    verdict = policies.switched_off_it_measures_on(switched_off())
    assert verdict.outcome is Outcome.PASSED, verdict.why
    assert policies.switched_off_it_measures_on(switched_off(asked=bad(3.0, "impact", 5))).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "evidence",
    [
        switched_off(asked=[*bad(3.0, "impact", 5), *[mock(3.05 + 0.01 * n, f"m{n}", "impact") for n in range(3)]]),
        switched_off(calls=6),
        switched_off(counted=0),
        switched_off(after=mock(6.1, "a", "after")),
    ],
    ids=["it opens all the same", "calls are held back", "nothing is counted", "open afterwards"],
)
def test_a_switched_off_breaker_that_rejects_or_does_not_count_fails(evidence):
    assert policies.switched_off_it_measures_on(evidence).outcome is Outcome.FAILED


def beside(*, hanging=None, well=None, **notes):
    told = {
        "hanging": [ask(3.0 + 0.2 * n, f"h{n}", "hanging", took=0.11) for n in range(8)]
        if hanging is None
        else hanging,
        "well_after_hanging": well or [ask(5.0, "w", "well_after_hanging")],
        "refusing": [ask(5.5 + 0.01 * n, f"r{n}", "refusing") for n in range(8)],
        "well_after_refusing": [ask(5.9, "v", "well_after_refusing")],
    }
    counted = {"steady": 8.0, "hanging": 0.0, "well_after_hanging": 1.0, "refusing": 0.0, "well_after_refusing": 1.0}
    seen = {f"asked_{phase}": number for phase, number in (counted | notes).items()}
    return outage(operations=[op for ops in told.values() for op in ops], notes=seen)


def test_a_second_service_of_its_own_passes():
    verdict = policies.other_dependency_does_not_open_it(beside())
    assert verdict.outcome is Outcome.PASSED, verdict.why
    failing = beside(hanging=bad(3.0, "hanging", 8))  # the agent cannot do without it, and says so: its own affair
    assert policies.other_dependency_does_not_open_it(failing).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    "evidence",
    [
        beside(hanging=[*bad(3.0, "hanging", 5), *[mock(3.1 + 0.01 * n, f"m{n}", "hanging") for n in range(3)]]),
        beside(well=[mock(5.0, "w", "well_after_hanging")]),
    ],
    ids=["shared except", "open afterwards"],
)
def test_a_second_service_that_opens_the_breaker_fails(evidence):
    assert policies.other_dependency_does_not_open_it(evidence).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "evidence",
    [beside(steady=0.0), beside(hanging=[]), beside(refusing=3.0), beside(well_after_refusing=0.0)],
    ids=["never asked", "nobody came", "fault did not act", "not asked again"],
)
def test_a_second_service_that_is_not_asked_or_does_not_fail_says_nothing(evidence):
    assert policies.other_dependency_does_not_open_it(evidence).outcome is Outcome.UNKNOWN
