"""How far a figure of so many samples can be trusted: 95 % confidence intervals, by scipy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

#: Two-sided: 2.5 % at each end.
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """Both ends belong to it. An end is infinite where the samples do not bound the figure on that side."""

    low: float
    high: float

    def contains(self, value: float) -> bool:
        """Whether the value lies in it."""
        return self.low <= value <= self.high

    @classmethod
    def exactly(cls, value: float) -> Interval:
        """Of a figure that is no estimate."""
        return cls(value, value)


def of_share(part: int, n: int) -> Interval:
    """Of a share in percent, exact for every n (Clopper and Pearson). Each sample counts or does not.

    Raises:
        ValueError: no samples, or more parts than samples.
    """
    from scipy.stats import binomtest  # takes a second to import, which only load needs to pay

    found = binomtest(part, n).proportion_ci(CONFIDENCE, method="exact")
    return Interval(100 * float(found.low), 100 * float(found.high))


def of_percentile(values: Sequence[float], percent: int) -> Interval:
    """Of a percentile, between two of the samples, whatever their distribution (order statistics).

    An end is infinite where even the smallest or largest sample cannot bound it: 30 samples say nothing about how
    large a 95th percentile may be.

    Raises:
        ValueError: no samples.
    """
    if not values:
        raise ValueError("there is no interval of nothing")
    from scipy.stats import quantile_test

    found = quantile_test(values, p=percent / 100).confidence_interval(CONFIDENCE)
    low, high = float(found.low), float(found.high)
    return Interval(-math.inf if math.isnan(low) else low, math.inf if math.isnan(high) else high)


def told(low: float | None, high: float | None, unit: str) -> str:
    """An interval for people, without its unit: "99.15 to 100.00", "120 to 450", "from 120", "any"."""
    low, high = (None if end is None or math.isinf(end) else end for end in (low, high))
    ends = [None if end is None else f"{end:.2f}" if unit == "%" else f"{end:,.0f}" for end in (low, high)]
    match ends:
        case [str(lower), str(upper)]:
            return f"{lower} to {upper}"
        case [str(lower), None]:
            return f"from {lower}"
        case [None, str(upper)]:
            return f"up to {upper}"
    return "any"
