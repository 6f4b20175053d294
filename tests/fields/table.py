"""What the plug-in found, put together: which properties read which cell, and what nobody reads."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Table:
    """The readers of each cell.

    Attributes:
        told: names of the cells that were told at all.
        tried: cell -> tampering -> properties that turned red.
    """

    told: set[str] = field(default_factory=set)
    tried: dict[str, dict[str, set[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))

    def readers(self, cell: str) -> list[str]:
        """Properties that turn red for some tampering of the cell."""
        return sorted(set().union(*self.tried[cell].values())) if cell in self.tried else []

    def unnoticed(self, cell: str) -> list[str]:
        """Tamperings of the cell for which nothing turns red."""
        return sorted(name for name, keys in self.tried.get(cell, {}).items() if not keys)

    def is_read(self, cell: str) -> bool:
        """Whether every tampering of the cell turns a property red."""
        return bool(self.tried.get(cell)) and not self.unnoticed(cell)

    def why_not(self, cell: str) -> str:
        """Why a cell counts as unread."""
        if not self.tried.get(cell):
            return "not told in any experiment"
        return f"nobody notices: {', '.join(self.unnoticed(cell))}"


def merged(folder: Path) -> Table:
    """The results of all processes."""
    return _table(line for path in sorted(folder.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines())


def _table(lines: Iterable[str]) -> Table:
    table = Table()
    for line in map(json.loads, lines):
        if "told" in line:
            table.told.add(line["told"])
            continue
        keys = table.tried[line["cell"]][line["tampering"]]
        if line["property"]:
            keys.add(line["property"])
    return table
