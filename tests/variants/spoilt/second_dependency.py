"""One `except` around the cache and the PMS: a cache that fails counts as a failure of the PMS."""

from __future__ import annotations

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.failures import Kind, PmsFailure
from hotel_agent.problems import pms_failed
from tests.variants import second_dependency


def apply(agent: Agent) -> None:
    """Failures of the cache go to the PMS's breaker, and the guest is told that the PMS failed."""

    def failed() -> None:
        permit = agent.breaker.permit()
        if permit is not None:
            agent.breaker.failure(permit)
            raise pms_failed(PmsFailure(Kind.CONNECT, "could not connect"))

    second_dependency.apply(agent, failed)


if __name__ == "__main__":
    serve(apply)
