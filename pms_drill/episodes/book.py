"""Runs each experiment once and keeps its evidence for all the tests that read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pms_drill.episodes import experiments
from pms_drill.stack.base import Stack


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
        try:
            return _Result(evidence=experiments.run(name, self._stack(), self._seed))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # typed skips and time limits of pytest are no Exception
            return _Result(error=error)
