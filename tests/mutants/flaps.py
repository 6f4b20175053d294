"""Only the first opening is followed by the whole wait, later ones by a tenth of it.   must: FAIL-08"""

from __future__ import annotations

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.breaker import State


def apply(agent: Agent) -> None:
    """Count the openings of the closed breaker, and cut the wait of all but the first."""
    breaker, openings = agent.breaker, 0
    stay_open = breaker._open

    def stay_open_shorter(reason: str, wait: float) -> None:
        nonlocal openings
        openings += breaker._state is State.CLOSED
        stay_open(reason, wait if openings < 2 else wait / 10)

    breaker._open = stay_open_shorter  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
