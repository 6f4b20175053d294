"""The journal of a run: faults, phases and steps on one clock, as JSON lines."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from pms_drill import clock


@dataclass(frozen=True)
class Event:
    """One thing that the harness did or saw.

    Attributes:
        at: seconds on the monotonic clock.
        kind: "fault", "phase", "step" or "stack".
        name: which one ("hang", "open", "restart agent").
        what: what happened to it ("armed", "proved", "healed", "begins").
        detail: figures and reasons.
    """

    at: float
    kind: str
    name: str
    what: str
    detail: str = ""


class Journal:
    """Appends events to a file and keeps them; safe to use from several threads.

    Args:
        path: file of JSON lines, or None to keep them in memory only.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self.events: list[Event] = []

    def note(self, kind: str, name: str, what: str, detail: str = "") -> Event:
        """Record that something happened now."""
        event = Event(clock.now(), kind, name, what, detail)
        with self._lock:
            self.events.append(event)
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(event)) + "\n")
        return event

    def since(self, position: int) -> list[Event]:
        """Events recorded after the first `position` ones."""
        with self._lock:
            return self.events[position:]
