"""How late the machine itself was while an experiment ran: the control that goes on all the time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True)
class Delay:
    """A stretch of time in which something had to wait for the machine, on the monotonic clock.

    Attributes:
        begin, end: of the stretch, in seconds.
        seconds: how much of it was waiting; more than its length where several programs waited.
    """

    begin: float
    end: float
    seconds: float


@dataclass(frozen=True)
class Machine:
    """Delays of the machine, seen by the heartbeat.

    Attributes:
        stalls: the harness woke up late, or its write to the disk took long.
        waits: agent, proxies and PMS were ready to run and had no processor, all together. Only Linux tells.
    """

    stalls: tuple[Delay, ...] = ()
    waits: tuple[Delay, ...] = ()

    def longest_stall(self, begin: float, end: float) -> float:
        """The longest stall that overlaps the span, in seconds; 0 when there was none."""
        return max((stall.seconds for stall in _within(self.stalls, begin, end)), default=0.0)

    def most_waiting(self, begin: float, end: float, window: float) -> float:
        """The most that was waited in any `window` seconds of the span, in seconds."""
        waits = sorted(_within(self.waits, begin, end), key=lambda wait: wait.begin)
        sums = [0.0, *accumulate(wait.seconds for wait in waits)]
        most, first = 0.0, 0
        for number, wait in enumerate(waits, start=1):
            while wait.end - waits[first].begin > window and first < number - 1:
                first += 1
            most = max(most, sums[number] - sums[first])
        return most


def _within(delays: Iterable[Delay], begin: float, end: float) -> Iterable[Delay]:
    return (delay for delay in delays if delay.end >= begin and delay.begin <= end)
