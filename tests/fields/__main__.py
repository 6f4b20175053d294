"""`make fields`: find the readers of every field anew, keep them, and print the table."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from pms_drill.properties import fields
from tests.fields.finding import find
from tests.fields.table import Table


def kept(table: Table) -> dict[str, list[str]]:
    """Cell -> its readers, for those of which every tampering is noticed."""
    return {str(cell): table.readers(str(cell)) for cell in fields.cells() if table.is_read(str(cell))}


def main() -> int:
    """Print what is read by whom; 1 if a cell is neither read nor listed, or both."""
    with tempfile.TemporaryDirectory() as folder:
        table = find(Path(folder))
    found = kept(table)
    fields.READERS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    fields.PAGE.write_text(fields.render(found), encoding="utf-8")
    print(fields.render(found))
    names = [str(cell) for cell in fields.cells()]
    wrong = [name for name in names if (name in found) == (name in fields.listed())]
    for name in wrong:
        print(f"{name}: {'is listed as unread, and read' if name in found else table.why_not(name)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
