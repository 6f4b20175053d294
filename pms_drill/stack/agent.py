"""The agent as a stack handles it, whatever it runs in."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from pms_drill.faults.controls import LogReader


class Agent(Protocol):
    """Starts and ends one agent at one address.

    Attributes:
        admin_token: of its admin routes.
    """

    admin_token: str

    @property
    def url(self) -> str:
        """Base URL; it stays over restarts."""
        ...

    def start(self, *, fresh: bool = True, env: Mapping[str, str] | None = None) -> None:
        """Start it and wait until it is ready; `fresh` with an empty state, `env` laid over the profile's."""
        ...

    def stop(self) -> None:
        """End it: SIGTERM, then SIGKILL."""
        ...

    def kill(self) -> None:
        """End it at once, as a crash would."""
        ...

    def log(self) -> str:
        """What it has written since its last fresh start."""
        ...

    def log_reader(self, folder: Path) -> AbstractContextManager[LogReader]:
        """What reads the output of what is started while the context lasts; `folder` is for its pipe.

        Raises:
            DrillError: it cannot be taken away here.
        """
        ...

    def forget(self) -> None:
        """Remove what earlier fresh starts have left."""
        ...
