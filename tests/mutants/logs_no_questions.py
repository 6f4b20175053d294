"""Calls for guests' questions that fail leave no line in the log; all other failures do.   must: LOG-02"""

from __future__ import annotations

from typing import Any

from hotel_agent import pms
from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent


class _Mute:
    """The logger, which has nothing to say about questions."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def warning(self, text: str, **fields: Any) -> None:
        """Keep quiet about a question."""
        if fields.get("operation") != "availability":
            self._real.warning(text, **fields)


def apply(agent: Agent) -> None:
    """Replace the logger of the client."""
    real = pms.logger
    pms.logger = lambda: _Mute(real())


if __name__ == "__main__":
    serve(apply)
