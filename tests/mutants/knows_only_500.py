"""What gateways say, 502 and 504, is no failure of the PMS.   must: BRK-57   may: MET-11"""

from __future__ import annotations

import httpx

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.failures import PmsRefused


def apply(agent: Agent) -> None:
    """Take 502 and 504 for refusals."""
    as_ever = agent.client._sorted

    def lenient(response: httpx.Response) -> httpx.Response:
        if response.status_code in (502, 504):
            raise PmsRefused(response.status_code, "")
        return as_ever(response)

    agent.client._sorted = lenient  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
