"""What one load run does: arrival rates and the length of each part of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal

from pms_drill.errors import DrillError

#: Phases whose figures are judged; the others are shown only.
JUDGED = ("steady", "recovered")


@dataclass(frozen=True)
class Segment:
    """A part of the schedule. `begin` and `seconds` are relative to the start of the generator."""

    name: str
    begin: float
    seconds: float


@dataclass(frozen=True)
class LoadPlan:
    """Rates per second and lengths in seconds.

    The arrivals of all segments are one schedule that never waits for answers. The phases that are judged
    are cut out of it later, by the times at which the fault was really armed and healed (see `phases`).

    Attributes:
        availability, reservations: arrivals per second of each operation. QloApps books one at a time per
            hotel at about 0.2 s each, so that 1.5 reservations/s keep it busy for a third of the time.
        warmup: first seconds, not judged: connections, imports and caches of the agent.
        steady, outage, recovered: length of the phases; `outage` 0 means steady only.
        guard: seconds before the outage that are not judged, because their calls may still be under way
            when the fault is armed. It is the runbook's critical response time: what takes longer is
            critical anyway.
        slack: time for arming, proving, healing and proving.
        margin: how much longer than the breaker's recovery timeout its closing may take after the fault
            is healed.
        arrivals: "poisson" (exponential gaps, the number per segment fixed) or "uniform" (even gaps).
        scrape_interval: pause between two readings of the breaker's state.
    """

    availability: float = 20.0
    reservations: float = 1.5
    warmup: float = 3.0
    steady: float = 14.0
    outage: float = 0.0
    recovered: float = 15.0
    guard: float = 3.0
    slack: float = 3.0
    margin: float = 5.0
    arrivals: Literal["poisson", "uniform"] = "poisson"
    scrape_interval: float = 0.5

    @property
    def judged_phases(self) -> tuple[str, ...]:
        """Names of the phases whose bands gate: steady, and recovered when there is an outage."""
        return JUDGED if self.outage > 0 else JUDGED[:1]

    def segments(self, recovery_timeout: float) -> list[Segment]:
        """The parts of the schedule in order.

        Args:
            recovery_timeout: the breaker's wait in seconds, as the profile claims it.
        """
        lengths = [("warmup", self.warmup), ("steady", self.steady)]
        if self.outage > 0:
            lengths += [
                ("guard", self.guard),
                ("outage", self.outage),
                ("recovering", self.slack + recovery_timeout + self.margin),
                ("recovered", self.recovered),
            ]
        parts: list[Segment] = []
        begin = 0.0
        for name, seconds in lengths:
            parts.append(Segment(name, begin, seconds))
            begin += seconds
        return parts

    def total(self, recovery_timeout: float) -> float:
        """Seconds from the first possible arrival to the end of the schedule."""
        last = self.segments(recovery_timeout)[-1]
        return last.begin + last.seconds

    @property
    def outage_begins(self) -> float:
        """Seconds after the start at which the fault is armed."""
        return self.warmup + self.steady + self.guard


_TIERS: dict[str, LoadPlan] = {
    "smoke": LoadPlan(),
    "pr": LoadPlan(steady=20.0, outage=10.0, recovered=15.0),
    "weekly": LoadPlan(warmup=10.0, steady=300.0, outage=60.0, recovered=120.0),
}


def plan_for(tier: str, settings: Mapping[str, object] | None = None) -> LoadPlan:
    """The plan of a tier, with single settings replaced.

    Args:
        tier: smoke, pr or weekly.
        settings: fields of `LoadPlan` and their values, as a tier's table in a TOML file has them.

    Raises:
        DrillError: an unknown tier or setting, or a value that is no positive number.
    """
    if tier not in _TIERS:
        raise DrillError(f"there is no load plan for the tier {tier!r}", todo=f"use one of {', '.join(_TIERS)}")
    changes = dict(settings or {})
    known = {field.name for field in fields(LoadPlan)}
    for name, value in changes.items():
        if name not in known:
            raise DrillError(f"{name!r} is no setting of a load plan", todo=f"use one of {', '.join(sorted(known))}")
        if name == "arrivals":
            valid = value in ("poisson", "uniform")
        else:
            valid = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
        if not valid:
            raise DrillError(f"the load plan's {name} cannot be {value!r}", where=f"tier {tier}")
    return replace(_TIERS[tier], **changes)  # type: ignore[arg-type]
