"""What the twin does not play of what the agent asked of it: the page says so, because QloApps would have answered."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

_LEDGER = "ledger.jsonl"
#: QloApps never answers it; the twin does when it cannot do what was asked.
_NOT_IMPLEMENTED = 501
_MARK = f'"pms_status": {_NOT_IMPLEMENTED}'


def not_played(run_dir: Path) -> list[str]:
    """A sentence per kind of request that the twin refused with 501, by the ledger of a run; [] without a ledger.

    Args:
        run_dir: folder of the run, with the ledgers of all workers in one file.

    Raises:
        OSError: the ledger is there and cannot be read.
    """
    found = Counter(_requests(run_dir / _LEDGER))
    return [
        f"the twin does not play {what}, and a real QloApps would have answered: {count} requests of the agent got 501"
        for what, count in sorted(found.items())
    ]


def _requests(path: Path) -> Iterator[str]:
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if _MARK not in line:  # few lines have it, and a ledger of a load run is long
                continue
            try:
                entry = json.loads(line)
            except ValueError:  # the last line of a run that was cut
                continue
            if isinstance(entry, dict) and entry.get("pms_status") == _NOT_IMPLEMENTED:
                resource = urlsplit(str(entry.get("target"))).path.removeprefix("/api/").partition("/")[0]
                yield f"{entry.get('method')} {resource}"
