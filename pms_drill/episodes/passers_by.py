"""Guests who come by while an experiment waits for the breaker.

A breaker whose probe is the agent's own needs nobody. Where guests are the probes it stays half-open until one comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pms_drill.episodes.scene import Scene
from pms_drill.repeating import Repeating

#: The phase of their questions.
PASSING = "passing"
#: One after the other, with this pause in seconds: well within any wait.
_EVERY_S = 0.1


class _PassersBy(Repeating):
    def __init__(self, scene: Scene) -> None:
        super().__init__(_EVERY_S, "passers-by")
        self._ask = scene.guests.ask
        self._book = scene.guest_book(PASSING)

    def act(self) -> None:
        self._ask(self._book.guest(), PASSING)


@contextmanager
def passers_by(scene: Scene) -> Iterator[None]:
    """While the block lasts guests ask, where they are the probes; otherwise nobody does."""
    if scene.profile.breaker.half_open == "probe":
        yield
        return
    with _PassersBy(scene):
        yield
