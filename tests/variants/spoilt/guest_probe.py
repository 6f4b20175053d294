"""Half-open by traffic, and stuck: a cancelled probe and one with a business answer keep their permit for ever."""

from __future__ import annotations

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from tests.variants import guest_probe


def apply(agent: Agent) -> None:
    """Nobody tells the breaker that such a probe has ended."""
    guest_probe.apply(agent)
    agent.breaker.no_verdict = lambda _permit: None  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
