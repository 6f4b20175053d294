"""A PMS whose name has no address says nothing about the PMS: the breaker does not count it.   must: CAUSE-01"""

from __future__ import annotations

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.breaker import Permit
from hotel_agent.failures import Kind, PmsFailure


def apply(agent: Agent) -> None:
    """Take back what a call that could not connect has counted."""
    failed, breaker = agent.client._failed, agent.breaker

    def or_nothing(operation: str, permit: Permit, started: float, failure: PmsFailure) -> None:
        if failure.kind is not Kind.CONNECT:
            failed(operation, permit, started, failure)
            return
        count, breaker.failure = breaker.failure, breaker.no_verdict  # type: ignore[method-assign]
        try:
            failed(operation, permit, started, failure)
        finally:
            breaker.failure = count  # type: ignore[method-assign]

    agent.client._failed = or_nothing  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
