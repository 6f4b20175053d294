"""`POST /admin/circuit-breaker/open` opens the breaker by hand, until it is reset."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.api import _authorise

#: Seconds; longer than anybody runs it.
FOR_EVER = 10.0**9


def apply(agent: Agent) -> None:
    """Add the route."""

    @agent.app.post("/admin/circuit-breaker/open")
    async def force_open(authorization: Annotated[str | None, Header()] = None) -> dict[str, str]:
        _authorise(authorization, agent.settings.admin_token.get_secret_value())
        agent.breaker._open("opened by hand", FOR_EVER)
        return {"state": agent.breaker.state.label}


if __name__ == "__main__":
    serve(apply)
