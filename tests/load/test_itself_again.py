"""After an outage an agent is itself again, or it lost something with each call that hung."""

from __future__ import annotations

from random import Random

import pytest

from pms_drill.checks.verdict import Outcome
from pms_drill.load.again import AgainBound, itself_again
from pms_drill.load.bands import load_targets

BOUND = AgainBound(ratio=2.0, allowance_ms=100.0, minimum=20)


def times(typical: float, n: int = 300, seed: int = 1) -> list[float]:
    dice = Random(seed)
    return [typical * dice.uniform(0.5, 1.5) for _ in range(n)]


def outcome(before: list[float], after: list[float], *doubts: str) -> Outcome:
    return itself_again(before, after, len(after), "availability in recovered again", BOUND, doubts).outcome


def test_an_agent_that_is_three_times_slower_afterwards_fails() -> None:
    verdict = itself_again(times(200), times(600, seed=2), 300, "availability in recovered again", BOUND, [])
    assert verdict.outcome is Outcome.FAILED
    assert "p50 199 ms, afterwards 594 ms" in verdict.seen["load"]
    assert "(n 300 and 300)" in verdict.seen["load"]


def test_an_agent_whose_slowest_guests_alone_wait_longer_fails() -> None:
    slow_tail = [*times(50, 270, seed=2), *times(900, 30)]
    assert outcome(times(50), slow_tail) is Outcome.FAILED


def test_an_agent_whose_mock_answers_afterwards_fails_however_quick_it_is() -> None:
    verdict = itself_again(times(200), times(10, 90), 300, "availability in recovered again", BOUND, [])
    assert verdict.outcome is Outcome.FAILED
    assert "90 of 300 guests were answered by the PMS afterwards" in verdict.seen["load"]
    half = itself_again(times(200), times(10, 150), 300, "availability in recovered again", BOUND, [])
    assert half.outcome is Outcome.PASSED


@pytest.mark.parametrize("after", [times(200, seed=3), times(380, seed=3), times(90, seed=3)])
def test_an_agent_that_is_about_as_fast_as_before_passes(after: list[float]) -> None:
    assert outcome(times(200), after) is Outcome.PASSED


def test_so_few_samples_that_chance_may_have_made_the_difference_do_not_fail() -> None:
    # 21 reservations: their largest cannot bound the 95th percentile before, and the medians overlap.
    assert outcome(times(200, 21), [*times(220, 18, seed=4), 900.0, 950.0, 990.0]) is Outcome.PASSED
    # A median is bounded by 21 samples.
    assert outcome(times(200, 21), times(900, 21, seed=4)) is Outcome.FAILED


@pytest.mark.parametrize(("before", "after"), [(19, 300), (300, 19), (0, 0)])
def test_too_few_samples_are_unknown(before: int, after: int) -> None:
    assert outcome(times(200, before), times(9000, after)) is Outcome.UNKNOWN


def test_a_doubt_about_either_phase_is_unknown_however_slow_it_was() -> None:
    assert outcome(times(200), times(9000), "generator late: p99 80 ms") is Outcome.UNKNOWN


def test_the_shipped_bound_is_read() -> None:
    assert load_targets().again == AgainBound(ratio=2.0, allowance_ms=100.0, minimum=20)
