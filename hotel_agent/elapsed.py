"""How long ago something was, for waits that survive a restart and that no step of the wall clock cuts or stretches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable


class Elapsed:
    """Ages of things that have a wall-clock time, counted on the monotonic clock from when this process first saw them.

    What was written by an earlier process has only its wall-clock time; that is believed once, when it is first seen,
    and a time that lies in the future counts as now. So after a step back nobody waits longer than one whole wait, and
    a step while the process runs changes nothing.

    Args:
        wall: wall-clock seconds.
        monotonic: seconds of a clock that is never set.
    """

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._begun: dict[tuple[str, float], float] = {}

    def begin(self, name: str, at: float) -> None:
        """Count from now on, if it is not counted yet: `at` is believed at this moment, and no later one."""
        self.since(name, at)

    def since(self, name: str, at: float) -> float:
        """Seconds since `at` (wall-clock time) of the thing called `name`."""
        now = self._monotonic()
        begun = self._begun.get((name, at))
        if begun is None:
            begun = self._begun[name, at] = now - max(0.0, self._wall() - at)
        return now - begun

    def keep_only(self, names: Iterable[str]) -> None:
        """Forget all others, so that what is kept stays small."""
        kept = set(names)
        self._begun = {key: begun for key, begun in self._begun.items() if key[0] in kept}
