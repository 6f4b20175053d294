"""One pytest session as a child: its output in a log and on the terminal, and its end with everything below it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from pms_drill.errors import DrillError

_PR_SET_PDEATHSIG = 1
#: Loaded before any fork: between fork and exec nothing may be imported.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def _die_with_parent() -> None:
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Session:
    """A child in a process group of its own, so that Ctrl-C reaches the runner first.

    Start it from the main thread: on Linux it dies with the thread that started it.

    Args:
        argv: the command.
        cwd: working directory.
        log: file for its output.
        say: gets every line of the output as well.
        env: its whole environment.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        log: Path,
        say: Callable[[str], None],
        env: Mapping[str, str],
    ) -> None:
        self._log = log
        self._say = say
        #: What could not be kept or shown of the output, once for each way; read it after the end.
        self.trouble: list[str] = []
        try:
            self._process = subprocess.Popen(
                list(argv),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={"PYTHONUNBUFFERED": "1", **env},
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        except OSError as error:
            raise DrillError(f"pytest could not be started: {error.strerror}", where=" ".join(argv)) from error
        self._reader = threading.Thread(target=self._read, name="output of pytest", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Process id, and id of the process group."""
        return self._process.pid

    def wait(self, seconds: float) -> int | None:
        """Wait at most so long; the exit code (negative for a signal), or None while it runs."""
        try:
            code = self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return None
        self._reader.join(timeout=2)
        return code

    def stop(self, grace: float, impatient: Callable[[], bool] = lambda: False) -> None:
        """End it as Ctrl-C would, so that faults are healed; then by force what is left.

        Args:
            grace: seconds for teardown before SIGTERM, and half of it again before SIGKILL.
            impatient: asked while waiting; true goes straight to SIGKILL.
        """
        family = self._family()
        for number, patience in ((signal.SIGINT, grace), (signal.SIGTERM, grace / 2)):
            self._send(number)
            if self._ended_within(patience, impatient):
                break
            family |= self._family()
        self._send(signal.SIGKILL)
        for process in family:
            with contextlib.suppress(psutil.Error):
                process.kill()  # psutil compares the time of creation, so no stranger is hit
        self._process.wait(timeout=10)
        psutil.wait_procs(list(family), timeout=3)
        self._reader.join(timeout=2)

    def last_lines(self, count: int = 12) -> str:
        """The end of the output, for messages."""
        with contextlib.suppress(OSError):
            return "\n".join(self._log.read_text(errors="replace").splitlines()[-count:])
        return ""

    def _ended_within(self, seconds: float, impatient: Callable[[], bool]) -> bool:
        left = seconds
        while left > 0:
            if self.wait(0.1) is not None:
                return True
            if impatient():
                return False
            left -= 0.1
        return False

    def _family(self) -> set[psutil.Process]:
        with contextlib.suppress(psutil.Error):
            return set(psutil.Process(self.pid).children(recursive=True))
        return set()

    def _send(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _read(self) -> None:
        pipe = self._process.stdout
        if pipe is None:
            return
        # Whatever breaks here, the pipe is drained to its end: a full one would block pytest until the deadline.
        with contextlib.ExitStack() as ends:
            write = self._guarded(f"the output could not be written to {self._log.name}", self._log_of(ends))
            show = self._guarded("the output could not be shown", self._say)
            for line in pipe:
                write(line)
                show(line.decode(errors="replace").rstrip("\n"))

    def _log_of(self, ends: contextlib.ExitStack) -> Callable[[bytes], object]:
        try:
            return ends.enter_context(self._log.open("ab", buffering=0)).write
        except OSError as error:
            self.trouble.append(f"the output could not be written to {self._log.name}: {error.strerror}")
            return lambda _line: None

    def _guarded(self, what: str, act: Callable[[Any], object]) -> Callable[[Any], None]:
        """The same act, whose first error is kept; from then on it is tried again and its errors are passed over."""
        told = False

        def guarded(line: Any) -> None:
            nonlocal told
            try:
                act(line)
            except Exception as error:
                if not told:
                    told = True
                    self.trouble.append(f"{what}: {type(error).__name__}: {error}")

        return guarded
