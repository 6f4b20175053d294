"""A booking that got no answer within the deadline is sent again at once.   must: BOOK-02"""

from __future__ import annotations

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.answers import Booked, Stay
from hotel_agent.failures import Kind, PmsFailure


def apply(agent: Agent) -> None:
    """Wrap the booking call in a blind repetition."""
    book = agent.qloapps.book

    async def book_twice(stay: Stay, currency: str, *, rejected_as: str | None = "reservation") -> Booked:
        try:
            return await book(stay, currency, rejected_as=rejected_as)
        except PmsFailure as failure:
            if failure.kind is not Kind.TIMEOUT:
                raise
            return await book(stay, currency, rejected_as=rejected_as)

    agent.qloapps.book = book_twice  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
