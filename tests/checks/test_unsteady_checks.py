"""The checks of a PMS that is neither up nor down."""

from __future__ import annotations

import pytest

from pms_drill.checks import unsteady
from pms_drill.checks.verdict import Outcome
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


@pytest.mark.parametrize("text", ["pfpfppff", "pfffffrrrrrrrrrrpfp", "pfffffrrrrrrrrrrpfffffrrrr"])
def test_random_errors_that_open_it_now_and_then_pass(text):
    assert RANDOM(sequence(text)).outcome is Outcome.PASSED


def test_random_errors_that_make_it_flap_fail():
    assert RANDOM(sequence("pfrpfrpfrp")).outcome is Outcome.FAILED


@pytest.mark.parametrize("text", ["pppp", "ffff", ""])
def test_random_errors_that_were_none_are_unknown(text):
    assert RANDOM(sequence(text)).outcome is Outcome.UNKNOWN
