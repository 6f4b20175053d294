"""Gauge and readiness tell the number of pending reservations before its last change.   must: MET-07"""

from __future__ import annotations

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent


def apply(agent: Agent) -> None:
    """Show the last number but one, everywhere."""
    outbox = agent.outbox
    recount, true = outbox._recount, 0

    async def and_show_the_one_before() -> None:
        nonlocal true
        shown = outbox.pending
        await recount()
        outbox.pending, true = (true if outbox.pending != true else shown), outbox.pending

    outbox._recount = and_show_the_one_before  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
