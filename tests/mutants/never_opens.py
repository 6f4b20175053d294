"""The breaker counts failures and never opens.   must: BRK-02"""

from __future__ import annotations

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent


def apply(agent: Agent) -> None:
    """Set the threshold out of reach, whatever the settings say."""
    agent.breaker.threshold = 10**9


if __name__ == "__main__":
    serve(apply)
