"""The outbox: every reservation the agent took on, on SQLite, written before anything is sent.

Each statement is a transaction of its own (autocommit): what failed, on a full disk for example, has left nothing
behind, and no task commits the half of another. A change is written only over the version of the row that it was made
from, so that nobody overwrites what another wrote meanwhile.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import aiosqlite

from hotel_agent.intent import Intent
from hotel_agent.logs import logger
from hotel_agent.models import Reason, Status

_SCHEMA = """
CREATE TABLE IF NOT EXISTS intent (
  id TEXT PRIMARY KEY, hotel_id INTEGER NOT NULL, room_type INTEGER NOT NULL,
  check_in TEXT NOT NULL, check_out TEXT NOT NULL, guest_name TEXT NOT NULL, email TEXT NOT NULL,
  created_at REAL NOT NULL, status TEXT NOT NULL, reason TEXT, booking_id INTEGER,
  amount TEXT, currency TEXT, attempts INTEGER NOT NULL, doubtful INTEGER NOT NULL,
  attempted_at REAL NOT NULL, readbacks INTEGER NOT NULL, version INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS intent_by_status ON intent (status, created_at);
CREATE INDEX IF NOT EXISTS intent_in_doubt ON intent (attempted_at) WHERE doubtful = 1;
CREATE TABLE IF NOT EXISTS idempotency (
  key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, intent_id TEXT NOT NULL, body TEXT, created_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS attention (intent_id TEXT PRIMARY KEY, cancelled_at REAL, resolved_at REAL);
CREATE TABLE IF NOT EXISTS trial (id INTEGER PRIMARY KEY, payload BLOB NOT NULL);
"""
#: Columns that files of earlier versions of the agent lack.
_ADDED = {"version": "INTEGER NOT NULL DEFAULT 0"}
#: Bytes written to find out whether the store can be written: more than any reservation needs.
_TRIAL_BYTES = 16384
#: For how many seconds the outcome of a write stands for the next ones.
_FRESH = 1.0


@dataclass(frozen=True)
class Remembered:
    """What is stored for an Idempotency-Key: its reservation, and the problem's body if it was refused."""

    fingerprint: str
    intent_id: str
    body: dict[str, Any] | None


#: What a row raises whose values are not those of an intent.
_UNREADABLE = (ValueError, ArithmeticError, TypeError)
_COLUMNS = tuple(field.name for field in fields(Intent))
_INSERT = f"INSERT INTO intent ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608
_UPDATE = f"UPDATE intent SET {', '.join(f'{name} = ?' for name in _COLUMNS)} WHERE id = ? AND version = ?"  # noqa: S608
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM intent"  # noqa: S608
#: What needs a person (`hotel_agent.attention`), and why.
_WANTED = f"""
FROM intent LEFT JOIN attention ON attention.intent_id = intent.id
WHERE attention.resolved_at IS NULL AND (
  intent.status IN ('{Status.UNRESOLVED}', '{Status.EXPIRED}')
  OR (intent.status = '{Status.CONFIRMED}' AND attention.cancelled_at IS NOT NULL)
)"""
_WHY = f"CASE intent.status WHEN '{Status.CONFIRMED}' THEN 'cancelled' ELSE intent.status END"


class Overtaken(Exception):
    """Another has changed the intent, or withdrawn it, since it was read; nothing was written."""


class StoreFailed(Exception):
    """The store could not be read or written (disk full, for example); nothing was written."""


class Outbox:
    """The store. One process per file: a second one on the same file does not start.

    Attributes:
        pending: number of pending reservations, kept in step with the table.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock_file: IO[bytes] | None = None
        self._db: aiosqlite.Connection | None = None
        self._last_write: tuple[float, bool] | None = None  # when it ended (monotonic), whether it was done
        self._trial: asyncio.Task[bool] | None = None
        self._spoilt: set[str] = set()
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
            self._db = await aiosqlite.connect(self._path, isolation_level=None)
            await self._db.execute("PRAGMA journal_mode = WAL")
            await self._db.execute("PRAGMA synchronous = FULL")
            await self._db.execute("PRAGMA secure_delete = ON")
            await self._db.executescript(_SCHEMA)
            cursor = await self._db.execute("PRAGMA table_info(intent)")
            there = {row[1] for row in await cursor.fetchall()}
            for name in _ADDED.keys() - there:
                await self._db.execute(f"ALTER TABLE intent ADD COLUMN {name} {_ADDED[name]}")
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
        """Whether the store can be written, on the disk too; for readiness.

        A write of the last second tells it; otherwise one is tried, by one caller at a time for all who ask.
        """
        if self._last_write is not None and time.monotonic() - self._last_write[0] < _FRESH:
            return self._last_write[1]
        if self._trial is None or self._trial.done():
            self._trial = asyncio.create_task(self._try_to_write())
        # Whoever does not wait until it ends must not end it for the others.
        return await asyncio.shield(self._trial)

    async def _try_to_write(self) -> bool:
        try:
            await self._execute(
                "INSERT OR REPLACE INTO trial (id, payload) VALUES (1, ?)", secrets.token_bytes(_TRIAL_BYTES)
            )
        except (StoreFailed, ValueError):
            return False
        return True

    async def add(self, intent: Intent) -> None:
        """Take on an intent; committed when this returns."""
        await self._write(_INSERT, *_to_row(intent))

    async def update(self, intent: Intent, **changes: Any) -> Intent:
        """Write some fields of the intent as it was read, and return what it is now; committed when this returns.

        Raises:
            Overtaken: another has changed or withdrawn it meanwhile.
            StoreFailed: it could not be written.
        """
        changed = replace(intent, **changes, version=intent.version + 1)
        if not await self._write(_UPDATE, *_to_row(changed), intent.id, intent.version):
            raise Overtaken
        return changed

    async def withdraw(self, intent: Intent) -> bool:
        """Forget an intent unless its booking request was sent; whether it was forgotten."""
        return await self._write("DELETE FROM intent WHERE id = ? AND attempts = 0", intent.id) == 1

    async def get(self, intent_id: str) -> Intent | None:
        """The intent, or None.

        Raises:
            StoreFailed: it cannot be read; that is not the same as that there is none.
        """
        for row in await self._rows(f"{_SELECT} WHERE id = ?", intent_id):
            try:
                return _from_row(row)
            except _UNREADABLE as error:
                raise StoreFailed(f"a row that cannot be read: {error}") from error
        return None

    async def waiting(self) -> list[Intent]:
        """Pending intents in the order in which they were taken on, whatever the wall clock said."""
        return await self._select("WHERE status = ? ORDER BY rowid", Status.PENDING.value)

    async def doubtful(self) -> list[Intent]:
        """Intents of any status with a doubtful attempt on which the PMS may still act, oldest first."""
        return await self._select("WHERE doubtful = 1 ORDER BY rowid")

    async def remember(self, key: str, fingerprint: str, intent_id: str, now: float) -> None:
        """Bind an Idempotency-Key to a request and to the reservation that comes of it."""
        await self._execute(
            "INSERT OR REPLACE INTO idempotency (key, fingerprint, intent_id, created_at) VALUES (?, ?, ?, ?)",
            key,
            fingerprint,
            intent_id,
            now,
        )

    async def remember_refusal(self, key: str, body: dict[str, Any]) -> None:
        """Store a refusal, to be given again for the same key."""
        await self._execute("UPDATE idempotency SET body = ? WHERE key = ?", json.dumps(body), key)

    async def recall(self, key: str, not_before: float) -> Remembered | None:
        """What is stored for a key; entries older than `not_before` are dropped."""
        await self._execute("DELETE FROM idempotency WHERE created_at < ?", not_before)
        rows = await self._rows("SELECT fingerprint, intent_id, body FROM idempotency WHERE key = ?", key)
        for fingerprint, intent_id, body in rows:
            return Remembered(fingerprint, intent_id, json.loads(body) if body else None)
        return None

    async def found_cancelled(self, intent_id: str, now: float) -> None:
        """A confirmed reservation was found cancelled at the PMS; a person must look, once."""
        await self._execute("INSERT OR IGNORE INTO attention (intent_id, cancelled_at) VALUES (?, ?)", intent_id, now)

    async def count_wanted(self) -> dict[str, int]:
        """How many intents need a person, by reason."""
        rows = await self._rows(f"SELECT {_WHY}, COUNT(*) {_WANTED} GROUP BY 1")
        return {str(reason): int(count) for reason, count in rows}

    async def wanted(self, most: int) -> list[tuple[Reason, Intent]]:
        """The oldest intents that need a person, each with its reason; at most so many, unreadable ones left out."""
        columns = ", ".join(f"intent.{name}" for name in _COLUMNS)
        order = "ORDER BY intent.created_at, intent.id LIMIT ?"
        rows = [tuple(row) for row in await self._rows(f"SELECT {_WHY}, {columns} {_WANTED} {order}", most)]
        reasons: dict[str, Reason] = {row[1]: row[0] for row in rows}
        return [(reasons[intent.id], intent) for intent in self._readable(row[1:] for row in rows)]

    async def wanted_because(self, intent_id: str) -> Reason | None:
        """Why an intent needs a person; None if it does not."""
        rows = await self._rows(f"SELECT {_WHY} {_WANTED} AND intent.id = ?", intent_id)
        for (reason,) in rows:
            found: Reason = reason
            return found
        return None

    async def dealt_with(self, intent_id: str, now: float) -> None:
        """A person has dealt with an intent: it needs none any more."""
        await self._execute(
            "INSERT INTO attention (intent_id, resolved_at) VALUES (?, ?) "
            "ON CONFLICT (intent_id) DO UPDATE SET resolved_at = excluded.resolved_at",
            intent_id,
            now,
        )

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
        erased = await self._execute(
            # A new version, so that nobody who has read the row before writes the name back.
            "UPDATE intent SET guest_name = '', email = '', version = version + 1 "
            "WHERE check_out < ? AND status <> ? AND (guest_name <> '' OR email <> '')",
            left_before,
            Status.PENDING.value,
        )
        freed = await self._execute("DELETE FROM idempotency WHERE created_at < ?", keys_before)
        if erased or freed:
            await self._rows("PRAGMA wal_checkpoint(TRUNCATE)")
        return erased

    async def forget(self, key: str) -> None:
        """Free a key."""
        await self._execute("DELETE FROM idempotency WHERE key = ?", key)

    @property
    def _connection(self) -> aiosqlite.Connection:
        if self._db is None:
            raise ValueError("the outbox is not open")
        return self._db

    async def _execute(self, statement: str, *values: object) -> int:
        """Write with one statement, which is a transaction of its own; the number of rows."""
        try:
            cursor = await self._connection.execute(statement, values)
        except aiosqlite.Error as error:
            self._last_write = time.monotonic(), False
            raise StoreFailed(str(error)) from error
        # One that changed nothing has not been to the disk.
        if cursor.rowcount > 0:
            self._last_write = time.monotonic(), True
        return cursor.rowcount

    async def _write(self, statement: str, *values: object) -> int:
        """Write to the table of intents."""
        count = await self._execute(statement, *values)
        with suppress(StoreFailed):  # it is written all the same; the next write counts anew
            await self._recount()
        return count

    async def _recount(self) -> None:
        rows = await self._rows("SELECT COUNT(*) FROM intent WHERE status = ?", Status.PENDING.value)
        for (count,) in rows:
            self.pending = int(count)

    async def _rows(self, statement: str, *values: object) -> Iterable[Any]:
        try:
            return await self._connection.execute_fetchall(statement, values)
        except aiosqlite.Error as error:
            raise StoreFailed(str(error)) from error

    async def _select(self, where: str, *values: object) -> list[Intent]:
        """The intents that can be read: one spoilt row must not hide the others."""
        return list(self._readable(await self._rows(f"{_SELECT} {where}", *values)))

    def _readable(self, rows: Iterable[Any]) -> Iterator[Intent]:
        for row in rows:
            try:
                yield _from_row(row)
            except _UNREADABLE as error:
                self._tell_spoilt(str(row[0]), error)

    def _tell_spoilt(self, intent_id: str, error: Exception) -> None:
        if intent_id not in self._spoilt:
            self._spoilt.add(intent_id)
            logger().error("a reservation in the outbox cannot be read", reservation=intent_id, error=str(error))


def _to_row(intent: Intent) -> list[Any]:
    values = (getattr(intent, name) for name in _COLUMNS)
    return [str(value) if isinstance(value, Status | Decimal) else value for value in values]


def _from_row(row: Iterable[Any]) -> Intent:
    data = dict(zip(_COLUMNS, row, strict=True))
    data["status"] = Status(data["status"])
    data["doubtful"] = bool(data["doubtful"])
    data["amount"] = None if data["amount"] is None else Decimal(data["amount"])
    return Intent(**data)
