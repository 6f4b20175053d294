"""The ledger: what reached the PMS side. A line in a file per exchange that ended; open ones are in memory."""

from __future__ import annotations

import os
import re
from pathlib import Path

from pydantic import ConfigDict

from pms_drill.evidence.ledger import LedgerEntry

#: So much of a request's body is kept, in bytes.
BODY_KEPT = 4096
#: Headers that carry secrets. The probe header carries the token of the run.
_SECRET = frozenset(
    ("authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token", "x-drill-probe"),
)
#: QloApps takes its key in the query, too.
_KEY_IN_QUERY = re.compile(r"(?i)([?&](?:ws_key|key|api_key|token|access_token|password)=)[^&#]*")


class Exchange(LedgerEntry):
    """An entry that is still being written."""

    model_config = ConfigDict(frozen=False)

    def remark(self, note: str) -> None:
        """Add to the note."""
        self.note = f"{self.note}; {note}" if self.note else note

    def as_json(self) -> bytes:
        """The entry as it stands now, ASCII only: a line stays one line, whatever a reader takes for a line's end."""
        return self.model_dump_json(ensure_ascii=True).encode()


def without_secrets(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Headers that may be kept."""
    return [(name, value) for name, value in headers if name.lower() not in _SECRET]


def without_key(target: str) -> str:
    """A target with the values of keys in its query replaced by ***."""
    return _KEY_IN_QUERY.sub(r"\1***", target) if "?" in target else target


class Ledger:
    """Writes entries to a file and finds them again. Several proxies one after the other may use one file.

    An entry that cannot be written (a full disk) stays in memory, so that no exchange breaks and `since` has it.

    Attributes:
        trouble: why the first entry that is missing in the file is; empty while none is.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._size = os.fstat(self._file).st_size
        self._places: list[tuple[int, int] | None] = []
        self._open: dict[int, Exchange] = {}
        self._unwritten: dict[int, bytes] = {}
        self.trouble = ""

    def open(self, connection: int, method: str, target: str, received: float, probe: bool) -> Exchange:
        """Begin an entry."""
        self._places.append(None)
        exchange = Exchange(
            seq=len(self._places),
            connection=connection,
            method=method,
            target=without_key(target),
            received=received,
            probe=probe,
        )
        self._open[exchange.seq] = exchange
        return exchange

    def finish(self, exchange: Exchange) -> None:
        """Write an entry; it is in the file when this returns, or in memory if the file does not take it."""
        if self._open.pop(exchange.seq, None) is None:
            return
        line = exchange.as_json() + b"\n"
        try:
            self._write(line)
        except OSError as error:
            self.trouble = self.trouble or str(error.strerror or error)
            self._unwritten[exchange.seq] = line
            return
        self._places[exchange.seq - 1] = (self._size, len(line))
        self._size += len(line)

    def since(self, seq: int, limit: int) -> list[bytes]:
        """At most `limit` entries after number `seq` as JSON, by number; open ones as they stand."""
        found = []
        for number in range(max(seq, 0) + 1, min(seq + limit, len(self._places)) + 1):
            place = self._places[number - 1]
            if number in self._unwritten:
                found.append(self._unwritten[number].rstrip(b"\n"))
            elif place is None:
                found.append(self._open[number].as_json())
            else:
                found.append(os.pread(self._file, place[1], place[0]).rstrip(b"\n"))
        return found

    def _write(self, line: bytes) -> None:
        written = 0
        try:
            while written < len(line):  # a disk that becomes full takes a part first
                written += os.write(self._file, line[written:])
        except OSError:
            if written:
                os.ftruncate(self._file, self._size)
            raise

    @property
    def last(self) -> int:
        """Number of the latest entry; 0 when there is none."""
        return len(self._places)

    def close(self) -> None:
        """Write what is still open, as it stands, and close the file."""
        for exchange in list(self._open.values()):
            exchange.remark("the fault proxy was stopped")
            self.finish(exchange)
        os.close(self._file)
