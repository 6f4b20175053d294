"""What the PMS refuses in its own words counts as its failure, sold out included.   must: BRK-10   may: FAIL-09"""

from __future__ import annotations

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent


def apply(agent: Agent) -> None:
    """Count what says nothing about the health of the PMS."""
    breaker = agent.breaker
    breaker.no_verdict = breaker.failure  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
