"""Lines are written where they are logged, in the loop, which waits for whoever reads them.   must: BRK-02 BRK-16"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from hotel_agent import logs
from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent


def apply(_: Agent) -> None:
    """Write each line at once; one that fails is lost, as it should be."""

    def write(_: logs._Lines, line: str) -> None:
        with suppress(OSError):
            os.write(sys.stdout.fileno(), f"{line}\n".encode())

    for level in ("msg", "debug", "info", "warning", "error", "critical"):
        setattr(logs._Lines, level, write)


if __name__ == "__main__":
    serve(apply)
