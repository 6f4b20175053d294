"""A closed breaker that nobody asks never probes the PMS.   must: BRK-61"""

from __future__ import annotations

import math

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent


def apply(agent: Agent) -> None:
    """Let the silence never be long enough."""
    agent.prober._interval = math.inf


if __name__ == "__main__":
    serve(apply)
