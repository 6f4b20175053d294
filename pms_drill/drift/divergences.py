"""The list of known differences between the twin and the real PMS: a new one fails, and so does one that is gone."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pms_drill.checks.pms_contract import Pair
from pms_drill.errors import DrillError

LIST = Path(__file__).resolve().parents[2] / "contracts" / "pms" / "divergences.toml"


@dataclass(frozen=True)
class Divergence:
    """One row of the list.

    Attributes:
        exchanges: where: names in the contract, each of which shows it.
        what: the difference, as the comparison tells it ("status: 200 -> 500"; the real PMS stands first), or "not
            played": the twin answers something else altogether.
        why: why it is tolerated.
    """

    exchanges: tuple[str, ...]
    what: str
    why: str


def read(text: str, known: Iterable[str]) -> list[Divergence]:
    """The rows. One row of the file may tell several differences that have the same cause.

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
            exchanges, whats, why = tuple(entry["exchanges"]), entry["what"], entry["why"]
        except KeyError as error:
            raise ValueError(f"a divergence lacks {error}: {entry}") from error
        if not exchanges or not whats or len(why.split()) < _FEWEST_WORDS:
            raise ValueError(f"a divergence names exchanges and says why it is tolerated: {whats}")
        if strange := set(exchanges) - names:
            raise ValueError(f"no exchange of the contract is called {', '.join(sorted(strange))}")
        fresh = {(name, what) for name in exchanges for what in whats}
        if fresh & seen:
            raise ValueError(f"two rows are about the same: {whats}")
        seen |= fresh
        rows += [Divergence(exchanges, what, why) for what in whats]
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


def pairs(rows: Iterable[Divergence]) -> list[Pair]:
    """Exchange and difference of every listed divergence, in the order of the list."""
    return [(name, row.what) for row in rows for name in row.exchanges]
