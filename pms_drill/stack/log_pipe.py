"""The agent's output goes through a pipe to a reader that can be taken away, as a journal or a log shipper can fail.

Without it the agent writes to a file, which takes lines as long as the disk does.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from pms_drill.errors import DrillError
from pms_drill.stack.process import Program

T = TypeVar("T")

_READER = "reader of the agent's output"
#: How long the reader's process may take to open the pipe, in seconds.
_OPEN_WITHIN_S = 5.0
#: How many empty lines at a time a pipe is filled with, until it takes not even one; who reads lines skips them.
_FILLING = (4096, 1)


class LogPipe:
    """A named pipe, and `cat` that appends what comes out of it to the log.

    The harness holds the writing end open as well, so that the reader sees no end of file when the agent is restarted.

    Attributes:
        output: descriptor of the writing end, for the agent's standard output and standard error.
    """

    def __init__(self, folder: Path, log: Path, note: Callable[[int, str], None]) -> None:
        self._path = folder / "agent-output"
        self._log = log
        self._folder = folder
        self._note = note
        self._reader: Program | None = None
        self.output = -1

    def open(self) -> None:
        """Make the pipe and start its reader.

        Raises:
            DrillError: the reader did not start.
        """
        os.mkfifo(self._path, 0o600)
        self._start_reader()
        # Held from the first moment on: a reader whose only writer closes again has come to the end.
        self.output = self._wait_for(self._writing_end)
        os.set_blocking(self.output, True)

    def close(self) -> None:
        """End the reader, and give everything back."""
        if self._reader is not None:
            self._reader.kill()
        if self.output >= 0:
            os.close(self.output)
            self.output = -1
        self._path.unlink(missing_ok=True)

    def take_away(self) -> None:
        """End the reader: whoever writes gets EPIPE, and SIGPIPE if it has not said otherwise."""
        if self._reader is not None:
            self._reader.kill()

    def stop_reading(self) -> None:
        """Stop the reader and fill the pipe: whoever writes waits, or is told to come again if it asked for that.

        Raises:
            DrillError: the reader has ended by itself.
        """
        if self._reader is None or not self._reader.running:
            raise DrillError(f"the {_READER} has ended", where=str(self._log))
        self._reader.signal(signal.SIGSTOP)
        filling = self._writing_end()
        if filling is None:
            raise DrillError(f"the {_READER} has ended", where=str(self._log))
        try:
            for size in _FILLING:
                with contextlib.suppress(BlockingIOError):
                    while os.write(filling, b"\n" * size):
                        pass
        finally:
            os.close(filling)

    def put_back(self) -> None:
        """Let the reader go on, or start another one; safe to repeat.

        Raises:
            DrillError: it did not start.
        """
        if self._reader is not None and self._reader.running:
            self._reader.signal(signal.SIGCONT)
            return
        self._start_reader()
        self._wait_for(lambda: None if self.nobody_reads else True)

    @property
    def nobody_reads(self) -> bool:
        """Whether the kernel knows of no reader, so that every write fails."""
        another = self._writing_end()
        if another is not None:
            os.close(another)
        return another is None

    @property
    def full(self) -> bool:
        """Whether a write would have to wait. Where nobody reads, it fails at once, and this is false."""
        if self.nobody_reads:
            return False
        asking = select.poll()
        asking.register(self.output, select.POLLOUT)
        return not asking.poll(0)

    def _start_reader(self) -> None:
        cat = shutil.which("cat")
        if cat is None:
            raise DrillError("there is no cat on this machine", where="PATH", todo="install the coreutils")
        self._reader = Program(_READER, [cat, str(self._path)], env={}, cwd=self._folder, log=self._log)
        self._reader.start()
        self._note(self._reader.pid, _READER)

    def _wait_for(self, opened: Callable[[], T | None]) -> T:
        """What the pipe says once its reader has opened it. Raises DrillError: it did not in time."""
        opening = Retrying(
            stop=stop_after_delay(_OPEN_WITHIN_S),
            wait=wait_fixed(0.01),
            retry=retry_if_result(lambda answer: answer is None),
        )
        try:
            answer = opening(opened)
        except RetryError:
            raise DrillError(f"the {_READER} did not open the pipe", where=str(self._path)) from None
        assert answer is not None
        return answer

    def _writing_end(self) -> int | None:
        """Open it anew, not blocking; None where nobody reads."""
        try:
            return os.open(self._path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return None
            raise


@contextmanager
def log_pipe(folder: Path, log: Path, note: Callable[[int, str], None]) -> Iterator[LogPipe]:
    """A pipe with its reader, for as long as the context lasts.

    Args:
        folder: where the pipe is made.
        log: what the reader appends to.
        note: told process id and name of each reader, for the lease.

    Raises:
        DrillError: the reader did not start.
    """
    pipe = LogPipe(folder, log, note)
    try:
        pipe.open()
        yield pipe
    finally:
        pipe.close()
