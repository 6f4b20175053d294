"""A `Retry-After` with decimals cannot be read and means the recovery time.   must: BRK-59"""

from __future__ import annotations

import re

from hotel_agent import pms
from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent


def apply(_: Agent) -> None:
    """Know whole seconds and dates only."""
    pms._SECONDS = re.compile(r"[0-9]+")


if __name__ == "__main__":
    serve(apply)
