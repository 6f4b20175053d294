"""Cuts a run into phases by what really happened: fault times and readings of the breaker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pms_drill.evidence.bundle import Span
from pms_drill.load.plan import LoadPlan

CLOSED, OPEN, HALF_OPEN = 0.0, 1.0, 2.0
STATE_NAMES = {CLOSED: "closed", OPEN: "open", HALF_OPEN: "half-open"}


@dataclass(frozen=True)
class FaultTimes:
    """When the outage began and ended, in seconds on the monotonic clock.

    Attributes:
        arming, armed: arming began; the fault was proved.
        healing, healed: healing began; it was proved that the fault is gone.
    """

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
    """

    at: float
    state: float | None
    why: str = ""


def phases(
    plan: LoadPlan,
    t0: float,
    recovery_timeout: float,
    fault: FaultTimes | None,
    readings: Sequence[Reading],
) -> dict[str, Span]:
    """The phases by name: steady, and with a fault outage, recovering, recovered.

    An operation belongs to the phase in which it was due. Between steady and outage lie `plan.guard`
    seconds and the arming, which belong to none; so do the seconds of healing.

    Recovered begins with the first scrape after the proof of healing that says closed, and at the latest
    when the recovery timeout and `plan.margin` have passed since then: a breaker that stays open is then
    judged as open.

    Args:
        t0: start of the generator's schedule on the monotonic clock.
    """
    begin, end = t0 + plan.warmup, t0 + plan.total(recovery_timeout)
    if fault is None:
        return {"steady": Span(begin, end)}
    latest = fault.healed + recovery_timeout + plan.margin
    closed = (r.at for r in readings if r.at >= fault.healed and r.state == CLOSED)
    recovered = min(next(closed, latest), latest, end)
    return {
        "steady": Span(begin, max(begin, fault.arming - plan.guard)),
        "outage": Span(fault.armed, fault.healing),
        "recovering": Span(fault.healed, recovered),
        "recovered": Span(recovered, end),
    }
