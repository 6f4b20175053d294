"""The wait doubles with each failed probe, up to 1.5 s, and begins anew after a closing."""

from __future__ import annotations

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.breaker import State

GROWTH, LONGEST = 2.0, 1.5


def apply(agent: Agent) -> None:
    """Lengthen every wait by the failed probes before it."""
    breaker = agent.breaker
    open_ = breaker._open
    probes = 0

    def longer(reason: str, wait: float) -> None:
        nonlocal probes
        probes = probes + 1 if breaker._state is State.HALF_OPEN else 0
        open_(reason, min(wait * GROWTH**probes, LONGEST))

    breaker._open = longer  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
