"""Starts the load generator (Locust, in a process of its own) and reads what it recorded.

Locust patches the sockets and threads of the process that imports it, so the harness never does.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import ValidationError
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from pms_drill import clock
from pms_drill.errors import DrillError
from pms_drill.load.direct import KEY_VARIABLE
from pms_drill.load.generator import VARIABLE, GeneratorSettings, Started, Summary
from pms_drill.load.operation import Operation, read
from pms_drill.stack.process import Program

_REPO = Path(__file__).resolve().parents[2]
LOCUSTFILE = _REPO / "load" / "locustfile.py"

_OPTIONS = ("--headless", "--users", "1", "--spawn-rate", "1", "--only-summary")
#: Seconds that Locust may take to import and to spawn its one user, on a busy machine.
_START = 30.0
#: Exit code of the locustfile when arrivals are missing.
_INCOMPLETE = 3


class LoadGenerator:
    """The Locust process of one run. Use it as a context manager: leaving it ends the process.

    Args:
        settings: what to send; `settings.folder` is created and gets all files.
        pms_key: of the PMS's web service, for a direct control.
    """

    def __init__(self, settings: GeneratorSettings, pms_key: str = "") -> None:
        self._settings = settings
        self._program = Program(
            "load generator",
            [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--host", settings.agent_url, *_OPTIONS],
            env={VARIABLE: str(self._input), KEY_VARIABLE: pms_key, "PYTHONPATH": str(_REPO)},
            cwd=settings.folder,
            log=settings.folder / "locust.log",
        )

    @property
    def _input(self) -> Path:
        return self._settings.folder / "settings.json"

    def __enter__(self) -> Self:
        """Start Locust and wait until its schedule begins.

        Raises:
            DrillError: it ended or did not begin in time.
        """
        folder = self._settings.folder
        folder.mkdir(parents=True, exist_ok=True)
        for leftover in (self._settings.started_file, self._settings.summary_file):
            leftover.unlink(missing_ok=True)
        self._input.write_text(self._settings.model_dump_json(indent=2), encoding="utf-8")
        self._program.start()
        try:
            self._program.wait_until(
                self._settings.started_file.exists, within=_START, todo="read its log; is Locust installed?"
            )
        except BaseException:
            self._program.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process if it still runs."""
        self._program.stop()

    @property
    def pid(self) -> int:
        """The process id of Locust."""
        return self._program.pid

    @property
    def t0(self) -> float:
        """Start of the schedule on the monotonic clock."""
        return Started.model_validate_json(self._settings.started_file.read_text(encoding="utf-8")).t0

    def wait_until(self, moment: float) -> None:
        """Wait for a moment on the monotonic clock.

        Raises:
            DrillError: the generator ended before it.
        """
        left = moment - clock.now()
        if left <= 0:
            return
        if self._ended_within(left):
            raise self._error("the load generator ended too early")

    def finish(self) -> tuple[list[Operation], Summary]:
        """Wait for the end of the schedule and of the last answers, and read what was recorded.

        Raises:
            DrillError: it did not end in time, was killed, sent nothing, or its files cannot be read.
        """
        settings = self._settings
        ends = self.t0 + settings.total
        # The locustfile itself gives up after 3 x patience; the rest is for Locust's own end.
        if not self._ended_within(max(0.0, ends - clock.now()) + 3 * settings.patience + 15):
            raise self._error("the load generator did not end in time")
        if self._program.exit_code not in (0, _INCOMPLETE):
            raise self._error(f"the load generator failed with exit code {self._program.exit_code}")
        try:
            operations = read(settings.operations_file)
            summary = Summary.model_validate_json(settings.summary_file.read_text(encoding="utf-8"))
        except (OSError, ValueError, ValidationError) as error:
            raise self._error(f"the load generator's records cannot be read: {error}") from error
        if not operations:
            raise self._error("the load generator sent nothing")
        return operations, summary

    def _ended_within(self, seconds: float) -> bool:
        polling = Retrying(
            stop=stop_after_delay(seconds),
            wait=wait_fixed(0.05),
            retry=retry_if_result(lambda done: not done),
        )
        try:
            return polling(lambda: not self._program.running)
        except RetryError:
            return False

    def _error(self, what: str) -> DrillError:
        return DrillError(
            what,
            where=str(self._program.log),
            todo="read the log; nothing of this load can be judged",
            detail=self._program.last_lines(),
        )
