"""What a run does to a system that is not its own, written down before it is done, so that a killed run leaves a list.

A line per change, of which the last one of a number counts.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from pms_drill.errors import DrillError
from pms_drill.evidence.lines import Lines


class Numbered(BaseModel, ABC):
    """One thing that is done there.

    Attributes:
        number: from 1, unique within one file; 0 until it is written.
    """

    number: int = 0

    @property
    @abstractmethod
    def may_stand(self) -> bool:
        """Whether it may still have to be taken back. In doubt it has."""


R = TypeVar("R", bound=Numbered)


class WriteAhead(Generic[R]):
    """Keeps records in memory and in a file; safe to use from several threads.

    Args:
        path: the file; made with its first line.
        name: of the file, for messages.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._lines = Lines(path, name)
        self._lock = threading.Lock()
        self._records: dict[int, R] = {}
        path.parent.mkdir(parents=True, exist_ok=True)

    def write(self, record: R) -> int:
        """Note what is about to be done; gives its number.

        Raises:
            DrillError: it cannot be written, so it must not be done: a killed run would forget it.
        """
        with self._lock:
            number = len(self._records) + 1
            numbered = record.model_copy(update={"number": number})
            if not self._lines.append(numbered.model_dump_json()):
                raise DrillError(
                    f"nothing was done, because it cannot be noted before: {self._lines.trouble}",
                    where=str(self.path),
                    todo="free some space or make the folder writable, then run again",
                )
            self._records[number] = numbered
        return number

    def update(self, number: int, **changes: object) -> None:
        """Note what became of it; never raises, `check_written` tells."""
        with self._lock:
            self._records[number] = self._records[number].model_copy(update=changes)
            self._lines.append(self._records[number].model_dump_json())

    @property
    def path(self) -> Path:
        """The file."""
        return self._lines.path

    def standing(self) -> list[R]:
        """Those that may still have to be taken back."""
        with self._lock:
            return [record for record in self._records.values() if record.may_stand]

    def check_written(self) -> None:
        """Raise DrillError if something could not be written."""
        self._lines.check()


def last_of_each(lines: Iterable[str], kind: type[R]) -> list[R]:
    """The records as they stood last. A line that was cut with its run is left out; the one before it stands."""
    found: dict[int, R] = {}
    for line in lines:
        try:
            record = kind.model_validate_json(line)
        except ValidationError:
            continue
        found[record.number] = record
    return list(found.values())
