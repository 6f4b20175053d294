"""Is the machine itself late? A thread that only sleeps and writes a byte, beside every experiment.

Upper bounds of time are judged with a slack that comes from a control of the same run (design rule 7). What was
measured before the fault says nothing about a machine that stalls a second later, so this control goes on all the time.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from pms_drill import clock
from pms_drill.repeating import Repeating

_EVERY_S = 0.02


class Heartbeat(Repeating):
    """Measures lateness between enter and exit.

    Args:
        file: written to at each beat, because a disk that stalls also stalls a service that logs.
    """

    def __init__(self, file: Path) -> None:
        super().__init__(_EVERY_S, "heartbeat")
        self._file = file
        self._worst = 0.0

    def __enter__(self) -> Self:
        """Begin to measure."""
        self._sink = self._file.open("wb", buffering=0)
        self._due = clock.now() + _EVERY_S
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End and remove the file."""
        super().__exit__(kind, error, trace)
        self._sink.close()
        self._file.unlink(missing_ok=True)

    @property
    def worst(self) -> float:
        """The longest delay so far, in seconds: of waking up, or of the write."""
        return self._worst

    def act(self) -> None:
        """Write a byte and see how late it is."""
        self._sink.write(b".")
        self._worst = max(self._worst, clock.now() - self._due)
        self._due = clock.now() + _EVERY_S
