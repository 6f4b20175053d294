"""Bookings that a run asked for at a system that is not its own, so that none of them is forgotten.

A line is written before the request leaves, so that a run that is killed leaves a list, too.
"""

from __future__ import annotations

from pathlib import Path

from pms_drill.evidence.write_ahead import Numbered, WriteAhead, last_of_each

#: Below a run's folder; one file per worker.
FOLDER = "bookings-made"


class Intent(Numbered):
    """One booking that was asked for.

    Attributes:
        where: "agent" or "PMS", whom it was asked from.
        email, check_in: what it is found by at the hotel.
        status: of the answer; None while there is none.
        reservation: the agent's id, empty if it told none.
        order: the PMS's id, 0 if it was not told.
        cancelled: it was cancelled at the PMS, or the PMS was seen to hold nothing of it.
        why: why it was not cancelled.
    """

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


class BookingsMade(WriteAhead[Intent]):
    """The intents of a worker. `path`: its file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "list of bookings that were made")

    def add(self, where: str, email: str, check_in: str) -> int:
        """Note a booking that is about to be asked for; gives its number. Raises DrillError: it must not be asked."""
        return self.write(Intent(where=where, email=email, check_in=check_in))


def read(run_dir: Path) -> list[Intent]:
    """What all workers of a run asked for, as it stands now; also while it runs or after it was killed."""
    found: list[Intent] = []
    for path in sorted((run_dir / FOLDER).glob("*.jsonl")):
        found += last_of_each(path.read_text(encoding="utf-8").splitlines(), Intent)
    return found
