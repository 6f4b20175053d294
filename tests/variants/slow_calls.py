"""Calls that take more than 0.25 s count as failures, although they were answered well."""

from __future__ import annotations

import time

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.breaker import Permit

SLOW = 0.25


def apply(agent: Agent) -> None:
    """Remember when each permit was given, and turn late successes into failures."""
    breaker = agent.breaker
    permit, probe_permit, succeed = breaker.permit, breaker.probe_permit, breaker.success
    begun: dict[int, float] = {}

    def timed(given: Permit | None) -> Permit | None:
        if given is not None:
            begun[id(given)] = time.monotonic()
        return given

    def success(given: Permit) -> None:
        if time.monotonic() - begun.pop(id(given), 0.0) > SLOW:
            breaker.failure(given)
        else:
            succeed(given)

    breaker.permit = lambda: timed(permit())  # type: ignore[method-assign]
    breaker.probe_permit = lambda: timed(probe_permit())  # type: ignore[method-assign]
    breaker.success = success  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
