"""Only ASCII is sent to the PMS: Åsa Ødegård becomes Asa degard there.   must: BOOK-04 API-21"""

from __future__ import annotations

import unicodedata

from hotel_agent import qloapps
from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent

_split = qloapps.split_name


def _plain(part: str) -> str:
    return unicodedata.normalize("NFKD", part).encode("ascii", "ignore").decode() or part


def apply(_: Agent) -> None:
    """Strip both parts of the name."""
    qloapps.split_name = lambda name: (_plain(_split(name)[0]), _plain(_split(name)[1]))


if __name__ == "__main__":
    serve(apply)
