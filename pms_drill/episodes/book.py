"""Runs each experiment once and keeps its evidence for all the tests that read it.

Once more only where the machine itself stalled at a moment that is judged: what the agent did then is unknown for a
reason that is no business of the agent's. What was seen of the agent never decides that, and the page tells it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pms_drill.checks.lateness import hidden_by_a_stall
from pms_drill.episodes import experiments
from pms_drill.evidence import repeats
from pms_drill.evidence.bundle import Evidence
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
        result = self._try(name)
        if isinstance(result.evidence, Evidence) and (stall := hidden_by_a_stall(result.evidence)):
            self._stack().journal.note(*repeats.repeated(name, stall))
            return self._try(name)
        return result

    def _try(self, name: str) -> _Result:
        try:
            return _Result(evidence=experiments.run(name, self._stack(), self._seed))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # typed skips and time limits of pytest are no Exception
            return _Result(error=error)
