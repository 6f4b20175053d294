"""The outbox takes on whatever comes, whatever PMS_PENDING_MAX says.   must: FAIL-11"""

from __future__ import annotations

import sys

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent


def apply(agent: Agent) -> None:
    """Set the limit out of reach."""
    agent.reservations._settings = agent.settings.model_copy(update={"pms_pending_max": sys.maxsize})


if __name__ == "__main__":
    serve(apply)
