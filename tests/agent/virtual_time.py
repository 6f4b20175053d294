"""An event loop whose time passes only when nobody has anything to do: waits take no time, and are exact."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any


class _Leap(selectors.DefaultSelector):
    """Instead of waiting, let the loop's clock leap."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready:
            return ready
        if timeout is None:
            raise AssertionError("everybody waits for ever")
        self.now += max(0.0, timeout)
        return []


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._leap = _Leap()
        super().__init__(self._leap)

    def time(self) -> float:
        return self._leap.now


def run(story: Coroutine[Any, Any, None]) -> None:
    """Run a story to its end in virtual time."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(story)


def now() -> float:
    """The time of the running loop, in seconds from 0."""
    return asyncio.get_running_loop().time()
