"""Whether the agent is itself again after an outage: as fast as before it, in the same run. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pms_drill.checks.verdict import Verdict, failed, passed, unknown
from pms_drill.load.intervals import of_percentile
from pms_drill.load.percentiles import percentile

#: The median tells what everybody feels, the 95th percentile what some do.
_PERCENTILES = (50, 95)


@dataclass(frozen=True)
class AgainBound:
    """How much slower than before an agent may be.

    Attributes:
        ratio: a percentile afterwards is at most this many times the one before,
        allowance_ms: and so many milliseconds, which a machine of two cores may take for itself.
        minimum: samples below which nothing is said.
    """

    ratio: float
    allowance_ms: float
    minimum: int


def itself_again(
    before: Sequence[float], after: Sequence[float], asked: int, where: str, bound: AgainBound, doubts: Sequence[str]
) -> Verdict:
    """After an outage guests are answered by the PMS, and about as fast as before it.

    FAILED when not even half of them are, and when the intervals say so: the lower end afterwards lies above the bound
    made of the upper end before. UNKNOWN with too few samples, or when there is a doubt about one of the two phases.

    Args:
        before, after: response times in milliseconds of what the PMS answered, of the phase before all outages and of
            the one after this one.
        asked: how many guests came afterwards, whoever answered them.
        where: what is judged, for people.
    """
    claimed = (
        f"{where}: guests are answered by the PMS, and median and 95th percentile are at most {bound.ratio:g} times "
        f"those before the outage, and {bound.allowance_ms:g} ms"
    )
    reasons = list(doubts)
    for name, number in (("before", len(before)), ("afterwards", asked)):
        if number < bound.minimum:
            reasons.append(f"{number} samples {name}, at least {bound.minimum} are needed")
    if reasons:
        return unknown(claimed, load="; ".join(reasons))
    if 2 * len(after) < asked:
        return failed(claimed, load=f"{len(after)} of {asked} guests were answered by the PMS afterwards")
    told, slower = [], False
    for percent in _PERCENTILES:
        was, became = of_percentile(before, percent), of_percentile(after, percent)
        slower = slower or became.low > bound.ratio * was.high + bound.allowance_ms
        told.append(f"p{percent} {percentile(before, percent):.0f} ms, afterwards {percentile(after, percent):.0f} ms")
    figures = f"{'; '.join(told)} (n {len(before):,} and {len(after):,})"
    return failed(claimed, load=figures) if slower else passed(claimed, load=figures)
