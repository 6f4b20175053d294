"""What a difference between two versions of the PMS means for who calls it: breaking, risky or compatible."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pms_drill.drift.compare import ABSENT, LATENCIES, Aspect, Difference


class Weight(StrEnum):
    """How much a change can hurt, worst first."""

    BREAKING = "breaking"
    RISKY = "risky"
    COMPATIBLE = "compatible"


@dataclass(frozen=True)
class Change:
    """The same difference, in every exchange that shows it.

    Attributes:
        sentence: what differs, old before new.
        exchanges: names, in the order of the contract.
    """

    weight: Weight
    sentence: str
    exchanges: tuple[str, ...]


def weigh(difference: Difference) -> Weight:
    """The weight of one difference.

    A caller that reads what it needs and ignores the rest is hurt by what it loses: another status, type or error code,
    a field or the key's challenge that is gone. It may be hurt by a type that a field did not have, other texts, other
    headers, slower answers. Nothing that is only added hurts it.
    """
    before, after = difference.before, difference.after
    match difference.aspect:
        case Aspect.STATUS | Aspect.TYPE | Aspect.CODE:
            return Weight.BREAKING
        case Aspect.FIELD:
            return _field(before, after)
        case Aspect.HEADER:
            if before == ABSENT:
                return Weight.COMPATIBLE
            challenge = difference.where.lower() == "www-authenticate" and after == ABSENT
            return Weight.BREAKING if challenge else Weight.RISKY
        case Aspect.LATENCY:
            slower = LATENCIES.index(after) > LATENCIES.index(before)
            return Weight.RISKY if slower else Weight.COMPATIBLE
        case _:
            return Weight.RISKY


def changes(differences: Iterable[Difference]) -> list[Change]:
    """The differences put together where they are the same, worst first."""
    together: defaultdict[tuple[Weight, str], list[str]] = defaultdict(list)
    for difference in differences:
        together[weigh(difference), difference.sentence].append(difference.exchange)
    order = list(Weight)
    return [
        Change(weight, sentence, tuple(dict.fromkeys(names)))
        for (weight, sentence), names in sorted(together.items(), key=lambda pair: order.index(pair[0][0]))
    ]


def _field(before: str, after: str) -> Weight:
    if before == ABSENT:
        return Weight.COMPATIBLE
    old, new = set(before.split(" or ")), set(after.split(" or "))
    if after == ABSENT or not old & new:
        # a list that happens to be empty on one side says nothing of its elements
        return Weight.RISKY if {before, after} == {"list", "empty list"} else Weight.BREAKING
    return Weight.COMPATIBLE if new <= old else Weight.RISKY
