"""Intervals of figures against tables that everybody can look up, and against many samples."""

from __future__ import annotations

import math
from random import Random

import pytest

from pms_drill.load.intervals import Interval, of_percentile, of_share, told
from pms_drill.load.percentiles import percentile


@pytest.mark.parametrize(
    ("part", "n", "low", "high"),
    [
        # Zero of n: the upper end is 1 - 0.025 ** (1 / n).
        (0, 10, 0.0, 30.85),
        (10, 10, 69.15, 100.0),
        (5, 10, 18.71, 81.29),
        (430, 430, 99.15, 100.0),
        (3688, 3688, 99.90, 100.0),
    ],
)
def test_the_interval_of_a_share_is_the_exact_one(part: int, n: int, low: float, high: float) -> None:
    found = of_share(part, n)
    assert (round(found.low, 2), round(found.high, 2)) == (low, high)


def test_the_interval_of_a_percentile_lies_between_two_samples_and_holds_the_percentile() -> None:
    values = list(range(1, 1001))
    found = of_percentile(values, 95)
    assert found.contains(percentile(values, 95))
    assert found.low in values
    assert found.high in values
    assert (935, 964) <= (found.low, found.high) <= (938, 966)


def test_the_interval_holds_the_true_percentile_in_19_of_20_samples() -> None:
    dice = Random(7)
    held = sum(of_percentile([dice.random() for _ in range(100)], 95).contains(0.95) for _ in range(400))
    assert held / 400 >= 0.93


def test_few_samples_bound_a_high_percentile_on_no_side_or_on_one() -> None:
    assert of_percentile([5.0] * 30, 95) == Interval(5.0, math.inf)
    assert of_percentile([5.0], 95) == Interval(-math.inf, math.inf)
    assert of_percentile(list(range(71)), 95).high == math.inf
    assert of_percentile(list(range(72)), 95).high == 71


def test_there_is_no_interval_of_nothing() -> None:
    with pytest.raises(ValueError, match="nothing"):
        of_percentile([], 95)
    with pytest.raises(ValueError, match="n must be"):
        of_share(0, 0)


@pytest.mark.parametrize(
    ("low", "high", "unit", "text"),
    [
        (99.146, 100.0, "%", "99.15 to 100.00"),
        (1234.4, 5000.0, "ms", "1,234 to 5,000"),
        (120.0, None, "ms", "from 120"),
        (-math.inf, 7.0, "ms", "up to 7"),
        (None, None, "ms", "any"),
    ],
)
def test_an_interval_is_told_without_an_end_that_it_does_not_have(low, high, unit: str, text: str) -> None:
    assert told(low, high, unit) == text
