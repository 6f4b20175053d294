"""The gauge of the breaker's state tells the state before the last transition.   must: MET-01"""

from __future__ import annotations

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.breaker import State, Transition


def apply(agent: Agent) -> None:
    """Note where each transition began, not where it ended."""
    told, noted = agent.breaker._on_transition, State.CLOSED

    def and_note(change: Transition) -> None:
        nonlocal noted
        noted = change.before
        told(change)

    agent.breaker._on_transition = and_note
    agent.metrics.watch(lambda: noted)


if __name__ == "__main__":
    serve(apply)
