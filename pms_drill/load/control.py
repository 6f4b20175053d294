"""The control of a load run: a program of ours that has next to nothing to do, asked while the load is on.

When even that one answers late, it is the machine that is late, and what the agent's guests had to wait says nothing
about the agent (design, rule 7). The PMS itself is no such control: QloApps and its twin answer later the more
requests are under way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pms_drill import clock
from pms_drill.repeating import Repeating

#: Asked four times a second, one request after the other: enough for a percentile of a phase, no load by itself.
INTERVAL_S = 0.25


@dataclass(frozen=True)
class Sample:
    """One question of the control.

    Attributes:
        at: begin on the monotonic clock, in seconds.
        ms: time to the whole answer; None if there was none.
    """

    at: float
    ms: float | None


class Control(Repeating):
    """Asks again and again while it is entered.

    Args:
        ask: one question; raises when there is no good answer.
    """

    def __init__(self, ask: Callable[[], object], interval: float = INTERVAL_S) -> None:
        super().__init__(interval, "load control")
        self._ask = ask
        self.samples: list[Sample] = []

    def act(self) -> None:
        """Ask once and note how long it took."""
        begun = clock.now()
        try:
            self._ask()
        except Exception:  # whatever it raises, it is one question without an answer
            self.samples.append(Sample(begun, None))
        else:
            self.samples.append(Sample(begun, (clock.now() - begun) * 1000))
