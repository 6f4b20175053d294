"""What reached the PMS during one test."""

from __future__ import annotations

from typing import Protocol

from pms_drill.evidence.ledger import LedgerEntry
from pms_drill.profile import Profile


class _HasLedger(Protocol):
    profile: Profile

    def ledger(self, since: int = 0) -> list[LedgerEntry]: ...


class LedgerReader:
    """Reads a stack's ledger from where it stopped, so that a long ledger is not read again for every test.

    Args:
        stack: has the ledger.
    """

    def __init__(self, stack: _HasLedger) -> None:
        self._stack = stack
        self._position = 0
        self.probe_path = stack.profile.pms.probe_path

    def fresh(self) -> list[LedgerEntry]:
        """The entries that were not read before."""
        found = self._stack.ledger(self._position)
        self._position = max((entry.seq for entry in found), default=self._position)
        return found


class Calls:
    """The calls that have reached the PMS through the agent since this was made.

    Args:
        reader: of the worker's stack; nobody else may read from it meanwhile.
    """

    def __init__(self, reader: LedgerReader) -> None:
        self._reader = reader
        reader.fresh()
        self._entries: list[LedgerEntry] = []

    def made(self) -> list[str]:
        """Method and target of each call so far, without the agent's own probes, which come when they like."""
        self._entries += self._reader.fresh()
        return [_told(entry) for entry in self._entries if entry.path != self._reader.probe_path]

    def made_with_probes(self) -> list[str]:
        """Method and target of each call so far."""
        self._entries += self._reader.fresh()
        return [_told(entry) for entry in self._entries]


def _told(entry: LedgerEntry) -> str:
    return f"{entry.method} {entry.target}"
