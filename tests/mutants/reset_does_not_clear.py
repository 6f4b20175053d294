"""A reset is answered with 200 and changes nothing.   must: CAUSE-04 RESET-03   may: RESET-04 CAUSE-07 CAUSE-08"""

from __future__ import annotations

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent


def apply(agent: Agent) -> None:
    """Do nothing when the breaker is told to reset."""
    agent.breaker.reset = lambda: None  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
