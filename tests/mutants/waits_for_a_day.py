"""A `Retry-After` is obeyed however long it is.   must: BRK-60"""

from __future__ import annotations

from hotel_agent import pms
from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent


def apply(_: Agent) -> None:
    """Take the upper bound away."""
    pms._LONGEST_WAIT = 1e9


if __name__ == "__main__":
    serve(apply)
