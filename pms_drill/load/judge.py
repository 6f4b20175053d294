"""From operations and scrapes to the rows of the target table. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pms_drill.checks.verdict import Verdict, failed, passed, unknown
from pms_drill.evidence.bundle import Span
from pms_drill.load.bands import Band, Limits, Targets
from pms_drill.load.beside import Beside, whose
from pms_drill.load.direct import DirectRun
from pms_drill.load.intervals import Interval, of_percentile, of_share, told
from pms_drill.load.operation import Answered, Operation
from pms_drill.load.percentiles import percentile
from pms_drill.load.phases import CLOSED, HALF_OPEN, OPEN, STATE_NAMES, Reading
from pms_drill.load.plan import JUDGED
from pms_drill.load.schedule import ENDPOINTS
from pms_drill.load.validity import within

#: Names of the rows of one phase, in the order of the runbook's table.
METRICS = (
    "availability",
    "response_time:availability",
    "response_time:reservations",
    "error_rate",
    "circuit_breaker",
)
#: Share of failed scrapes in a phase above which the breaker's state is unknown.
_BLIND = 0.1


@dataclass(frozen=True)
class Target:
    """One row of the results' target table, as `targets.json` has it.

    Attributes:
        metric: one of `METRICS`.
        phase: steady, outage, recovering or recovered.
        value: None when there is none. Percent, milliseconds or a state of the breaker, see `unit`.
        n: samples (operations or scrapes) in the phase.
        low, high: 95 % interval of the value; None for an end that the samples do not bound, and for a state.
        shown: whether the whole interval lies in the band.
        straddles: which limits lie within the interval, in words; empty when none does.
        band: target, not shown, off target, warning, critical or unknown.
        direct: the same figure of the PMS, asked directly; None without a control that can be used.
        added: what the agent adds to a figure that is the PMS's, by which it was judged; None when it was judged by
            the figure itself.
        target, warning, critical: the limits as written, "< 500".
        note: further figures, and why a band is unknown.
        gates: whether the band decides about the run's exit code; false for outage and recovering, where
            the figures are information: the runbook's targets are those of a working integration.
    """

    metric: str
    label: str
    phase: str
    value: float | None
    low: float | None
    high: float | None
    shown: bool
    straddles: str
    n: int
    band: Band
    direct: float | None
    added: float | None
    target: str
    warning: str
    critical: str
    unit: str
    note: str
    gates: bool

    @property
    def verdict(self) -> Verdict:
        """FAILED in the band critical, UNKNOWN without a band, else PASSED; its text tells the band and the interval.

        Off target and warning go to the exit code by way of `--fail-on` (10, 11).
        """
        claimed = f"{self.label} in {self.phase} is not past the runbook's critical limit, {self.critical} {self.unit}"
        limits = f"target {self.target}, warning {self.warning}, critical {self.critical}"
        figures = f"{self.value} {self.unit} (n {self.n:,}): {self.band} ({limits})"
        figures = "; ".join(filter(None, [figures, self.straddles, self.note]))
        if self.band is Band.UNKNOWN:
            return unknown(claimed, load=figures)
        return failed(claimed, load=figures) if self.band is Band.CRITICAL else passed(claimed, load=figures)


@dataclass(frozen=True)
class _Figure:
    """One estimate: its value and interval, both None when there are no samples, and their number."""

    value: float | None
    interval: Interval | None
    n: int


def judge(
    operations: Sequence[Operation],
    readings: Sequence[Reading],
    spans: Mapping[str, Span],
    targets: Targets,
    doubts: Mapping[str, Sequence[str]],
    direct: DirectRun | None = None,
) -> list[Target]:
    """All rows, phase by phase.

    Args:
        direct: the same arrivals at the PMS itself. Without one nothing is excused.
        doubts: phase -> reasons why nothing in it may be judged; a phase without an entry is not in doubt.
    """
    rows: list[Target] = []
    controls = _controls(direct, targets)
    for phase, span in spans.items():
        inside = within(operations, span)
        scraped = [reading for reading in readings if span.holds(reading.at)]
        found = _phase(phase, inside, scraped, targets, list(doubts.get(phase, ())))
        rows += [_beside(row, targets, controls) for row in found]
    return rows


def _controls(direct: DirectRun | None, targets: Targets) -> dict[str, Beside]:
    """The PMS's own figures by metric; nothing of the breaker, which it does not have."""
    if direct is None:
        return {}
    answered = sum(operation.answered is Answered.PMS for operation in direct.operations)
    doubts = list(direct.doubts)
    if 2 * answered < len(direct.operations):
        # A wrong key, a wrong address: such a control would excuse everything.
        doubts.append(f"only {answered} of {len(direct.operations)} requests of the control were answered")
    rows = _phase("direct", direct.operations, [], targets, doubts)
    return {
        row.metric: Beside(None if row.band is Band.UNKNOWN else row.value, row.n, row.note)
        for row in rows
        if row.unit != "state"
    }


def _beside(row: Target, targets: Targets, controls: Mapping[str, Beside]) -> Target:
    """The row, judged by what the agent adds where the figure is the PMS's."""
    control = controls.get(row.metric)
    if control is None or row.value is None or row.band is Band.UNKNOWN:
        return row
    limits: Limits = getattr(targets, row.metric.partition(":")[0])
    found = whose(limits, row.value, control)
    band: Band = row.band
    note = "; ".join(filter(None, [found.note, row.note]))
    if found.added is not None:
        # No interval of the difference is known, so that it is never shown to meet the target.
        band = Band.NOT_SHOWN if found.band is Band.TARGET else found.band
    return replace(
        row, band=band, direct=control.value, added=found.added, shown=row.shown and found.added is None, note=note
    )


def _phase(
    phase: str,
    operations: Sequence[Operation],
    readings: Sequence[Reading],
    targets: Targets,
    doubts: list[str],
) -> Iterator[Target]:
    counts = Counter(operation.answered for operation in operations)
    n = len(operations)
    mix = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Answered if counts[outcome])
    yield _row("availability", targets.availability, phase, _share(counts[Answered.PMS], n), mix, doubts)

    for endpoint in ENDPOINTS:
        limits = targets.response_time
        times = [operation.response_ms for operation in operations if operation.endpoint == endpoint]
        figure = _percentile(times, limits.percent or 95)
        yield _row(f"response_time:{endpoint}", limits, phase, figure, _spread(times, limits), doubts)

    yield _row("error_rate", targets.error_rate, phase, _share(counts[Answered.ERROR], n), _kinds(operations), doubts)

    state, note, blind = _worst_state(readings)
    figure = _Figure(state, None if state is None else Interval.exactly(state), len(readings))
    yield _row("circuit_breaker", targets.circuit_breaker, phase, figure, note, doubts + blind)


def _row(metric: str, limits: Limits, phase: str, figure: _Figure, note: str, doubts: list[str]) -> Target:
    value, interval, n = figure.value, figure.interval, figure.n
    reasons = list(doubts)
    if n < limits.minimum:
        reasons.append(f"{n} samples, at least {limits.minimum} are needed")
    band, shown, straddles = Band.UNKNOWN, False, ""
    if value is not None and interval is not None:
        shown, straddles = limits.shown(value, interval), _straddles(limits, interval, n)
        if not reasons:
            band = limits.band(value)
            band = Band.NOT_SHOWN if band is Band.TARGET and not shown else band
    estimated = interval if limits.unit != "state" else None
    return Target(
        metric=metric,
        label=limits.label + (f" ({metric.partition(':')[2]})" if ":" in metric else ""),
        phase=phase,
        value=value,
        low=_finite(estimated.low) if estimated else None,
        high=_finite(estimated.high) if estimated else None,
        shown=shown and band is not Band.UNKNOWN,
        straddles=straddles,
        n=n,
        band=band,
        direct=None,
        added=None,
        target=str(limits.target),
        warning=str(limits.warning),
        critical=str(limits.critical),
        unit=limits.unit,
        note="; ".join(filter(None, [*(f"unknown: {reason}" for reason in reasons), note])),
        gates=phase in JUDGED,
    )


def _share(part: int, n: int) -> _Figure:
    # One division of whole numbers is rounded once, so that 999 of 1,000 is exactly the 99.9 of the table.
    return _Figure(100 * part / n, of_share(part, n), n) if n else _Figure(None, None, 0)


def _percentile(values: Sequence[float], percent: int) -> _Figure:
    if not values:
        return _Figure(None, None, 0)
    return _Figure(percentile(values, percent), of_percentile(values, percent), len(values))


def _straddles(limits: Limits, interval: Interval, n: int) -> str:
    """Which limits so many samples leave open, "95 % interval 99.15 to 100 % (n 430) straddles > 99.9 and < 99.5"."""
    rules = limits.straddled(interval)
    if not rules:
        return ""
    words = " and ".join(str(rule) for rule in rules)
    return f"95 % interval {told(interval.low, interval.high, limits.unit)} {limits.unit} (n {n:,}) straddles {words}"


def _finite(end: float) -> float | None:
    return None if math.isinf(end) else end


def _spread(times: Sequence[float], limits: Limits) -> str:
    if not times:
        return ""
    figures = [(percent, percentile(times, percent)) for percent in (50, limits.percent or 95, 99)]
    return ", ".join(f"p{percent} {value:.0f} ms" for percent, value in figures) + f", max {max(times):.0f} ms"


def _kinds(operations: Sequence[Operation]) -> str:
    """Errors by kind: "3 HTTP 502 pms-auth, 1 timeout"."""
    kinds = Counter(
        op.error or " ".join(filter(None, ["HTTP", str(op.status), op.answer]))
        for op in operations
        if op.answered is Answered.ERROR
    )
    return ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())


def _worst_state(readings: Sequence[Reading]) -> tuple[float | None, str, list[str]]:
    """The worst state, the counts for people, and why it cannot be trusted."""
    seen = Counter(reading.state for reading in readings if reading.state is not None)
    lost = [reading for reading in readings if reading.state is None]
    note = ", ".join(f"{STATE_NAMES.get(state, f'{state:g}')} in {count}" for state, count in seen.items())
    reasons = []
    if len(lost) > _BLIND * len(readings):
        reasons.append(f"{len(lost)} of {len(readings)} scrapes failed: {lost[0].why}")
    strange = [state for state in seen if state not in STATE_NAMES]
    if strange:
        reasons.append(f"the breaker's state was {strange[0]:g}")
    worst = next((state for state in (OPEN, HALF_OPEN, CLOSED) if seen[state]), None)
    return worst, f"scrapes: {note}" if note else "", reasons
