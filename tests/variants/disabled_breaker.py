"""A breaker with a switch: PMS_CIRCUIT_BREAKER=off lets everything pass, and everything is counted as before."""

from __future__ import annotations

import os

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent


def apply(agent: Agent) -> None:
    """Switched off it never opens; calls go the same way and are measured there."""
    if os.environ.get("PMS_CIRCUIT_BREAKER") == "off":
        agent.breaker._open = lambda _reason, _wait: None  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
