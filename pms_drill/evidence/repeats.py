"""Experiments that were run once more because the machine stalled at a moment that is judged."""

from __future__ import annotations

import json
from pathlib import Path

_KIND, _WHAT = "step", "run once more: the machine stalled at a moment that is judged"


def repeated(name: str, stall: float) -> tuple[str, str, str, str]:
    """The event of the journal for an experiment that is run once more; `stall` in seconds."""
    return _KIND, name, _WHAT, f"for {stall:.2f} s"


def read(journal: Path) -> list[str]:
    """Sentences about them, from a run's joined journal; none where there is no journal.

    Raises:
        OSError: it cannot be read.
    """
    if not journal.is_file():
        return []
    events = (json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines())
    return [f"{event['name']} {event['detail']}" for event in events if event.get("what") == _WHAT]
