"""The database in a container, with the calls of `Database`: statements go to its address in its network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pymysql
from pymysql.connections import Connection

from pms_drill.stack.compose_project import Project
from pms_drill.stack.engine import engine_errors
from pms_drill.stack.mariadb import Database

SERVICE = "mysql-qloapps"
PORT = 3306
#: The first start of the official images makes the data folder.
_START_LIMIT_S = 90.0
_STATEMENT_LIMIT_S = 60


class ContainerDatabase(Database):
    """The project's service `mysql-qloapps`; pause and kill are the engine's.

    Args:
        project: its containers.
        password: of the server's root.
    """

    account_hosts = ("%",)

    def __init__(self, project: Project, password: str) -> None:  # no program of ours to set up
        self._project = project
        self._password = password
        self._ip = ""

    @property
    def address(self) -> str:
        """As other containers know it; the same after a restart."""
        return f"{SERVICE}:{PORT}"

    @property
    def pid(self) -> int:
        """Of its first process on the engine's machine; 0 while it does not run."""
        return int(self._state().get("Pid", 0))

    @property
    def running(self) -> bool:
        """Whether the container runs, paused or not."""
        return bool(self._state().get("Running"))

    @property
    def paused(self) -> bool:
        """Whether the engine has paused it."""
        return bool(self._state().get("Paused"))

    def start(self, note_child: Callable[[int, str], None]) -> None:  # noqa: ARG002 -- the engine's, not ours
        """Start the container unless it runs, and wait until the server answers a query.

        Raises:
            DrillError: it ended, or did not answer in time; with its last log lines.
        """
        if not self.running:
            with engine_errors("start the database"):
                self._project.container(SERVICE).start()
        self._ip = self._project.address(SERVICE, "database")
        self._project.wait_until(SERVICE, self._answers, within=_START_LIMIT_S, todo="see what it said")

    def stop(self) -> None:
        """End it properly."""
        with engine_errors("stop the database"):
            self._project.container(SERVICE).stop(timeout=15)

    def kill(self) -> None:
        """End it at once."""
        with engine_errors("kill the database"):
            container = self._project.container(SERVICE)
            if container.attrs["State"]["Running"]:
                container.kill()
                container.wait(timeout=10)

    def pause(self) -> None:
        """Freeze all its processes: connections are accepted by the system, and nothing answers."""
        with engine_errors("pause the database"):
            self._project.container(SERVICE).pause()

    def resume(self) -> None:
        """Let it go on."""
        if self.paused:
            with engine_errors("resume the database"):
                self._project.container(SERVICE).unpause()

    @contextmanager
    def connection(
        self, schema: str | None = None, *, user: str = "root", password: str = "", flags: int = 0
    ) -> Iterator[Connection[Any]]:
        """A connection to its own address, so that faults in front of it do not touch it."""
        link = pymysql.connect(
            host=self._ip,
            port=PORT,
            user=user,
            password=self._password if user == "root" else password,
            database=schema,
            autocommit=True,
            connect_timeout=5,
            read_timeout=_STATEMENT_LIMIT_S,
            charset="utf8mb4",
            client_flag=flags,
        )
        try:
            yield link
        finally:
            with suppress(pymysql.MySQLError, OSError):
                link.close()

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = self._project.container(SERVICE).attrs["State"]
        return state
