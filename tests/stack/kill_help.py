"""What tests share that kill a run: a process to kill, when, and what must be left of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from pms_drill import clock
from pms_drill.lease import MARK_VARIABLE, STATE_VARIABLE
from pms_drill.stack.agent_program import REPO
from tests.stack.test_embedded_stack import HOLD, eventually

__all__ = ["eventually"]


def marked(leases: set[str]) -> list[psutil.Process]:
    """Processes of this machine that were started for one of these leases."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK_VARIABLE) in leases and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def leases_in(state: Path) -> set[str]:
    return {path.name for path in (state / "leases").glob("*.json")}


class Victim:
    """A command of ours in a process of its own, to be killed.

    Args:
        words: after `python`.
        environment: laid over ours.
        state: its folder of leases.
    """

    def __init__(self, words: list[str], environment: Mapping[str, str], state: Path, log: Path) -> None:
        self._state = state
        self._log = log
        self._before = leases_in(state)
        with log.open("ab") as sink:
            self._process = subprocess.Popen(
                [sys.executable, *words],
                cwd=REPO,
                env={**os.environ, STATE_VARIABLE: str(state), **environment},
                stdout=sink,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )

    def below(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self._process.pid).children(recursive=True)
        except psutil.Error:
            return []

    def runs(self, name: str, word: str = "") -> bool:
        """Whether a program of that name runs below it, with that word in its command line."""
        for process in self.below():
            try:
                words = " ".join(process.cmdline())
            except psutil.Error:
                continue
            if name in words and word in words:
                return True
        return False

    def when(self, what: str, happens: Callable[[], bool], *, later: float, within: float) -> None:
        """Wait until something happens, and so many seconds more."""
        eventually(what, lambda: happens() or self._process.poll() is not None, within)
        assert self._process.poll() is None, self._log.read_text(errors="replace")[-3000:]
        moment = clock.now() + later
        eventually("the moment has come", lambda: clock.now() >= moment, later + 5)

    def kill(self) -> set[str]:
        """Kill it, and wait until what dies with it has died. Gives the leases that are nobody's now."""
        ours = leases_in(self._state) - self._before
        held = [process for process in self.below() if "pytest" in " ".join(process.cmdline())]
        self._process.kill()
        self._process.wait(timeout=20)
        psutil.wait_procs(held, timeout=10)  # the session of a run goes with its runner
        return ours

    def end(self) -> None:
        """For the end of a test, whatever came of it."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(timeout=20)


@contextmanager
def neighbour(state: Path, folder: Path) -> Iterator[Victim]:
    """An embedded stack with a lease in the same folder, held by a process that lives on."""
    folder.mkdir()
    ready = folder / "ready.json"
    words = [str(HOLD), str(folder / "run"), str(ready)]
    beside = Victim(words, {"TMPDIR": str(folder), "PYTHONPATH": str(REPO)}, state, folder / "log")
    try:
        beside.when("the neighbour is up", ready.exists, later=0, within=60)
        yield beside
    finally:
        beside.end()
