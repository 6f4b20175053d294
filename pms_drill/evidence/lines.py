"""A file of lines that grows, and that never ends its writer: what could not be written is remembered and told."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

from pms_drill.errors import DrillError


class Lines:
    """Appends lines to a file; safe to use from several threads.

    A full or read-only disk must not keep a fault armed or a child running, so `append` does not raise. Whoever needs
    the lines as evidence asks `check` before they are believed.

    Args:
        path: the file; made with its first line.
        name: what it is, for messages ("journal").

    Attributes:
        path: the file.
        trouble: why the first line that is missing was not written; empty while none is.
        missing: how many lines were not written.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self._name = name
        self._lock = threading.Lock()
        self.trouble = ""
        self.missing = 0

    def append(self, line: str) -> bool:
        """Append a line. Returns whether it stands in the file; half a line never does."""
        content = f"{line}\n".encode()
        with self._lock:
            try:
                self._write(content)
            except OSError as error:
                self.trouble = self.trouble or str(error.strerror or error)
                self.missing += 1
                return False
        return True

    def check(self) -> None:
        """See that every line was written.

        Raises:
            DrillError: some were not.
        """
        if self.trouble:
            raise DrillError(
                f"the {self._name} could not be written: {self.trouble}",
                where=f"{self.path}: {self.missing} line(s) are missing",
                todo="free some space or make the folder writable, then run again",
            )

    def _write(self, content: bytes) -> None:
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            before = os.fstat(file).st_size
            written = 0
            try:
                while written < len(content):  # a disk that becomes full takes a part first
                    written += os.write(file, content[written:])
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(file, before)
                raise
        finally:
            with contextlib.suppress(OSError):
                os.close(file)
