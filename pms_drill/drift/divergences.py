"""The list of known differences between the twin and the real PMS: a new one fails, and so does one that is gone."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pms_drill.checks.verdict import Verdict, judge, unknown
from pms_drill.drift.compare import Difference
from pms_drill.errors import DrillError

LIST = Path(__file__).resolve().parents[2] / "contracts" / "pms" / "divergences.toml"


@dataclass(frozen=True)
class Divergence:
    """One row of the list.

    Attributes:
        exchanges: where: names in the contract, each of which shows it.
        what: the difference, as the comparison tells it ("status: 200 -> 500"; the real PMS stands first).
        why: why it is tolerated.
    """

    exchanges: tuple[str, ...]
    what: str
    why: str


def read(text: str, known: Iterable[str]) -> list[Divergence]:
    """The rows.

    Args:
        known: names of the contract's exchanges.

    Raises:
        ValueError: a row is not written as it should be, or two are about the same.
    """
    rows: list[Divergence] = []
    seen: set[tuple[str, str]] = set()
    names = set(known)
    for entry in tomllib.loads(text).get("divergence", []):
        try:
            row = Divergence(tuple(entry["exchanges"]), entry["what"], entry["why"])
        except KeyError as error:
            raise ValueError(f"a divergence lacks {error}: {entry}") from error
        if not row.exchanges or len(row.why.split()) < _FEWEST_WORDS:
            raise ValueError(f"a divergence names exchanges and says why it is tolerated: {row.what}")
        if strange := set(row.exchanges) - names:
            raise ValueError(f"no exchange of the contract is called {', '.join(sorted(strange))}")
        cells = {(name, row.what) for name in row.exchanges}
        if cells & seen:
            raise ValueError(f"two rows are about the same: {row.what}")
        seen |= cells
        rows.append(row)
    return rows


_FEWEST_WORDS = 4


def load(known: Iterable[str], path: Path = LIST) -> list[Divergence]:
    """Read the list.

    Raises:
        DrillError: it cannot be read or is not written as it should be.
    """
    try:
        return read(path.read_text(encoding="utf-8"), known)
    except (OSError, ValueError) as error:
        raise DrillError(
            f"the list of divergences cannot be used: {error}",
            where=str(path),
            todo="give each [[divergence]] exchanges, what and why",
        ) from error


def judge_new(rows: Iterable[Divergence], found: Iterable[Difference], compared: Iterable[str]) -> Verdict:
    """No difference that the list lacks. Nothing compared is unknown."""
    listed = {(name, row.what) for row in rows for name in row.exchanges}
    fresh = [difference for difference in found if (difference.exchange, difference.sentence) not in listed]
    number = len(set(compared))
    claimed = f"every difference to the recorded PMS is listed ({number} exchanges compared, {len(listed)} listed)"
    if not number:
        return unknown(claimed, comparison="no exchange was compared")
    return judge(not fresh, claimed, unlisted=_told(f"{one.exchange}: {one.sentence}" for one in fresh))


def judge_gone(rows: Iterable[Divergence], found: Iterable[Difference], compared: Iterable[str]) -> Verdict:
    """No listed difference that is not there any more. An exchange that was not compared proves nothing: unknown."""
    seen = {(difference.exchange, difference.sentence) for difference in found}
    names = set(compared)
    listed = [(name, row.what) for row in rows for name in row.exchanges]
    claimed = f"each of the {len(listed)} listed divergences is still there"
    if unseen := [name for name, _ in listed if name not in names]:
        return unknown(claimed, comparison=f"not compared: {', '.join(sorted(set(unseen)))}")
    gone = [cell for cell in listed if cell not in seen]
    return judge(not gone, claimed, gone=_told(f"{name}: {what}" for name, what in gone))


def _told(lines: Iterable[str]) -> str:
    return "\n          ".join(lines) or "none"
