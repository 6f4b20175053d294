"""The control of a load run: a program of ours that has next to nothing to do, asked while the load is on.

When even that one answers late, it is the machine that is late, and what the agent's guests had to wait says nothing
about the agent (design, rule 7). The PMS itself is no such control: QloApps and its twin answer later the more
requests are under way.

An idle program is let in first by the scheduler of a machine whose processors are all taken, and answers in time while
programs that work wait. So a little work is done as well, and it is measured how much longer it took than the
processor was given to it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from pms_drill import clock
from pms_drill.repeating import Repeating

#: Asked four times a second, one request after the other: enough for a percentile of a phase, no load by itself.
INTERVAL_S = 0.25
#: Longer than the turn that a scheduler gives to a program at a time (3 to 4 ms); 2.5 % of one processor.
WORK_S = 0.006


@dataclass(frozen=True)
class ControlBound:
    """What a machine may be late by within a phase; above it the phase is unknown.

    Attributes:
        p95_ms: 95th percentile of the time to an answer.
        slowdown: median of `Sample.slowdown`.
    """

    p95_ms: float
    slowdown: float


@dataclass(frozen=True)
class Sample:
    """One question of the control.

    Attributes:
        at: begin on the monotonic clock, in seconds.
        ms: time to the whole answer; None if there was none.
        slowdown: how many times longer than on a processor of its own a little work took; None if it was not done.
    """

    at: float
    ms: float | None
    slowdown: float | None = None


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
            self.samples.append(Sample(begun, (clock.now() - begun) * 1000, slowdown()))


def slowdown(work: float = WORK_S) -> float:
    """Keep a processor busy for `work` seconds of its time; returns the time that passed, divided by that."""
    begun, given = clock.now(), time.thread_time()
    while (worked := time.thread_time() - given) < work:
        pass
    return max(1.0, (clock.now() - begun) / worked)
