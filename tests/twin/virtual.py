"""Runs the steps of many requests in virtual time: what would happen at once happens without any waiting."""

from __future__ import annotations

import heapq
from collections.abc import Generator, Sequence
from typing import TypeVar

T = TypeVar("T")


def in_parallel(works: Sequence[Generator[float, None, T]]) -> list[T | Exception]:
    """Start all at the same moment, in this order; gives what each returned or raised."""
    ended: dict[int, T | Exception] = {}
    queue = [(0.0, place, work) for place, work in enumerate(works)]
    heapq.heapify(queue)
    while queue:
        now, place, work = heapq.heappop(queue)
        try:
            heapq.heappush(queue, (now + next(work), place, work))
        except StopIteration as done:
            ended[place] = done.value
        except Exception as error:  # a refusal is a result here
            ended[place] = error
    return [ended[place] for place in range(len(works))]
