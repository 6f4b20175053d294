"""What is pending is not kept across a restart.   must: BOOK-05"""

from __future__ import annotations

import os

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent


def apply(agent: Agent) -> None:
    """A file of its own for each process."""
    path = agent.outbox._path
    agent.outbox._path = path.with_name(f"{path.name}.{os.getpid()}")


if __name__ == "__main__":
    serve(apply)
