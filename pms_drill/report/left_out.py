"""What a tier leaves to the others, so that a page does not look as if everything had been judged. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pms_drill.report.outcomes import PartOutcomes


@dataclass(frozen=True)
class LeftOut:
    """What the tests that a tier deselects would have judged.

    Attributes:
        properties: ids that no other test judged either.
        experiments: names of those that were not run.
    """

    properties: tuple[str, ...] = ()
    experiments: tuple[str, ...] = ()


def left_out(parts: Sequence[PartOutcomes], selection: str) -> LeftOut:
    """What a run has left to other tiers.

    Args:
        selection: the expression given with -k. With one everything else is left out on purpose, and not told.
    """
    if selection:
        return LeftOut()
    judged = {item.property for part in parts for item in (*part.collected, *part.records)}
    ran = {item.episode for part in parts for item in (*part.collected, *part.records)}
    out = [item for part in parts for item in part.left_out]
    return LeftOut(
        properties=tuple(sorted({item.property for item in out} - judged - {""})),
        experiments=tuple(sorted({item.episode for item in out} - ran - {""})),
    )


def ranges(ids: Iterable[str]) -> list[str]:
    """Ids for people: "PMS-35 to PMS-38" for four in a row."""
    families: defaultdict[str, list[int]] = defaultdict(list)
    for key in sorted(ids):
        family, _, number = key.rpartition("-")
        families[family].append(int(number))
    return [text for family, numbers in families.items() for text in _rows(family, numbers)]


def _rows(family: str, numbers: Sequence[int]) -> list[str]:
    rows: list[list[int]] = []
    for number in numbers:
        if rows and number == rows[-1][-1] + 1:
            rows[-1].append(number)
        else:
            rows.append([number])
    told = []
    for row in rows:
        names = [f"{family}-{number:02}" for number in row]
        told += names if len(row) < 3 else [f"{names[0]} to {names[-1]}"]
    return told
