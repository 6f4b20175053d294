"""Joins what the workers recorded, each in its own folder, into one journal and one ledger of the run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: Folder of the workers' folders, below the run's.
FOLDER = "evidence"
#: File -> the time that its lines are sorted by, on the machine's monotonic clock.
_SORTED_BY = {"journal.jsonl": "at", "ledger.jsonl": "received"}


def join(run_dir: Path) -> None:
    """Write `journal.jsonl` and `ledger.jsonl`: all workers' lines in the order of time, each with its worker.

    Lines that were cut while they were written are left out here; they stay in the worker's own file.

    Raises:
        OSError: the folder cannot be written.
    """
    for name, key in _SORTED_BY.items():
        lines = [line for folder in sorted((run_dir / FOLDER).glob("*")) for line in _lines(folder / name)]
        lines.sort(key=lambda line: float(line.get(key) or 0.0))
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (run_dir / name).write_text(text, encoding="utf-8")


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        return
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        yield {"worker": path.parent.name, **line}
