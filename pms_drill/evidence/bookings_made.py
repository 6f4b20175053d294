"""Bookings that a run asked for at a system that is not its own, so that none of them is forgotten.

A line is written before the request leaves, so that a run that is killed leaves a list, too.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ValidationError

from pms_drill.errors import DrillError
from pms_drill.evidence.lines import Lines

#: Below a run's folder; one file per worker.
FOLDER = "bookings-made"


class Intent(BaseModel):
    """One booking that was asked for. The last line of a number counts.

    Attributes:
        number: from 1, unique within one file.
        where: "agent" or "PMS", whom it was asked from.
        email, check_in: what it is found by at the hotel.
        status: of the answer; None while there is none.
        reservation: the agent's id, empty if it told none.
        order: the PMS's id, 0 if it was not told.
        cancelled: it was cancelled at the PMS, or the PMS was seen to hold nothing of it.
        why: why it was not cancelled.
    """

    number: int
    where: str
    email: str = ""
    check_in: str = ""
    status: int | None = None
    reservation: str = ""
    order: int = 0
    cancelled: bool = False
    why: str = ""

    @property
    def may_stand(self) -> bool:
        """Whether the hotel may hold a room for it: not for what was refused or cancelled. In doubt it does."""
        refused = self.status is not None and 400 <= self.status < 500
        return not refused and not self.cancelled

    def told(self) -> str:
        """For people."""
        words = [
            self.email,
            f"from {self.check_in}" if self.check_in else "",
            f"booking {self.order} of the PMS" if self.order else "",
            f"reservation {self.reservation}" if self.reservation else "",
            f"answered {self.status}" if self.status else "without an answer",
            self.why,
        ]
        return ", ".join(word for word in words if word)


class BookingsMade:
    """Keeps the intents of a worker, in memory and in a file; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._lines = Lines(path, "list of bookings that were made")
        self._lock = threading.Lock()
        self._intents: dict[int, Intent] = {}
        path.parent.mkdir(parents=True, exist_ok=True)

    def add(self, where: str, email: str, check_in: str) -> int:
        """Note a booking that is about to be asked for; gives its number.

        Raises:
            DrillError: it cannot be written, so it must not be asked for: a killed run would forget it.
        """
        with self._lock:
            number = len(self._intents) + 1
            self._intents[number] = Intent(number=number, where=where, email=email, check_in=check_in)
            if not self._lines.append(self._intents[number].model_dump_json()):
                del self._intents[number]
                raise DrillError(
                    f"a booking was not asked for, because it cannot be noted: {self._lines.trouble}",
                    todo="free some space, or name another folder with --results",
                )
        return number

    def update(self, number: int, **changes: object) -> None:
        """Note what became of it; never raises, `check_written` tells."""
        with self._lock:
            self._intents[number] = self._intents[number].model_copy(update=changes)
            self._lines.append(self._intents[number].model_dump_json())

    def check_written(self) -> None:
        """Raise DrillError if something could not be written."""
        self._lines.check()

    def standing(self) -> list[Intent]:
        """Those for which the hotel may hold a room."""
        with self._lock:
            return [intent for intent in self._intents.values() if intent.may_stand]


def read(run_dir: Path) -> list[Intent]:
    """What all workers of a run asked for, as it stands now; also while it runs or after it was killed."""
    found: list[Intent] = []
    for path in sorted((run_dir / FOLDER).glob("*.jsonl")):
        found += _last(path.read_text(encoding="utf-8").splitlines())
    return found


def _last(lines: Iterable[str]) -> list[Intent]:
    intents: dict[int, Intent] = {}
    for line in lines:
        try:
            intent = Intent.model_validate_json(line)
        except ValidationError:
            continue  # a line that was cut with the run; the one before it stands
        intents[intent.number] = intent
    return list(intents.values())
