"""What one load run does: arrival rates and the length of each part of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal

from pms_drill.errors import DrillError

#: Phases whose figures are judged; the others are shown only.
JUDGED = ("steady", "recovered", "recovered again")
Closing = Literal["wait", "reset"]


@dataclass(frozen=True)
class Waits:
    """What the length of a schedule depends on, in seconds, as the profile claims it.

    Attributes:
        recovery: how long the breaker stays open.
        deadline: of one exchange of the agent with the PMS.
    """

    recovery: float
    deadline: float


@dataclass(frozen=True)
class Strike:
    """An outage of the PMS while the load is on, and the names of its phases.

    Attributes:
        kind: "refused": connections are refused, so that each call fails at once. "hang": answers never come, so that
            each call under way holds what it holds (a connection, a thread, a permit) until its deadline.
        seconds: how long it lasts.
        closes: whether the breaker's wait is awaited afterwards, or an operator resets it (runbook, step 3).
    """

    kind: Literal["refused", "hang"]
    seconds: float
    closes: Closing
    during: str
    recovering: str
    recovered: str


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
        meanwhile: reservations per second while nothing is judged, from the guard before an outage to the end of
            recovering; None for as many as else. What the agent keeps for later then, it books afterwards, one at a
            time beside its guests: with as many as else that backlog lasts longer than a short phase.
        warmup: first seconds, not judged: connections, imports and caches of the agent.
        steady: length of the phase before any outage.
        outage: how long the PMS refuses connections; 0 for no such outage.
        hang: how long the PMS then does not answer at all; 0 for no such outage. Twice the agent's deadline: the first
            calls run into it and open the breaker, and all that were under way at that moment do so, too, instead of
            being saved by the heal. What comes before it is the recovered phase of the first outage.
        recovered: length of the phase after each outage.
        direct: how many of the first seconds of the schedule are sent again at the end, to the PMS directly; 0 for no
            such control.
        guard: seconds before the outage that are not judged, because their calls may still be under way
            when the fault is armed. It is the runbook's critical response time: what takes longer is
            critical anyway.
        slack: time for arming, proving, healing and proving.
        margin: how much longer than the breaker's recovery timeout it may take after the fault is healed until the
            breaker is closed and what was kept for later is booked.
        closes: see `Strike`, for the outage that refuses; after the hang the wait is always awaited.
        arrivals: "poisson" (exponential gaps, the number per segment fixed) or "uniform" (even gaps).
        scrape_interval: pause between two readings of the breaker's state.
    """

    availability: float = 20.0
    reservations: float = 1.5
    meanwhile: float | None = None
    warmup: float = 3.0
    steady: float = 14.0
    outage: float = 0.0
    hang: float = 0.0
    recovered: float = 15.0
    direct: float = 0.0
    guard: float = 3.0
    slack: float = 3.0
    margin: float = 5.0
    arrivals: Literal["poisson", "uniform"] = "poisson"
    scrape_interval: float = 0.5
    closes: Closing = "wait"

    @property
    def strikes(self) -> tuple[Strike, ...]:
        """The outages, in order."""
        both = (
            Strike("refused", self.outage, self.closes, "outage", "recovering", "recovered"),
            Strike("hang", self.hang, "wait", "hang", "recovering again", "recovered again"),
        )
        return tuple(strike for strike in both if strike.seconds > 0)

    @property
    def judged_phases(self) -> tuple[str, ...]:
        """Names of the phases whose bands gate: steady, and what comes after each outage."""
        return ("steady", *(strike.recovered for strike in self.strikes))

    def rate(self, endpoint: str, segment: str) -> float:
        """Arrivals per second of an operation in a part of the schedule."""
        if endpoint == "availability":
            return self.availability
        unjudged = segment not in ("warmup", *self.judged_phases)
        return self.meanwhile if unjudged and self.meanwhile is not None else self.reservations

    def recovery(self, strike: Strike, waits: Waits) -> float:
        """Seconds after the proof of healing at which the breaker must have closed and the backlog be booked."""
        if strike.closes == "reset":
            return self.margin
        # A hang opens the breaker when the first calls run into their deadline. Unless a probe has failed since then,
        # its wait is that much shorter after the heal.
        passed = strike.seconds - waits.deadline if strike.kind == "hang" else 0.0
        return self.margin + waits.recovery - (passed if 0.0 < passed < waits.recovery else 0.0)

    def segments(self, waits: Waits) -> list[Segment]:
        """The parts of the schedule in order."""
        lengths = [("warmup", self.warmup), ("steady", self.steady)]
        for strike in self.strikes:
            lengths += [
                (f"guard before {strike.during}", self.guard),
                (strike.during, strike.seconds),
                (strike.recovering, self.slack + self.recovery(strike, waits)),
                (strike.recovered, self.recovered),
            ]
        parts: list[Segment] = []
        begin = 0.0
        for name, seconds in lengths:
            parts.append(Segment(name, begin, seconds))
            begin += seconds
        return parts

    def total(self, waits: Waits) -> float:
        """Seconds from the first possible arrival to the end of the schedule."""
        last = self.segments(waits)[-1]
        return last.begin + last.seconds

    def begins(self, phase: str, waits: Waits) -> float:
        """Seconds after the start at which a part of the schedule begins; for an outage, when it is armed.

        Raises:
            KeyError: there is no such part.
        """
        return {part.name: part.begin for part in self.segments(waits)}[phase]

    @property
    def direct_ends(self) -> float:
        """Seconds of the schedule that are sent again directly: the warmup and `direct`."""
        return self.warmup + min(self.direct, self.steady)


#: Settings that are words.
_WORDS = {"arrivals": ("poisson", "uniform"), "closes": ("wait", "reset")}
_TIERS: dict[str, LoadPlan] = {
    "smoke": LoadPlan(),
    # The reset saves the first wait of 30 s. Each judged phase has as many reservations as a percentile needs.
    "pr": LoadPlan(steady=14.0, outage=4.0, closes="reset", hang=21.0, recovered=14.0, meanwhile=0.5),
    "weekly": LoadPlan(warmup=10.0, steady=300.0, outage=60.0, hang=60.0, recovered=120.0, margin=60.0),
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
        if name in _WORDS:
            valid = value in _WORDS[name]
        else:
            valid = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
        if not valid:
            raise DrillError(f"the load plan's {name} cannot be {value!r}", where=f"tier {tier}")
    return replace(_TIERS[tier], **changes)  # type: ignore[arg-type]
