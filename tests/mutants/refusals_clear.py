"""A refusal by the PMS is a success of the breaker and clears its count.   must: BRK-58"""

from __future__ import annotations

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent


def apply(agent: Agent) -> None:
    """Forget the failures where nothing was decided."""
    agent.breaker.no_verdict = agent.breaker.success  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
