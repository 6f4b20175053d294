"""The checks of a PMS that is neither up nor down."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from pms_drill.checks import unsteady
from pms_drill.checks.verdict import Outcome
from pms_drill.episodes.unsteady import unsteady_questions
from tests.checks.literal import ask, mock, outage

STEADY = unsteady.alternating_errors_never_open_it
RANDOM = unsteady.random_errors_do_not_make_it_flap


def alternating(count=12):
    return [ask(1.0 + 0.1 * n, f"a{n}", "alternating", status=200 if n % 2 else 502) for n in range(count)]


def sequence(text, every=0.1):
    """p = answered by the PMS, f = failed, r = rejected."""
    kinds = {
        "p": lambda at, n: ask(at, f"r{n}", "random"),
        "f": lambda at, n: ask(at, f"r{n}", "random", status=502),
        "r": lambda at, n: mock(at, f"r{n}", "random"),
    }
    return outage(operations=[kinds[kind](1.0 + every * n, n) for n, kind in enumerate(text)])


def test_alternating_errors_that_open_nothing_pass():
    assert STEADY(outage(operations=alternating())).outcome is Outcome.PASSED


def test_alternating_errors_that_open_the_breaker_fail():
    assert STEADY(outage(operations=[*alternating(), mock(3.0, "m", "alternating")])).outcome is Outcome.FAILED


def test_too_few_errors_are_unknown():
    assert STEADY(outage(operations=alternating(6))).outcome is Outcome.UNKNOWN


def test_random_errors_that_open_it_once_in_each_wait_pass():
    assert RANDOM(sequence("pfffffrrrrrrrrrrpfffffrrrr")).outcome is Outcome.PASSED


@pytest.mark.parametrize("text", ["pfpfppff", "pfffffrrrrrrrrrrpfp"])
def test_random_errors_that_open_it_less_than_twice_are_unknown(text):
    assert RANDOM(sequence(text)).outcome is Outcome.UNKNOWN


def test_random_errors_that_make_it_flap_fail():
    assert RANDOM(sequence("pfrpfrpfrp")).outcome is Outcome.FAILED


def test_wait_that_is_cut_short_after_a_later_opening_fails():
    assert RANDOM(sequence("pfffffrrrrrrrrrrpfffffrpfffffrr")).outcome is Outcome.FAILED


def test_late_look_at_an_opening_does_not_make_two_of_them_too_near():
    """The machine stood still between the first opening and the first rejection: the openings were a wait apart."""
    told = sequence("pfffffrrrrrrrpfffffrrr").operations
    early = [replace(op, started=op.started - 0.5, ended=op.ended - 0.5) for op in told[:6]]
    assert RANDOM(outage(operations=[*early, *told[6:]])).outcome is Outcome.PASSED


@pytest.mark.parametrize("text", ["pppp", "ffff", ""])
def test_random_errors_that_were_none_are_unknown(text):
    assert RANDOM(sequence(text)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("row", [1, 2, 5, 10])
def test_pattern_of_failures_opens_a_breaker_of_consecutive_failures_in_each_stretch(row, seed):
    failing = set(unsteady_questions(row, seed))
    opened, count = [], 0
    for number in range(1, max(failing) + 1):
        count = count + 1 if number in failing else 0
        if count == row:
            opened.append(number)
            count = 0
    assert len(opened) >= 20
    assert max(later - sooner for sooner, later in pairwise([0, *opened])) <= 4 * row + 4
    assert 2 * len(failing) == max(failing)
