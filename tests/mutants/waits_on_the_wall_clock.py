"""The open breaker counts its wait on the wall clock, which somebody may set.   must: BRK-25"""

from __future__ import annotations

import time

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent


def apply(agent: Agent) -> None:
    """Give the breaker the wrong clock."""
    agent.breaker._clock = time.time


if __name__ == "__main__":
    serve(apply)
