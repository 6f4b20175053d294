"""The ledger: what reached the PMS side. A line in a file per exchange that ended; open ones are in memory."""

from __future__ import annotations

import os
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pms_drill.evidence.ledger import LedgerEntry

#: So much of a request's body is kept, in bytes.
BODY_KEPT = 4096
#: Headers that carry secrets. The probe header carries the token of the run.
_SECRET = frozenset(
    ("authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token", "x-drill-probe"),
)
#: QloApps takes its key in the query, too.
_KEY_IN_QUERY = re.compile(r"(?i)([?&](?:ws_key|key|api_key|token|access_token|password)=)[^&#]*")


@dataclass(slots=True)
class Exchange:
    """An entry that is still being written; fields as in `LedgerEntry`."""

    seq: int
    connection: int
    method: str
    target: str
    received: float
    forwarded: float | None = None
    answered: float | None = None
    delivered: float | None = None
    status: int | None = None
    pms_status: int | None = None
    rule: str | None = None
    effect: str | None = None
    copies: int = 0
    probe: bool = False
    request_headers: list[tuple[str, str]] = field(default_factory=list)
    request_body: str = ""
    note: str = ""

    def remark(self, note: str) -> None:
        """Add to the note."""
        self.note = f"{self.note}; {note}" if self.note else note

    def as_json(self) -> bytes:
        """The entry as it stands now, ASCII only: a line stays one line, whatever a reader takes for a line's end."""
        return LedgerEntry(**asdict(self)).model_dump_json(ensure_ascii=True).encode()


def without_secrets(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Headers that may be kept."""
    return [(name, value) for name, value in headers if name.lower() not in _SECRET]


def without_key(target: str) -> str:
    """A target with the values of keys in its query replaced by ***."""
    return _KEY_IN_QUERY.sub(r"\1***", target) if "?" in target else target


class Ledger:
    """Writes entries to a file and finds them again. Several proxies one after the other may use one file."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._size = os.fstat(self._file).st_size
        self._places: list[tuple[int, int] | None] = []
        self._open: dict[int, Exchange] = {}

    def open(self, connection: int, method: str, target: str, received: float, probe: bool) -> Exchange:
        """Begin an entry."""
        self._places.append(None)
        exchange = Exchange(len(self._places), connection, method, without_key(target), received, probe=probe)
        self._open[exchange.seq] = exchange
        return exchange

    def finish(self, exchange: Exchange) -> None:
        """Write an entry; it is in the file when this returns."""
        if self._open.pop(exchange.seq, None) is None:
            return
        line = exchange.as_json() + b"\n"
        os.write(self._file, line)
        self._places[exchange.seq - 1] = (self._size, len(line))
        self._size += len(line)

    def since(self, seq: int, limit: int) -> list[bytes]:
        """At most `limit` entries after number `seq` as JSON, by number; open ones as they stand."""
        found = []
        for number in range(max(seq, 0) + 1, min(seq + limit, len(self._places)) + 1):
            place = self._places[number - 1]
            if place is None:
                found.append(self._open[number].as_json())
            else:
                found.append(os.pread(self._file, place[1], place[0]).rstrip(b"\n"))
        return found

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
