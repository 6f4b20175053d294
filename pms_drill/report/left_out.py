"""What a tier leaves to the others, so that a page does not look as if everything had been judged. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from pms_drill.report.outcomes import PartOutcomes


def left_out(parts: Sequence[PartOutcomes], selection: str) -> dict[str, list[str]]:
    """Properties that no test judged because the tier leaves their tests out, and the experiments that it leaves out.

    Args:
        selection: the expression given with -k. With one everything else is left out on purpose, and not told.
    """
    if selection:
        return {}
    judged = {item.property for part in parts for item in (*part.collected, *part.records)}
    ran = {item.episode for part in parts for item in (*part.collected, *part.records)}
    out = [item for part in parts for item in part.left_out]
    return {
        "left_out": sorted({item.property for item in out} - judged - {""}),
        "left_out_experiments": sorted({item.episode for item in out} - ran - {""}),
    }


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
