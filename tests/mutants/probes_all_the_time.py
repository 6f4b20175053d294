"""A closed breaker probes the PMS as soon as no call has ended for a tenth of a second.   must: BRK-61"""

from __future__ import annotations

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent

_EVERY_S = 0.1


def apply(agent: Agent) -> None:
    """Read the setting of nobody."""
    agent.prober._interval = _EVERY_S


if __name__ == "__main__":
    serve(apply)
