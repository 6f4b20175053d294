"""Which profile the load part used, noted in the run's folder for the page and the verdict."""

from __future__ import annotations

import json
from pathlib import Path

from pms_drill.profile import Profile

_FILE = "load-profile.json"


def write(run_dir: Path, profile: Profile) -> None:
    """Note it, before the load begins.

    Raises:
        OSError: it cannot be written.
    """
    told = {"profile": profile.name, "start": profile.agent.start}
    (run_dir / _FILE).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def read(run_dir: Path) -> str:
    """Name and command in one line; "" when no load was run, or its note cannot be read."""
    try:
        told = json.loads((run_dir / _FILE).read_text(encoding="utf-8"))
        return f"{told['profile']}, which starts: {' '.join(told['start']) or 'nothing (it runs already)'}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
