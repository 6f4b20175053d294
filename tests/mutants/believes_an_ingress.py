"""A 404 of something in front of the PMS is told as "no such hotel".   must: BRK-57 FAIL-10 MET-11 BOOK-07"""

from __future__ import annotations

import httpx

from hotel_agent import pms
from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.answers import Quote
from hotel_agent.failures import PmsRefused
from hotel_agent.models import Query
from hotel_agent.qloapps import UnknownThing

NOT_FOUND = 404


def apply(agent: Agent) -> None:
    """Take each 404 for a decision of the PMS."""
    own = pms._own_refusal
    availability = agent.qloapps.availability

    def any_404(response: httpx.Response) -> str | None:
        return "not found" if response.status_code == NOT_FOUND else own(response)

    async def or_unknown(query: Query, *, rejected_as: str | None = "availability") -> Quote:
        try:
            return await availability(query, rejected_as=rejected_as)
        except PmsRefused as refusal:
            if refusal.status == NOT_FOUND:
                raise UnknownThing from None
            raise

    pms._own_refusal = any_404
    agent.qloapps.availability = or_unknown  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
