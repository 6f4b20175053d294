"""Percentiles of exact samples, by nearest rank."""

from __future__ import annotations

from collections.abc import Sequence


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest sample that at least `percent` % of the samples do not exceed (nearest rank, no
    interpolation).

    The rank is counted in whole numbers: 0.95 x n in floating point can step over a rank.

    Raises:
        ValueError: no samples, or a percentage outside 1 to 100.
    """
    if not values:
        raise ValueError("there is no percentile of nothing")
    if not 1 <= percent <= 100:
        raise ValueError(f"{percent} is no percentage from 1 to 100")
    rank = -(-len(values) * percent // 100)
    return sorted(values)[rank - 1]
