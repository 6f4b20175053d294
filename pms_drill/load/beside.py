"""A figure of the agent beside the same figure of the PMS: whose is it? Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pms_drill.load.bands import Band, Limits


@dataclass(frozen=True)
class Beside:
    """The PMS's own figure, asked directly with the same arrivals.

    Attributes:
        value: None when the control cannot be used.
        n: its samples.
        note: its further figures, or why it cannot be used.
    """

    value: float | None
    n: int
    note: str


@dataclass(frozen=True)
class Whose:
    """What follows from the control for one figure.

    Attributes:
        band: of the figure, or of what the agent adds where the PMS itself misses the limit.
        added: what the agent adds, in the figure's own terms; None when the figure was judged as it is.
        note: both figures, for people.
    """

    band: Band
    added: float | None
    note: str


def whose(limits: Limits, value: float, control: Beside) -> Whose:
    """Judge a figure beside its control. Without a usable control nothing is excused.

    A limit that the PMS misses without the agent is held against what the agent adds: the difference of the
    milliseconds, or of the shares. Every other limit is held against the whole figure.
    """
    as_it_is = limits.band(value)
    if control.value is None:
        return Whose(as_it_is, None, f"the PMS itself is not known, and nothing is excused: {control.note}")
    pms = f"the PMS itself, asked directly: {control.value:,.2f} {limits.unit} (n {control.n:,})"
    missed = [
        *(rule for rule in (limits.critical, limits.warning) if rule.holds(control.value)),
        *(rule for rule in (limits.target,) if not rule.holds(control.value)),
    ]
    if not missed or as_it_is is Band.TARGET:
        return Whose(as_it_is, None, pms)
    added = _added(limits, value, control.value)
    band = _held(limits, value, control.value, added)
    told = f"{pms}, {limits.band(control.value)} without the agent: that is the PMS's; judged is what the agent adds"
    return Whose(band, added, f"{told}, {added:,.2f} {limits.unit}")


def _added(limits: Limits, value: float, direct: float) -> float:
    """The figure of the same agent on a PMS without fault that takes no time."""
    if limits.target.sign in (">", ">="):
        return 100.0 - max(0.0, direct - value)
    return max(0.0, value - direct)


def _held(limits: Limits, value: float, direct: float, added: float) -> Band:
    if limits.critical.holds(added if limits.critical.holds(direct) else value):
        return Band.CRITICAL
    if limits.warning.holds(added if limits.warning.holds(direct) else value):
        return Band.WARNING
    return Band.TARGET if limits.target.holds(value if limits.target.holds(direct) else added) else Band.OFF_TARGET
