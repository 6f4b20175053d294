"""A MariaDB or MySQL server of our own: its data in a folder of the run, on loopback, and nothing of the user's."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pymysql
from pymysql.connections import Connection
from pymysql.constants import CLIENT

from pms_drill.errors import DrillError
from pms_drill.faults.toxiproxy_server import stable_port
from pms_drill.stack import qloapps_sql as sql
from pms_drill.stack.process import Program, environment

#: Server programs are not on the PATH of ordinary users on Debian.
_ALSO = ("/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/opt/homebrew/bin")
_ASK_LIMIT_S = 20.0
_INSTALL_LIMIT_S = 120.0
_START_LIMIT_S = 30.0
_STATEMENT_LIMIT_S = 60
#: The longest path that a socket can have on Linux is 107 bytes.
_LONGEST_SOCKET = 100
_SETTINGS = (
    "--bind-address=127.0.0.1",
    "--skip-log-bin",
    "--performance-schema=OFF",
    # Survives a killed server, which is all that is tried here; the data is thrown away with the run.
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-flush-method=nosync",
    "--innodb-buffer-pool-size=128M",
    "--innodb-log-file-size=16M",
    "--max-connections=150",
    "--max-allowed-packet=256M",  # a whole dump is sent as one
    "--character-set-server=utf8mb4",
)


class DatabaseServer:
    """The server program that was found.

    Attributes:
        binary: mariadbd or mysqld.
        name: "MariaDB" or "MySQL".
        version: such as "10.11.19".
    """

    def __init__(self, binary: Path, name: str, version: str) -> None:
        self.binary = binary
        self.name = name
        self.version = version

    def install(self, data: Path, log: Path) -> None:
        """Make an empty data folder; its root needs no password and is reached by the socket only.

        Raises:
            DrillError: the server's own set-up failed; with its last lines.
        """
        data.mkdir(parents=True)
        if self.name == "MariaDB":
            tool = _which("mariadb-install-db") or _which("mysql_install_db")
            if tool is None:
                raise DrillError(
                    "MariaDB's set-up program is missing",
                    where="no mariadb-install-db on the PATH",
                    todo="apt-get install mariadb-server",
                )
            words = [tool, "--no-defaults", "--skip-test-db", "--auth-root-authentication-method=normal"]
        else:
            words = [str(self.binary), "--no-defaults", "--initialize-insecure"]
        try:
            with log.open("ab") as sink:
                code = subprocess.run(
                    [*words, f"--datadir={data}", *as_user()],
                    stdout=sink,
                    stderr=subprocess.STDOUT,
                    stdin=subprocess.DEVNULL,
                    env=environment({}),
                    timeout=_INSTALL_LIMIT_S,
                    check=False,
                ).returncode
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DrillError("the data folder of the database could not be made", detail=str(error)) from error
        if code != 0:
            raise DrillError(
                f"the data folder of the database could not be made: exit code {code}",
                where=str(log),
                todo="read the lines below; often the disk is full or a library is missing",
                detail="\n".join(log.read_text(errors="replace").splitlines()[-15:]),
            )


def find_database() -> DatabaseServer:
    """The database server of this machine.

    Raises:
        DrillError: there is none.
    """
    for program in ("mariadbd", "mysqld"):
        found = _which(program)
        if found is None:
            continue
        try:
            told = subprocess.run(
                [found, "--no-defaults", "--version"],
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                timeout=_ASK_LIMIT_S,
                check=True,
            ).stdout
        except (OSError, subprocess.SubprocessError) as error:
            raise DrillError("the database server does not run", where=found, detail=str(error)) from error
        number = re.search(r"Ver\s+(\d+\.\d+\.\d+)", told)
        name = "MariaDB" if "mariadb" in told.lower() else "MySQL"
        return DatabaseServer(Path(found), name, number[1] if number else "unknown")
    raise DrillError(
        "the stack native needs a database server",
        where="neither mariadbd nor mysqld on the PATH",
        todo="apt-get install mariadb-server (it need not run), or MySQL 8",
    )


def as_user() -> list[str]:
    """The server refuses to run as root unless it is told so."""
    return ["--user=root"] if os.geteuid() == 0 else []


def _which(program: str) -> str | None:
    return shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", ""), *_ALSO]))


class Database:
    """A running server over one data folder; always at the same port.

    Args:
        server: the program.
        data: its data folder.
        log: file for its output.
        place: folder for its socket; its path must be short.
    """

    #: Hosts of QloApps' accounts, as the server sees them.
    account_hosts: tuple[str, ...] = sql.ACCOUNT_HOSTS

    def __init__(self, server: DatabaseServer, data: Path, log: Path, place: Path) -> None:
        self._server = server
        self.data = data
        self._log = log
        self._socket = place / "db.sock"
        self._port = stable_port()
        self._program: Program | None = None
        if len(str(self._socket)) > _LONGEST_SOCKET:
            raise DrillError(
                "the path of the temporary folder is too long for the database's socket",
                where=str(self._socket),
                todo="set TMPDIR to a shorter one",
            )

    @property
    def address(self) -> str:
        """ "127.0.0.1:<port>"; the same after a restart."""
        return f"127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """Process id; 0 before the start."""
        return self._program.pid if self._program else 0

    @property
    def running(self) -> bool:
        """Whether the process lives, paused or not."""
        return self._program is not None and self._program.running

    @property
    def paused(self) -> bool:
        """Whether the process is stopped by a signal."""
        try:
            return self.running and psutil.Process(self.pid).status() == psutil.STATUS_STOPPED
        except psutil.Error:
            return False

    def start(self, note_child: Callable[[int, str], None]) -> None:
        """Start it and wait until it answers a query.

        Args:
            note_child: told process id and name, for the lease.

        Raises:
            DrillError: it ended, or did not answer in time; with its last log lines.
        """
        words = [str(self._server.binary), "--no-defaults", f"--datadir={self.data}", f"--socket={self._socket}"]
        words += [f"--port={self._port}", f"--pid-file={self._socket.with_suffix('.pid')}", *_SETTINGS, *as_user()]
        if self._server.name == "MySQL":
            words += ["--mysqlx=OFF"]
        self._program = Program("database", words, env={}, cwd=self.data, log=self._log)
        self._program.start()
        note_child(self._program.pid, "database")
        self._program.wait_until(
            self._answers, within=_START_LIMIT_S, todo="read the lines below; often the disk is full"
        )

    def stop(self) -> None:
        """End it properly, so that its data can be copied."""
        if self._program is not None:
            self.resume()
            self._program.stop(grace=15.0)

    def kill(self) -> None:
        """End it at once."""
        if self._program is not None:
            self._program.kill()

    def pause(self) -> None:
        """Stop it with a signal: connections are accepted by the system, and nothing answers."""
        if self._program is not None:
            self._program.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        if self._program is not None:
            self._program.signal(signal.SIGCONT)

    def run(self, statements: Sequence[str], schema: str | None = None) -> list[tuple[Any, ...]]:
        """Run statements as the server's root; gives the rows of the last one.

        Raises:
            DrillError: the server refused one.
        """
        try:
            with self.connection(schema) as link, link.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                return list(cursor.fetchall())
        except pymysql.MySQLError as error:
            raise DrillError("the database refused a statement", where=self.address, detail=str(error)) from error

    def load(self, schema: str, dump: str) -> None:
        """Load the text of a dump.

        Raises:
            DrillError: it is no dump that this server takes.
        """
        try:
            with self.connection(schema, flags=CLIENT.MULTI_STATEMENTS) as link, link.cursor() as cursor:
                cursor.execute(dump)
                while cursor.nextset():
                    pass
        except pymysql.MySQLError as error:
            raise DrillError(
                "the dump cannot be loaded",
                where="QLOAPPS_DUMP",
                todo="check that it is whole",
                detail=str(error)[:500],
            ) from error

    @contextmanager
    def connection(
        self, schema: str | None = None, *, user: str = "root", password: str = "", flags: int = 0
    ) -> Iterator[Connection[Any]]:
        """A connection by the socket, so that faults in front of the port do not touch it."""
        link = pymysql.connect(
            unix_socket=str(self._socket),
            user=user,
            password=password,
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
            link.close()

    def _answers(self) -> bool:
        try:
            with self.connection() as link:
                link.ping(reconnect=False)
        except (pymysql.MySQLError, OSError):
            return False
        return True
