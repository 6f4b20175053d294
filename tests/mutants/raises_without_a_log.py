"""A line that cannot be written raises where it was logged.   must: BRK-34 FAIL-02   may: BRK-27"""

from __future__ import annotations

import os
import sys
from typing import Any

from hotel_agent import logs
from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent


def apply(_: Agent) -> None:
    """Write each line at once, and let whoever logs have the error."""

    def write(_: logs._Lines, line: str) -> None:
        os.write(sys.stdout.fileno(), f"{line}\n".encode())

    def log(self: logs._NeverRaises, level: str, event: str, /, **fields: Any) -> None:
        self._proxy_to_logger(level, event, **fields)

    for level in ("msg", "debug", "info", "warning", "error", "critical"):
        setattr(logs._Lines, level, write)
    logs._NeverRaises._log = log  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
