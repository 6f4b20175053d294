"""First and last name change places at the PMS; the guest is told the right one.   must: BOOK-04 API-10 API-21"""

from __future__ import annotations

from hotel_agent import qloapps
from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent

_split = qloapps.split_name


def apply(_: Agent) -> None:
    """Split as ever, and hand the parts over the wrong way round."""
    qloapps.split_name = lambda name: _split(name)[::-1]  # type: ignore[assignment]


if __name__ == "__main__":
    serve(apply)
