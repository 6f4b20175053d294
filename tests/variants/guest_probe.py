"""Half-open by traffic: a guest's call is the probe, and a call that says nothing about the PMS gives its permit back.

A guest who hangs up cancels the call to the PMS.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.breaker import Permit, State

_NAP = 0.25


def apply(agent: Agent) -> None:
    """Let guests probe, and nobody else."""
    breaker, prober = agent.breaker, agent.prober
    permit, due_in = breaker.permit, prober._due_in

    def guest_permit() -> Permit | None:
        return breaker.probe_permit() if breaker.state is State.HALF_OPEN else permit()

    def give_back(given: Permit) -> None:
        if given.era == breaker._era:
            breaker._probing = False

    breaker.permit, breaker.no_verdict = guest_permit, give_back  # type: ignore[method-assign]
    prober._due_in = lambda: due_in() if breaker.state is State.CLOSED else _NAP  # type: ignore[method-assign]
    agent.app = CancelledByHangUp(agent.app)  # type: ignore[assignment]


class CancelledByHangUp:
    """Cancels what is done for a client that closes its connection; uvicorn alone lets it go on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        messages: asyncio.Queue[Message] = asyncio.Queue()
        answering = asyncio.ensure_future(self._app(scope, messages.get, send))

        async def listen() -> None:
            while True:
                message = await receive()
                await messages.put(message)
                if message["type"] == "http.disconnect":
                    answering.cancel()
                    return

        listening = asyncio.create_task(listen())
        with suppress(asyncio.CancelledError):
            await answering
        listening.cancel()


if __name__ == "__main__":
    serve(apply)
