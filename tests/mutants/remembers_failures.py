"""Closing does not clear the count of failures.   must: BRK-41"""

from __future__ import annotations

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.breaker import State


def apply(agent: Agent) -> None:
    """Put the count back after each closing by a probe."""
    breaker = agent.breaker
    move = breaker._move

    def and_remember(after: State, reason: str, wait: float = 0.0) -> None:
        failures = breaker._failures or breaker.threshold - 1
        move(after, reason, wait)
        if after is State.CLOSED and reason != "reset":
            breaker._failures = min(failures, breaker.threshold - 1)

    breaker._move = and_remember  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
