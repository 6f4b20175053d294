"""Runs each experiment and keeps its evidence for all the tests that read it.

It is run once. Where the machine itself was too late to judge time, it is run once more, before anybody has looked at
what the agent did: the heartbeat and the control decide that, and no verdict. The second evidence counts, whatever it
says, and the run's page tells it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pms_drill.checks.lateness import machine_was_late
from pms_drill.episodes import experiments
from pms_drill.stack.base import Stack

#: Below the run's folder: experiments that were run twice, one line each with the reason.
_RUN_AGAIN = "run-again.txt"


@dataclass(frozen=True)
class _Result:
    """Evidence, or what was raised instead."""

    evidence: Any = None
    error: BaseException | None = None


class EpisodeBook:
    """The experiments of one worker.

    Args:
        stack: gives the running stack; asked for only when an experiment has to run.
        seed: of the run.
    """

    def __init__(self, stack: Callable[[], Stack], seed: int) -> None:
        self._stack = stack
        self._seed = seed
        self._results: dict[str, _Result] = {}

    def evidence(self, name: str) -> Any:
        """The evidence of an experiment, which is run when it is asked for the first time.

        Raises:
            Whatever the experiment raised, for each of its tests: a broken one is not repeated until it is green.
        """
        if name not in self._results:
            self._results[name] = self._run(name)
        result = self._results[name]
        if result.error is not None:
            raise result.error
        return result.evidence

    def _run(self, name: str) -> _Result:
        stack = self._stack
        try:
            evidence = experiments.run(name, stack(), self._seed)
            if late := machine_was_late(evidence):
                self._tell(stack(), f"{name}: run again, the machine was too late to judge time ({late:.2f} s)")
                evidence = experiments.run(name, stack(), self._seed)
            return _Result(evidence=evidence)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # typed skips and time limits of pytest are no Exception
            return _Result(error=error)

    def _tell(self, stack: Stack, why: str) -> None:
        stack.journal.note("step", "experiments", "run again", why)
        with suppress(OSError), (stack.run_dir / _RUN_AGAIN).open("a", encoding="utf-8") as file:
            file.write(f"{why}\n")


def run_again(run_dir: Path) -> list[str]:
    """The experiments of a run that were run twice, one line each with the reason."""
    with suppress(OSError):
        return (run_dir / _RUN_AGAIN).read_text(encoding="utf-8").splitlines()
    return []
