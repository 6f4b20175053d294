"""A booking that is answered 502, 503 or 504 is sent again at once.   must: BOOK-02"""

from __future__ import annotations

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.answers import Booked, Stay
from hotel_agent.failures import PmsFailure


def apply(agent: Agent) -> None:
    """Repeat it as middleware does."""
    book = agent.qloapps.book

    async def book_again(stay: Stay, currency: str, *, rejected_as: str | None = "reservation") -> Booked:
        try:
            return await book(stay, currency, rejected_as=rejected_as)
        except PmsFailure as failure:
            if failure.status not in (502, 503, 504):
                raise
            return await book(stay, currency, rejected_as=rejected_as)

    agent.qloapps.book = book_again  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
