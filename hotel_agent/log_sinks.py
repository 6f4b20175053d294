"""Where log lines go, and what happens when they cannot: nobody waits, nobody fails, and what is lost is counted."""

from __future__ import annotations

import errno
import json
import os
import select
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Protocol

#: Lines that may wait for a sink; more are lost, the newest first, so that the order stays.
MOST_WAITING = 10_000
#: Lines written with one call, so that a sink that was slow catches up quickly.
_BATCH = 200
#: How long a sink that takes nothing at the moment is waited for before it is asked again, in milliseconds.
_ASK_AGAIN_MS = 1000
#: Why a file cannot be opened now although its name is right: no room, or a pipe that nobody reads.
_FOR_NOW = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ENXIO, errno.EMFILE, errno.ENFILE})


class Sink(Protocol):
    """What takes bytes; may block, and may raise OSError."""

    def write(self, data: bytes) -> int:
        """Write and return how many bytes were taken."""


class StreamSink:
    """A file descriptor that is open already: standard output."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: bytes) -> int:
        """Write; waits while the reader of a pipe does not read."""
        return _write(self._descriptor, data)


class FileSink:
    """A file, appended to; opened anew when it was moved away or removed (rotated).

    Raises:
        OSError: the name is wrong: a folder, no permission, and the like. A file system without room is not.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        try:
            self._open()
        except OSError as error:
            if error.errno not in _FOR_NOW:
                raise

    def write(self, data: bytes) -> int:
        """Append to what stands under the path now."""
        if self._descriptor is None or self._moved(self._descriptor):
            self._open()
        assert self._descriptor is not None
        return _write(self._descriptor, data)

    def _moved(self, descriptor: int) -> bool:
        try:
            there = self._path.stat()
        except OSError:
            return True
        here = os.fstat(descriptor)
        return (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino)

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # Not blocking: the opening of a named pipe would wait until somebody reads it.
        fresh = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = fresh


def _write(descriptor: int, data: bytes) -> int:
    while True:
        try:
            return os.write(descriptor, data)
        except BlockingIOError:
            asking = select.poll()
            asking.register(descriptor, select.POLLOUT)
            asking.poll(_ASK_AGAIN_MS)


class LogWriter:
    """Writes lines to one sink, from a thread of its own, in the order in which they came.

    Each sink has its own thread, so that one whose reader does not read costs the other nothing.

    Attributes:
        lost: lines that were not written, or not whole, since the start.
    """

    def __init__(self, name: str, sink: Sink) -> None:
        self.name = name
        self.lost = 0
        self._sink = sink
        self._lines: SimpleQueue[bytes | threading.Event] = SimpleQueue()
        self._counting = threading.Lock()
        self._failing = False
        self._torn = False
        self._untold = 0
        threading.Thread(target=self._run, name=f"log to {name}", daemon=True).start()

    def write(self, line: bytes) -> None:
        """Hand a line over. Never waits for the sink, never raises."""
        if self._lines.qsize() >= MOST_WAITING:
            self._lose(1)
        else:
            self._lines.put(line)

    def flush(self, patience: float) -> bool:
        """Wait until all that was handed over so far is written or lost, at most `patience` seconds."""
        written = threading.Event()
        self._lines.put(written)
        return written.wait(patience)

    def _run(self) -> None:
        while True:
            lines, flushed = self._next()
            if lines:
                self._write_all(lines)
            if flushed is not None:
                flushed.set()

    def _next(self) -> tuple[list[bytes], threading.Event | None]:
        """What waits now, up to a flush or a whole batch; waits for the first line."""
        lines: list[bytes] = []
        with suppress(Empty):
            while len(lines) < _BATCH:
                item = self._lines.get() if not lines else self._lines.get_nowait()
                if isinstance(item, threading.Event):
                    return lines, item
                lines.append(item)
        return lines, None

    def _write_all(self, lines: list[bytes]) -> None:
        # The rest of a line that was cut off must not become the beginning of the next one.
        untold = self._untold
        head = (b"\n" if self._torn else b"") + (_tale(untold) if untold else b"")
        data, done = head + b"".join(lines), 0
        try:
            while done < len(data):
                done += self._sink.write(data[done:])
        except OSError as error:
            if done:
                self._torn = data[done - 1 : done] != b"\n"
            whole = data[:done].count(b"\n") - head.count(b"\n")
            self._lose(len(lines) - max(0, whole))
            self._tell(error)
            return
        with self._counting:
            self._untold -= untold
        self._failing = self._torn = False

    def _lose(self, count: int) -> None:
        with self._counting:
            self.lost += count
            self._untold += count

    def _tell(self, error: OSError) -> None:
        """Once per failure, on stderr, if that takes it at once."""
        if self._failing:
            return
        self._failing = True
        text = f"hotel-agent: the log cannot be written to {self.name}: {error.strerror}; lines are lost and counted\n"
        with suppress(OSError, ValueError):
            if sys.stderr is not None and select.select([], [sys.stderr.fileno()], [], 0)[1]:
                os.write(sys.stderr.fileno(), text.encode())


def _tale(lost: int) -> bytes:
    """A line that says how many are missing before it, once the sink takes lines again."""
    line = {
        "lost": lost,
        "level": "warning",
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "message": "log lines were lost before this one",
    }
    return json.dumps(line).encode() + b"\n"
