"""Something done again and again in a thread beside the work, until the block is left."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from pms_drill.checks.verdict import Unproven

#: Seconds in which a call that is under way must end when the block is left.
_END_LIMIT_S = 10.0


class Repeating(ABC):
    """A base class: `act` is called every `interval` seconds between enter and exit.

    A thread that ends by an error is not seen by anybody until then, and what it did not do would count as nothing
    to see. So the error is kept, and leaving the block raises it.

    Args:
        interval: pause in seconds between the end of one call and the begin of the next.
        name: of the thread.
    """

    def __init__(self, interval: float, name: str) -> None:
        self._interval = interval
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End, and wait for a call that is under way.

        Raises:
            Unproven: the thread had ended before, or does not end; not when the block itself ends by an error.
        """
        ended_before = not self._thread.is_alive()
        self._stop.set()
        self._thread.join(timeout=_END_LIMIT_S)
        if error is None:
            self._see_that_it_worked(ended_before)

    @abstractmethod
    def act(self) -> None:
        """What is done."""

    def _see_that_it_worked(self, ended_before: bool) -> None:
        name = self._thread.name
        if self._error is not None:
            told = f"{type(self._error).__name__}: {self._error}"
            raise Unproven(f"the {name} ended before its time, so that its witness is missing: {told}") from self._error
        if ended_before:
            raise Unproven(f"the {name} ended before its time, so that its witness is missing")
        if self._thread.is_alive():
            raise Unproven(f"the {name} does not end: its last call takes more than {_END_LIMIT_S:g} s")

    def _loop(self) -> None:
        try:
            while not self._stop.wait(self._interval):
                self.act()
        except BaseException as error:  # kept for the thread that leaves the block
            self._error = error
