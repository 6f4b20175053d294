"""Something done again and again in a thread beside the work, until the block is left."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Repeating(ABC):
    """A base class: `act` is called every `interval` seconds between enter and exit.

    Args:
        interval: pause in seconds between the end of one call and the begin of the next.
        name: of the thread.
    """

    def __init__(self, interval: float, name: str) -> None:
        self._interval = interval
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End, and wait for a call that is under way."""
        self._stop.set()
        self._thread.join(timeout=10)

    @abstractmethod
    def act(self) -> None:
        """What is done; must not raise."""

    def _loop(self) -> None:
        while not self._stop.wait(self._interval):
            self.act()
