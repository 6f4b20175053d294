"""One program that the harness started: its log, its end, and nothing of it left behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

import psutil
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from pms_drill.errors import DrillError
from pms_drill.lease import MARK_VARIABLE

_PR_SET_PDEATHSIG = 1
#: Loaded before any fork: between fork and exec nothing may be imported or allocated.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None

#: What a started program sees of our own environment; everything else is given by name.
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", MARK_VARIABLE)


def _die_with_parent() -> None:
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


#: Started when it is first needed; lives as long as the harness.
_starter = ThreadPoolExecutor(1, thread_name_prefix="starter of programs")
P = ParamSpec("P")
R = TypeVar("R")


def _from_a_lasting_thread(start: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call it from a thread that ends with the harness: Linux kills a child when the *thread* that made it ends."""
    if threading.current_thread() is threading.main_thread():
        return start(*args, **kwargs)
    return _starter.submit(start, *args, **kwargs).result()


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a started program: a few variables of ours, then `extra`."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**kept, "PYTHONUNBUFFERED": "1", **extra}


class Program:
    """A child process in a process group of its own, with its output in a log file.

    Ctrl-C in the terminal reaches the harness only, so that it can heal before it stops its children. On Linux the
    child dies with the harness, however that ends.

    Args:
        name: for messages and the log file ("agent", "twin").
        argv: the command.
        env: see `environment`.
        cwd: working directory.
        log: file that stdout and stderr are appended to.
        output: descriptor that they go to instead; what ends up in the log is then somebody else's business.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        log: Path,
        output: int | None = None,
    ) -> None:
        self.name = name
        self.argv = list(argv)
        self.log = log
        self._env = environment(env)
        self._cwd = cwd
        self._output = output
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it.

        Raises:
            DrillError: the program or its working directory is not there.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self.log.open("ab") as sink:
                self._process = _from_a_lasting_thread(
                    subprocess.Popen,
                    self.argv,
                    stdin=subprocess.DEVNULL,
                    stdout=sink if self._output is None else self._output,
                    stderr=subprocess.STDOUT,
                    env=self._env,
                    cwd=self._cwd,
                    start_new_session=True,
                    preexec_fn=_die_with_parent,
                )
        except OSError as error:
            raise DrillError(
                f"the {self.name} could not be started: {error.strerror}",
                where=f"{' '.join(self.argv)} (in {self._cwd})",
                todo="check the command and the folder in the profile",
            ) from error

    @property
    def pid(self) -> int:
        """The process id; 0 before the start."""
        return self._process.pid if self._process else 0

    @property
    def running(self) -> bool:
        """Whether the process is there and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """Exit code; None while it runs or before the start."""
        return self._process.poll() if self._process else None

    def wait_until(self, ready: Callable[[], bool], *, within: float, todo: str) -> None:
        """Poll `ready` until it is true.

        Raises:
            DrillError: the program ended, or `within` seconds passed; with its last log lines.
        """
        retrying = Retrying(
            stop=stop_after_delay(within),
            wait=wait_fixed(0.02),
            retry=retry_if_result(lambda done: not done),
        )

        def probe() -> bool:
            if not self.running:
                raise DrillError(
                    f"the {self.name} ended at start with exit code {self.exit_code}",
                    where=str(self.log),
                    todo=todo,
                    detail=self.last_lines(),
                )
            return ready()

        try:
            retrying(probe)
        except RetryError as error:
            raise DrillError(
                f"the {self.name} was not ready after {within:g} s",
                where=str(self.log),
                todo=todo,
                detail=self.last_lines(),
            ) from error

    def last_lines(self, count: int = 15) -> str:
        """The end of the log, for messages."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])
        return ""

    def signal(self, number: int) -> None:
        """Send a signal to the program only (not to its children)."""
        if self._process is not None and self.running:
            self._process.send_signal(number)

    def kill(self) -> None:
        """End it at once, as a crash would (SIGKILL to the whole group), and wait until all of it has gone.

        A worker that lives a moment longer would still answer at the port that the next start wants.
        """
        family = self._family()
        self._end(signal.SIGKILL)
        if self._process is not None:
            self._process.wait(timeout=5)
        psutil.wait_procs(family, timeout=3)

    def stop(self, grace: float = 3.0) -> None:
        """End it: SIGTERM to the group, SIGKILL to what is left after `grace` seconds."""
        if self._process is None:
            return
        family = self._family()
        self._end(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=grace)
        self._end(signal.SIGKILL)
        self._process.wait(timeout=5)
        psutil.wait_procs(family, timeout=1)

    def _family(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.Error):
            return psutil.Process(self.pid).children(recursive=True)
        return []

    def _end(self, number: int) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)
