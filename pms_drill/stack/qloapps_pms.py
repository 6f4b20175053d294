"""A real QloApps as the PMS of a stack: a copy of the user's tree, a database of our own, PHP's own web server."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

from pms_drill.errors import DrillError
from pms_drill.evidence import canaries
from pms_drill.faults.toxiproxy import Proxy
from pms_drill.stack import qloapps_settings as settings
from pms_drill.stack import qloapps_sql as sql
from pms_drill.stack.mariadb import Database, find_database
from pms_drill.stack.php import PhpServer, find_php
from pms_drill.stack.pms import Ground
from pms_drill.stack.qloapps_answer import await_answer
from pms_drill.stack.qloapps_base import Origin, base_state, lay_out, restore_data
from pms_drill.stack.qloapps_switches import QloAppsSwitches
from pms_drill.stack.qloapps_tree import look

#: Name of the proxy in front of the database.
DATABASE_PROXY = "database"
#: Requests at a time; more than the agent's pool leaves room for the harness's own reads.
WORKERS = 12


class QloAppsPms:
    """Starts QloApps from a tree.

    Args:
        tree: the user's tree; only read.
        dump: text dump of the database of a tree that was installed elsewhere.
        rooms_per_type: physical rooms of each type.

    Raises:
        DrillError: the tree, PHP or the database server does not fit.
    """

    def __init__(self, tree: Path, dump: Path | None, *, rooms_per_type: int) -> None:
        found = look(tree)
        self._origin = Origin(found, find_php(), find_database(), None if found.installer else dump_of(dump))
        self._rooms = rooms_per_type
        self.agent_key = canaries.plant(canaries.PMS_KEY, secrets.token_hex(16).upper())
        self.harness_key = canaries.plant(canaries.PMS_KEY, secrets.token_hex(16).upper())
        self._password = canaries.plant(canaries.DB_PASSWORD, secrets.token_hex(16))
        self._database: Database | None = None
        self._server: PhpServer | None = None
        self._switches: QloAppsSwitches | None = None

    @property
    def switches(self) -> QloAppsSwitches:
        """Faults at database, web server and settings, once it runs."""
        assert self._switches is not None, "QloApps was not started"
        return self._switches

    @property
    def address(self) -> str:
        """Where it serves."""
        assert self._server is not None, "QloApps was not started"
        return self._server.address

    @property
    def versions(self) -> Mapping[str, str]:
        """Of QloApps and what it runs on."""
        server = self._origin.server
        return {
            "pms": f"QloApps {self._origin.tree.version}",
            "database": f"{server.name} {server.version}",
            "php": self._origin.php.version,
        }

    def start(self, ground: Ground) -> None:
        """Copy the base state (made now if need be), start database and web server, and wait for an answer.

        Raises:
            DrillError: something did not start; with its last log lines.
        """

        def say(text: str) -> None:
            ground.note("stack", "qloapps", text)

        base = base_state(self._origin, ground.log("qloapps-setup"), ground.lease, say)
        folder = ground.lease.new_folder("qloapps")
        lay_out(base, folder / "tree")
        restore_data(base, folder / "data")
        self._database = Database(self._origin.server, folder / "data", ground.log("database"), folder)
        self._database.start(ground.lease.add_child)
        self._database.run(sql.change_password(self._password))
        proxy = ground.toxiproxy.create(DATABASE_PROXY, self._database.address)
        prefix = self._point(folder / "tree", proxy)
        self._prepare(self._database, prefix)
        log = ground.log("qloapps")
        self._server = PhpServer(self._origin.php, folder / "tree", domain=sql.DOMAIN, workers=WORKERS, log=log)
        self._server.start(ground.lease.add_child)
        await_answer(self._server.address, self.agent_key)
        self._switches = QloAppsSwitches(
            self._database,
            proxy,
            self._server,
            prefix=prefix,
            key=self.agent_key,
            password=self._password,
            note_child=ground.lease.add_child,
        )
        ground.note("stack", "qloapps", "started", ", ".join(self.versions.values()))

    def stop(self) -> None:
        """End web server and database."""
        if self._switches is not None:
            self._switches.close()
        if self._server is not None:
            self._server.kill()  # it has nothing to save, and its workers may hang in the database
        if self._database is not None:
            self._database.kill()  # its data folder is removed with the run

    def _point(self, tree: Path, proxy: Proxy) -> str:
        return settings.point_at(tree, server=proxy.listen, schema=sql.SCHEMA, user=sql.USER, password=self._password)

    def _prepare(self, database: Database, prefix: str) -> None:
        count = f"SELECT id_product,COUNT(*) FROM {prefix}htl_room_information GROUP BY id_product"
        there = [(int(kind), int(rooms)) for kind, rooms in database.run([count], sql.SCHEMA)]
        statements = [
            *sql.new_key(prefix, self.agent_key, sql.AGENT_MAY),
            *sql.new_key(prefix, self.harness_key, sql.HARNESS_MAY),
            *sql.more_rooms(prefix, self._rooms, there),
        ]
        database.run(statements, sql.SCHEMA)


def dump_of(dump: Path | None) -> Path:
    """The dump that a tree without an installer needs.

    Raises:
        DrillError: it is not named, or not there.
    """
    if dump is None:
        raise DrillError(
            "this QloApps tree was installed somewhere, and its database is not here",
            where="QLOAPPS_DUMP is not set, and the tree has no install/index_cli.php",
            todo="set QLOAPPS_DUMP to a text dump of its database, or use a tree of a release with its installer",
        )
    if not dump.is_file():
        raise DrillError("QLOAPPS_DUMP names no file", where=str(dump), todo="give the path of a text dump (.sql)")
    return dump
