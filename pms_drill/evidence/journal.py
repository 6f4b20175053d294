"""The journal of a run: faults, phases and steps on one clock, as JSON lines."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from pms_drill import clock
from pms_drill.evidence.lines import Lines


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
        self._lines = Lines(path, "journal") if path is not None else None
        self._lock = threading.Lock()
        self.events: list[Event] = []

    def note(self, kind: str, name: str, what: str, detail: str = "", *, at: float | None = None) -> Event:
        """Record that something happened now, or at the time `at`; never raises.

        It is called on the way out of faults, experiments and stacks, where a full disk must hold nothing up. An
        event that could not be written is remembered, and `check_written` tells.
        """
        event = Event(clock.now() if at is None else at, kind, name, what, detail)
        with self._lock:
            self.events.append(event)
            if self._lines is not None:
                self._lines.append(json.dumps(asdict(event)))
        return event

    def check_written(self) -> None:
        """See that every event stands in the file.

        Raises:
            DrillError: some do not, so that what the run leaves is not the whole evidence.
        """
        if self._lines is not None:
            self._lines.check()

    def count(self, kind: str, name: str, what: str) -> int:
        """How many events of this kind, name and text were noted so far."""
        with self._lock:
            return sum((event.kind, event.name, event.what) == (kind, name, what) for event in self.events)

    def since(self, position: int) -> list[Event]:
        """Events recorded after the first `position` ones."""
        with self._lock:
            return self.events[position:]
