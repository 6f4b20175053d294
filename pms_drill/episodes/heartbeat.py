"""Is the machine itself late? A thread that only sleeps and writes a byte, beside every experiment.

Upper bounds of time are judged with a slack that comes from a control of the same run (design rule 7). What was
measured before the fault says nothing about a machine that stalls a second later, so this control goes on all the time.
A thread that sleeps is woken soon on a busy machine, too, while programs that work have to wait for their turn. So the
kernel is asked how long agent, proxies and PMS were ready to run and did not.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from pms_drill import clock
from pms_drill.evidence.machine import Delay, Machine
from pms_drill.repeating import Repeating

_EVERY_S = 0.02
#: Shorter delays are the timer's own.
_LEAST_S = 0.01
#: So many beats apart the programs' waiting is read, and the list of programs.
_READ, _LIST = 5, 50


class Heartbeat(Repeating):
    """Measures delays between enter and exit.

    Args:
        file: written to at each beat, because a disk that stalls also stalls a service that logs.
    """

    def __init__(self, file: Path) -> None:
        super().__init__(_EVERY_S, "heartbeat")
        self._file = file
        self._stalls: list[Delay] = []
        self._waits: list[Delay] = []
        self._programs = _Programs()

    def __enter__(self) -> Self:
        """Begin to measure."""
        self._sink = self._file.open("wb", buffering=0)
        self._beats = 0
        self._read_at = clock.now()
        self._due = clock.now() + _EVERY_S
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End and remove the file.

        Raises:
            Unproven: the thread ended before its time, by an error of the disk for example.
        """
        try:
            super().__exit__(kind, error, trace)
        finally:
            self._sink.close()
            self._file.unlink(missing_ok=True)

    @property
    def worst(self) -> float:
        """The longest delay so far, in seconds: of waking up, or of the write."""
        return max((stall.seconds for stall in tuple(self._stalls)), default=0.0)

    @property
    def seen(self) -> Machine:
        """All delays so far."""
        return Machine(tuple(self._stalls), tuple(self._waits))

    def act(self) -> None:
        """Write a byte and see how late it is; now and then, how long programs had to wait."""
        self._sink.write(b".")
        now = clock.now()
        if now - self._due >= _LEAST_S:
            self._stalls.append(Delay(self._due, now, now - self._due))
        if self._beats % _LIST == 0:
            self._programs.find()
        if self._beats % _READ == 0:
            waited, now = self._programs.waited(), clock.now()
            if waited >= _LEAST_S:
                self._waits.append(Delay(self._read_at, now, waited))
            self._read_at = now
        self._beats += 1
        self._due = clock.now() + _EVERY_S


class _Programs:
    """The programs that this process started, and how long they waited for a processor (Linux: schedstat)."""

    def __init__(self) -> None:
        self._waited: dict[int, float] = {}

    def find(self) -> None:
        """Look for programs that are new."""
        self._waited = {pid: self._waited.get(pid, _run_delay(pid)) for pid in _descendants(Path("/proc/self"))}

    def waited(self) -> float:
        """Seconds that were waited since the last call, by all of them together."""
        total = 0.0
        for pid, before in self._waited.items():
            now = _run_delay(pid)
            total += max(0.0, now - before)
            self._waited[pid] = now
        return total


def _descendants(process: Path) -> list[int]:
    found = []
    for children in process.glob("task/*/children"):
        try:
            pids = [int(word) for word in children.read_text(encoding="ascii").split()]
        except OSError:  # the thread has ended
            continue
        for pid in pids:
            found += [pid, *_descendants(Path(f"/proc/{pid}"))]
    return found


def _run_delay(pid: int) -> float:
    """Seconds that the main thread of the program was ready to run and did not; 0 where the kernel does not tell."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
