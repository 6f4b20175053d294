"""Faults of a real QloApps: at its database's process, in front of the database, in its data, at its web server.

Statements go to the database by its socket, so that what is armed in front of its port does not touch them. A paused
or stopped database takes no statements: such a fault is healed before any other.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

import pymysql
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from pms_drill.checks.verdict import SkipReason
from pms_drill.errors import DrillError
from pms_drill.evidence import canaries
from pms_drill.faults.toxics import Latency
from pms_drill.faults.toxiproxy import Proxy, accepts
from pms_drill.stack import qloapps_sql as sql
from pms_drill.stack.mariadb import Database
from pms_drill.stack.php import PhpServer
from pms_drill.stack.qloapps_answer import await_answer

#: Of the database's answers. QloApps asks it some dozens of times for a question and hundreds of times for a booking.
SLOW_MS = 300
#: The table that is locked: bookings and their look-ups need it, questions about rooms do not.
LOCKED = "orders"
#: All faults that a real QloApps can have here.
FAULTS = frozenset(
    {
        *("db_paused", "db_down", "db_slow", "db_refused", "db_read_only", "table_locked", "killed_in_booking"),
        *("pms_killed", "key_disabled", "key_rotated", "permission_removed", "webservice_off", "wrong_host"),
    }
)
_SHOWS_LIMIT_S = 3.0
_MYSQL_NO_RIGHT = (1142, 1044, 1370)
_MYSQL_LOCK_TIMEOUT = 1205


class _Way(NamedTuple):
    """How one fault begins and ends, and how it is measured."""

    arm: Callable[[], Any]
    heal: Callable[[], Any]
    shows: Callable[[], bool]


class QloAppsSwitches:
    """See `PmsSwitches`.

    Args:
        database, proxy, server: the running programs, and the proxy in front of the database.
        prefix: of the tables.
        key: the agent's key.
        password: of QloApps' account at the database.
        note_child: told process id and name of what is started again, for the lease.
    """

    def __init__(
        self,
        database: Database,
        proxy: Proxy,
        server: PhpServer,
        *,
        prefix: str,
        key: str,
        password: str,
        note_child: Callable[[int, str], None],
    ) -> None:
        self._database = database
        self._proxy = proxy
        self._server = server
        self._prefix = prefix
        self._key = key
        self._password = password
        self.new_key = canaries.plant(canaries.PMS_KEY, secrets.token_hex(16).upper())
        self._note_child = note_child
        self._lock = ExitStack()
        self._on: list[str] = []
        self._ways = self._all_ways()
        self.names = FAULTS
        self.lacking = SkipReason.STACK_CANNOT

    def close(self) -> None:
        """Give up what is held."""
        self._lock.close()

    def arm(self, name: str) -> None:
        """Make it act, and measure at the PMS that it does.

        Raises:
            DrillError: there is no such fault, or it did not take.
        """
        if name not in self._ways:
            raise DrillError(f"QloApps as it runs here cannot have the fault {name}")
        self._on.append(name)
        self._ways[name].arm()
        polling = Retrying(
            stop=stop_after_delay(_SHOWS_LIMIT_S), wait=wait_fixed(0.01), retry=retry_if_result(lambda seen: not seen)
        )
        try:
            polling(self.shows, name)
        except RetryError:
            raise DrillError(f"the fault {name} was ordered and is not seen at the PMS") from None

    def heal(self, name: str) -> str:
        """Undo it.

        Raises:
            DrillError: database or web server did not come back; with their last log lines.
        """
        if name not in self._on:
            return "nothing to undo"
        self._ways[name].heal()
        self._on.remove(name)
        return f"{name} undone"

    def shows(self, name: str) -> bool:
        """Whether it acts, measured at database, proxy or web server."""
        return self._ways[name].shows()

    def make_clean(self) -> list[str]:
        """Undo everything, the last first; a dead database or web server is started again."""
        mended = [f"{name} at the PMS" for name in reversed(self._on) if self.heal(name)]
        if not self._database.running:
            self._start_database()
            mended.append("the database had ended: started again")
        if not self._server.running:
            ended = f" ({self._server.exit_code})"
            self._start_server()
            mended.append(f"the PMS's web server had ended{ended}: started again")
        return mended

    def _all_ways(self) -> dict[str, _Way]:
        p, key = self._prefix, self._key
        return {
            "db_paused": _Way(self._database.pause, self._database.resume, lambda: self._database.paused),
            "db_down": _Way(self._database.kill, self._start_database, lambda: not self._database.running),
            "db_slow": _Way(
                lambda: self._proxy.add(Latency(latency=SLOW_MS)),
                lambda: self._proxy.resume(Latency(latency=SLOW_MS).name),
                lambda: bool(self._proxy.toxics),
            ),
            "db_refused": _Way(self._proxy.disable, self._proxy.enable, lambda: not accepts(self._proxy.reach)),
            "db_read_only": _Way(
                lambda: self._run(sql.grants(True, self._database.account_hosts)),
                lambda: self._run(sql.grants(False, self._database.account_hosts)),
                self._refuses_to_write,
            ),
            "table_locked": _Way(self._lock_table, self._lock.close, self._table_is_locked),
            "killed_in_booking": _Way(self._lock_table, self._kill_and_unlock, self._table_is_locked),
            "pms_killed": _Way(
                self._server.kill,
                self._start_server,
                lambda: not accepts(self._server.address),
            ),
            "key_disabled": _Way(
                lambda: self._run([sql.activate_key(p, key, False)]),
                lambda: self._run([sql.activate_key(p, key, True)]),
                lambda: self._keys(f"`key`='{key}' AND active=1") == 0,
            ),
            "key_rotated": _Way(
                lambda: self._run([sql.change_key(p, key, self.new_key)]),
                lambda: self._run([sql.change_key(p, self.new_key, key)]),
                lambda: self._keys(f"`key`='{key}'") == 0,
            ),
            "permission_removed": _Way(
                lambda: self._run([sql.forbid(p, key, "bookings")]),
                lambda: self._run(sql.permit(p, key, {"bookings": sql.AGENT_MAY["bookings"]})),
                lambda: self._count(sql.permitted(p, key, "bookings")) == 0,
            ),
            "webservice_off": _Way(
                lambda: self._run(sql.configure(p, "PS_WEBSERVICE", "0")),
                lambda: self._run(sql.configure(p, "PS_WEBSERVICE", "1")),
                lambda: (
                    self._count(f"SELECT COUNT(*) FROM {p}configuration WHERE name='PS_WEBSERVICE' AND value='0'") == 1
                ),
            ),
            "wrong_host": _Way(
                lambda: self._run(sql.domain(p, "moved.example")),
                lambda: self._run(sql.domain(p, sql.DOMAIN)),
                lambda: self._count(f"SELECT COUNT(*) FROM {p}shop_url WHERE domain='{sql.DOMAIN}'") == 0,
            ),
        }

    def _start_database(self) -> None:
        if not self._database.running:
            self._database.start(self._note_child)

    def _start_server(self) -> None:
        if not self._server.running:
            self._server.start(self._note_child)
            if not set(self._on) - {"pms_killed", "killed_in_booking"}:  # with another fault it need not answer well
                await_answer(self._server.address, self._key)

    def _run(self, statements: Sequence[str]) -> list[tuple[Any, ...]]:
        return self._database.run(statements, sql.SCHEMA)

    def _count(self, query: str) -> int:
        return int(self._run([query])[0][0])

    def _keys(self, condition: str) -> int:
        return self._count(f"SELECT COUNT(*) FROM {self._prefix}webservice_account WHERE {condition}")

    def _refuses_to_write(self) -> bool:
        """As QloApps' own account, on a connection of its own as each request has: nothing is changed."""
        write = f"DELETE FROM {self._prefix}orders WHERE id_order=0"
        return self._error_of(write, user=sql.USER, password=self._password) in _MYSQL_NO_RIGHT

    def _lock_table(self) -> None:
        link = self._lock.enter_context(self._database.connection(sql.SCHEMA))
        with link.cursor() as cursor:
            cursor.execute(f"LOCK TABLES {self._prefix}{LOCKED} WRITE")

    def _table_is_locked(self) -> bool:
        read = f"SELECT COUNT(*) FROM {self._prefix}{LOCKED}"
        return self._error_of("SET lock_wait_timeout=1", read) == _MYSQL_LOCK_TIMEOUT

    def _error_of(self, *statements: str, user: str = "root", password: str = "") -> int:
        """Number of the error that the statements end with; 0 if none."""
        try:
            with (
                self._database.connection(sql.SCHEMA, user=user, password=password) as link,
                link.cursor() as cursor,
            ):
                for statement in statements:
                    cursor.execute(statement)
        except pymysql.MySQLError as error:
            return int(error.args[0])
        return 0

    def _kill_and_unlock(self) -> None:
        """End the web server while its bookings wait in the middle, then unlock and start it again."""
        self._server.kill()
        self._lock.close()
        self._start_server()
