"""The outbox: every reservation the agent took on, on SQLite, written before anything is sent."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import aiosqlite

from hotel_agent.intent import Intent
from hotel_agent.models import Status

_SCHEMA = """
CREATE TABLE IF NOT EXISTS intent (
  id TEXT PRIMARY KEY, hotel_id INTEGER NOT NULL, room_type INTEGER NOT NULL,
  check_in TEXT NOT NULL, check_out TEXT NOT NULL, guest_name TEXT NOT NULL, email TEXT NOT NULL,
  created_at REAL NOT NULL, status TEXT NOT NULL, reason TEXT, booking_id INTEGER,
  amount TEXT, currency TEXT, attempts INTEGER NOT NULL, doubtful INTEGER NOT NULL,
  attempted_at REAL NOT NULL, readbacks INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS intent_by_status ON intent (status, created_at);
CREATE INDEX IF NOT EXISTS intent_in_doubt ON intent (attempted_at) WHERE doubtful = 1;
CREATE TABLE IF NOT EXISTS idempotency (
  key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, intent_id TEXT NOT NULL, body TEXT, created_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS attention (intent_id TEXT PRIMARY KEY, cancelled_at REAL, resolved_at REAL);
"""


@dataclass(frozen=True)
class Remembered:
    """What is stored for an Idempotency-Key: its reservation, and the problem's body if it was refused."""

    fingerprint: str
    intent_id: str
    body: dict[str, Any] | None


_COLUMNS = tuple(field.name for field in fields(Intent))
_INSERT = f"INSERT INTO intent ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608
_UPDATE = f"UPDATE intent SET {', '.join(f'{name} = ?' for name in _COLUMNS)} WHERE id = ?"  # noqa: S608
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM intent"  # noqa: S608


class Withdrawn(Exception):
    """The intent was withdrawn while it waited to be sent."""


class Outbox:
    """The store. One process per file: a second one on the same file does not start.

    Attributes:
        pending: number of pending reservations, kept in step with the table.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock_file: IO[bytes] | None = None
        self._db: aiosqlite.Connection | None = None
        self.pending = 0

    async def open(self) -> None:
        """Open or create the file and take its lock.

        Raises:
            SystemExit: another agent uses the file, or it cannot be used; one line says so.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._lock_file = self._path.with_name(self._path.name + ".lock").open("ab")
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(
                f"hotel-agent: OUTBOX_PATH {self._path} is used by another agent; one worker per outbox"
            ) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a file"
            raise SystemExit(f"hotel-agent: wrong setting: OUTBOX_PATH: {reason}") from None
        try:
            self._db = await aiosqlite.connect(self._path)
            await self._db.execute("PRAGMA journal_mode = WAL")
            await self._db.execute("PRAGMA synchronous = FULL")
            await self._db.execute("PRAGMA secure_delete = ON")
            await self._db.executescript(_SCHEMA)
            await self._db.commit()
            await self._recount()
        except aiosqlite.Error as error:
            await self.close()  # its thread would keep the process alive
            raise SystemExit(f"hotel-agent: wrong setting: OUTBOX_PATH: {error}") from None

    async def close(self) -> None:
        """Close the file and give up the lock."""
        if self._db is not None:
            await self._db.close()
            self._db = None
        if self._lock_file is not None:
            self._lock_file.close()

    async def usable(self) -> bool:
        """Whether the store can be written; for readiness."""
        try:
            await self._connection.execute("DELETE FROM idempotency WHERE key IS NULL")
            await self._connection.commit()
        except (aiosqlite.Error, ValueError, OSError):
            return False
        return True

    async def add(self, intent: Intent) -> None:
        """Take on an intent; committed when this returns."""
        await self._write(_INSERT, *_to_row(intent))

    async def update(self, intent: Intent, **changes: Any) -> Intent:
        """Write the intent with some fields changed and return it; committed when this returns.

        Raises:
            Withdrawn: it is not there any more.
        """
        changed = replace(intent, **changes)
        if not await self._write(_UPDATE, *_to_row(changed), intent.id):
            raise Withdrawn
        return changed

    async def withdraw(self, intent: Intent) -> bool:
        """Forget an intent unless its booking request was sent; whether it was forgotten."""
        return await self._write("DELETE FROM intent WHERE id = ? AND attempts = 0", intent.id) == 1

    async def get(self, intent_id: str) -> Intent | None:
        """The intent, or None."""
        return next(iter(await self._select("WHERE id = ?", intent_id)), None)

    async def waiting(self) -> list[Intent]:
        """Pending intents, oldest first."""
        return await self._select("WHERE status = ? ORDER BY created_at, id", Status.PENDING.value)

    async def doubtful(self, since: float) -> list[Intent]:
        """Intents of any status whose last attempt was doubtful and not before `since`, oldest first."""
        return await self._select("WHERE doubtful = 1 AND attempted_at >= ? ORDER BY created_at, id", since)

    async def remember(self, key: str, fingerprint: str, intent_id: str, now: float) -> None:
        """Bind an Idempotency-Key to a request and to the reservation that comes of it."""
        await self._connection.execute(
            "INSERT OR REPLACE INTO idempotency (key, fingerprint, intent_id, created_at) VALUES (?, ?, ?, ?)",
            (key, fingerprint, intent_id, now),
        )
        await self._connection.commit()

    async def remember_refusal(self, key: str, body: dict[str, Any]) -> None:
        """Store a refusal, to be given again for the same key."""
        await self._connection.execute("UPDATE idempotency SET body = ? WHERE key = ?", (json.dumps(body), key))
        await self._connection.commit()

    async def recall(self, key: str, not_before: float) -> Remembered | None:
        """What is stored for a key; entries older than `not_before` are dropped."""
        await self._connection.execute("DELETE FROM idempotency WHERE created_at < ?", (not_before,))
        cursor = await self._connection.execute(
            "SELECT fingerprint, intent_id, body FROM idempotency WHERE key = ?", (key,)
        )
        row = await cursor.fetchone()
        await self._connection.commit()
        if row is None:
            return None
        return Remembered(row[0], row[1], json.loads(row[2]) if row[2] else None)

    async def found_cancelled(self, intent_id: str, now: float) -> None:
        """A confirmed reservation was found cancelled at the PMS; a person must look, once."""
        await self.write("INSERT OR IGNORE INTO attention (intent_id, cancelled_at) VALUES (?, ?)", intent_id, now)

    async def read(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a SELECT."""
        cursor = await self._connection.execute(statement, values)
        return [tuple(row) for row in await cursor.fetchall()]

    async def write(self, statement: str, *values: object) -> None:
        """Carry out a statement; committed when this returns."""
        await self._connection.execute(statement, values)
        await self._connection.commit()

    async def erase(self, left_before: str, keys_before: float) -> int:
        """Remove the personal data of stays that ended before a day, and keys that are older than a moment.

        What a reservation came to stays; name and e-mail are empty from then on. Pending ones keep them: they are
        still to be booked. Nothing of it is left in the file or its log, because freed pages are overwritten.

        Args:
            left_before: ISO date; stays with an earlier check-out are over for long enough.
            keys_before: wall-clock seconds.

        Returns:
            The number of reservations that were changed.
        """
        erased = await self._connection.execute(
            "UPDATE intent SET guest_name = '', email = '' "
            "WHERE check_out < ? AND status <> ? AND (guest_name <> '' OR email <> '')",
            (left_before, Status.PENDING.value),
        )
        freed = await self._connection.execute("DELETE FROM idempotency WHERE created_at < ?", (keys_before,))
        await self._connection.commit()
        if erased.rowcount or freed.rowcount:
            await self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return erased.rowcount

    async def forget(self, key: str) -> None:
        """Free a key."""
        await self._connection.execute("DELETE FROM idempotency WHERE key = ?", (key,))
        await self._connection.commit()

    @property
    def _connection(self) -> aiosqlite.Connection:
        if self._db is None:
            raise ValueError("the outbox is not open")
        return self._db

    async def _write(self, statement: str, *values: object) -> int:
        cursor = await self._connection.execute(statement, values)
        await self._connection.commit()
        await self._recount()
        return cursor.rowcount

    async def _recount(self) -> None:
        cursor = await self._connection.execute("SELECT COUNT(*) FROM intent WHERE status = ?", (Status.PENDING.value,))
        row = await cursor.fetchone()
        self.pending = int(row[0]) if row else 0

    async def _select(self, where: str, *values: object) -> list[Intent]:
        cursor = await self._connection.execute(f"{_SELECT} {where}", values)
        return [_from_row(row) for row in await cursor.fetchall()]


def _to_row(intent: Intent) -> list[Any]:
    values = (getattr(intent, name) for name in _COLUMNS)
    return [str(value) if isinstance(value, Status | Decimal) else value for value in values]


def _from_row(row: Iterable[Any]) -> Intent:
    data = dict(zip(_COLUMNS, row, strict=True))
    data["status"] = Status(data["status"])
    data["doubtful"] = bool(data["doubtful"])
    data["amount"] = None if data["amount"] is None else Decimal(data["amount"])
    return Intent(**data)
