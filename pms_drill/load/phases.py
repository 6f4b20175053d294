"""Cuts a run into phases by what really happened: fault times and readings of the breaker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pms_drill.evidence.bundle import Span
from pms_drill.load.plan import LoadPlan, Strike, Waits

CLOSED, OPEN, HALF_OPEN = 0.0, 1.0, 2.0
STATE_NAMES = {CLOSED: "closed", OPEN: "open", HALF_OPEN: "half-open"}


@dataclass(frozen=True)
class FaultTimes:
    """When an outage began and ended, in seconds on the monotonic clock.

    Attributes:
        strike: which one.
        arming, armed: arming began; the fault was proved.
        healing, healed: healing began; it was proved that the fault is gone.
    """

    strike: Strike
    arming: float
    armed: float
    healing: float
    healed: float


@dataclass(frozen=True)
class Reading:
    """The breaker's state in one scrape.

    Attributes:
        at: end of the scrape on the monotonic clock.
        state: 0 closed, 1 open, 2 half-open; None when the scrape failed or lacks the metric.
        why: why there is no state.
        pending: reservations that the agent keeps for later; None when it does not tell.
    """

    at: float
    state: float | None
    why: str = ""
    pending: float | None = None

    @property
    def recovered(self) -> bool:
        """Whether the breaker is closed and no backlog is left that is known of."""
        return self.state == CLOSED and not self.pending


def phases(
    plan: LoadPlan,
    t0: float,
    waits: Waits,
    faults: Sequence[FaultTimes],
    readings: Sequence[Reading],
) -> dict[str, Span]:
    """The phases by name: steady, and for each outage the three that `Strike` names.

    An operation belongs to the phase in which it was due. Before an outage lie `plan.guard` seconds and the arming,
    which belong to none; so do the seconds of healing.

    Recovered begins with the first scrape after the proof of healing that says closed and nothing pending, and at the
    latest when the time of `plan.recovery` has passed since then: a breaker that stays open is then judged as open, and
    a backlog that does not end with what it costs the guests. It ends where the next outage's guard begins.

    Args:
        t0: start of the generator's schedule on the monotonic clock.
        faults: in order.
    """
    begin, end = t0 + plan.warmup, t0 + plan.total(waits)
    ends = [*(fault.arming - plan.guard for fault in faults), end]
    found = {"steady": Span(begin, max(begin, ends[0]))}
    for fault, until in zip(faults, ends[1:], strict=True):
        latest = fault.healed + plan.recovery(fault.strike, waits)
        ready = (reading.at for reading in readings if reading.at >= fault.healed and reading.recovered)
        recovered = min(next(ready, latest), latest, until)
        found[fault.strike.during] = Span(fault.armed, fault.healing)
        found[fault.strike.recovering] = Span(fault.healed, max(fault.healed, recovered))
        found[fault.strike.recovered] = Span(recovered, max(recovered, until))
    return found
