"""A breaker over a window: it opens when at least 10 calls were made in 2 s and half of them failed."""

from __future__ import annotations

import time
from collections import deque

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.breaker import Permit, State

MINIMUM, RATIO, WINDOW = 10, 0.5, 2.0


def apply(agent: Agent) -> None:
    """Judge each result with those of the last two seconds instead of counting failures in a row."""
    breaker = agent.breaker
    fail, succeed = breaker.failure, breaker.success
    results: deque[tuple[float, bool]] = deque()

    def note(bad: bool) -> bool:
        now = time.monotonic()
        results.append((now, bad))
        while results[0][0] < now - WINDOW:
            results.popleft()
        return len(results) >= MINIMUM and sum(failed for _, failed in results) >= RATIO * len(results)

    def failure(permit: Permit) -> None:
        opens = breaker.state is State.HALF_OPEN or note(bad=True)
        breaker.threshold = 1 if opens else 10**9
        fail(permit)
        if opens:
            results.clear()

    def success(permit: Permit) -> None:
        note(bad=False)
        succeed(permit)

    breaker.failure, breaker.success = failure, success  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
