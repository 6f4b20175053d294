"""A real QloApps in containers as the PMS of the compose stack: Apache with PHP, and MariaDB or MySQL behind Toxiproxy.

The user's tree is mounted for reading and copied inside; data and settings are made as for the stack native.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

import httpx
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from pms_drill.errors import DrillError
from pms_drill.evidence import canaries
from pms_drill.stack import compose_runbook
from pms_drill.stack import qloapps_installer as installer
from pms_drill.stack import qloapps_settings as settings
from pms_drill.stack import qloapps_sql as sql
from pms_drill.stack.compose_database import PORT as DATABASE_PORT
from pms_drill.stack.compose_database import SERVICE as DATABASE
from pms_drill.stack.compose_database import ContainerDatabase
from pms_drill.stack.compose_project import Project
from pms_drill.stack.compose_web_server import ROOT, SERVICE, ContainerWebServer
from pms_drill.stack.pms import Ground
from pms_drill.stack.qloapps_pms import DATABASE_PROXY
from pms_drill.stack.qloapps_switches import QloAppsSwitches
from pms_drill.stack.qloapps_tree import Tree

_SETTINGS = "config/settings.inc.php"
_FIRST_ANSWER_LIMIT_S = 30.0


class ComposeQloApps:
    """The project's services `qloapps` and `mysql-qloapps`.

    Args:
        project: its containers.
        tree: the user's tree; only read.
        dump: text dump of the database of a tree that was installed elsewhere; None for a release.
        rooms_per_type: physical rooms of each type.
    """

    services: tuple[str, ...] = (SERVICE, DATABASE)

    def __init__(self, project: Project, tree: Tree, dump: Path | None, *, rooms_per_type: int) -> None:
        self._tree = tree
        self._dump = dump
        self._rooms = rooms_per_type
        self.agent_key = canaries.plant(canaries.PMS_KEY, secrets.token_hex(16).upper())
        self.harness_key = canaries.plant(canaries.PMS_KEY, secrets.token_hex(16).upper())
        self._password = canaries.plant(canaries.DB_PASSWORD, secrets.token_hex(16))
        self._root_password = canaries.plant(canaries.DB_PASSWORD, secrets.token_hex(16))
        self._database = ContainerDatabase(project, self._root_password)
        self._server = ContainerWebServer(project)
        self._switches: QloAppsSwitches | None = None
        self._versions: dict[str, str] = {}

    @property
    def variables(self) -> Mapping[str, str]:
        """Of the compose files."""
        return {
            "COMPOSE_PROFILES": SERVICE,
            "QLOAPPS_DIR": str(self._tree.path),
            "PMS_DRILL_PMS": SERVICE,
            "PMS_DRILL_PMS_PORT": str(self._server.port),
            "PMS_DRILL_API_KEY": self.agent_key,
            "PMS_DRILL_DOMAIN": sql.DOMAIN,
            "PMS_DRILL_DB_ROOT_PASSWORD": self._root_password,
            "PMS_DRILL_DB_SCHEMA": sql.SCHEMA,
            "PMS_DRILL_DB_USER": sql.USER,
            "PMS_DRILL_DB_PASSWORD": self._password,
        }

    @property
    def switches(self) -> QloAppsSwitches:
        """Faults at database, web server and settings, once it runs."""
        assert self._switches is not None, "QloApps was not started"
        return self._switches

    @property
    def address(self) -> str:
        """Where it serves, published on loopback."""
        return self._server.address

    @property
    def versions(self) -> Mapping[str, str]:
        """Of QloApps and what it runs on, once it runs."""
        return self._versions

    def start(self, ground: Ground) -> None:
        """Wait for the containers, which the stack has started; install or load the data, and wait for an answer.

        Raises:
            DrillError: something did not start or could not be set up; with its last log lines.
        """
        self._database.start(ground.lease.add_child)
        proxy = ground.toxiproxy.create(DATABASE_PROXY, self._database.address, f"0.0.0.0:{DATABASE_PORT}")
        self._server.start(ground.lease.add_child)
        prefix = self._install(f"toxiproxy:{DATABASE_PORT}")
        self._prepare(prefix)
        self._wait_for_an_answer()
        self._versions = self._ask_versions()
        self._switches = QloAppsSwitches(
            self._database,
            proxy,
            self._server,
            prefix=prefix,
            key=self.agent_key,
            password=self._password,
            note_child=ground.lease.add_child,
        )
        ground.note("stack", "qloapps", "started", ", ".join(self._versions.values()))

    def stop(self) -> None:
        """Give up what is held; the containers go with the project."""
        if self._switches is not None:
            self._switches.close()

    def _install(self, proxied: str) -> str:
        """Fill the database and point QloApps at it; gives the prefix of its tables."""
        if self._dump is None:
            words = installer.words(self._database.address, self._password)
            told = self._server.run("php", *words, folder=f"{ROOT}/install")
            if not installer.succeeded(told):
                raise DrillError(
                    "QloApps' installer failed in the container",
                    where=f"php {installer.SCRIPT} in {ROOT}/install",
                    todo="read the lines below",
                    detail="\n".join(told.strip().splitlines()[-15:]),
                )
        else:
            self._database.load(sql.SCHEMA, self._dump.read_text(encoding="utf-8", errors="surrogateescape"))
        self._server.run("rm", "-rf", "install")
        wanted = {"_DB_SERVER_": proxied, "_DB_NAME_": sql.SCHEMA, "_DB_USER_": sql.USER, "_DB_PASSWD_": self._password}
        text = self._server.read(_SETTINGS)
        try:
            prefix = settings.value(text, "_DB_PREFIX_")
            self._server.write(_SETTINGS, settings.change(text, {**wanted, "_PS_CACHE_ENABLED_": "0"}))
        except KeyError as error:
            raise DrillError(f"QloApps' settings do not define {error}", where=_SETTINGS) from error
        return prefix

    def _prepare(self, prefix: str) -> None:
        count = f"SELECT id_product,COUNT(*) FROM {prefix}htl_room_information GROUP BY id_product"  # noqa: S608
        self._database.run(sql.base_settings(prefix), sql.SCHEMA)
        there = [(int(kind), int(rooms)) for kind, rooms in self._database.run([count], sql.SCHEMA)]
        account = f"'{compose_runbook.DATABASE_USER}'@'%'"
        statements = [
            *sql.new_key(prefix, self.agent_key, sql.AGENT_MAY),
            *sql.new_key(prefix, self.harness_key, sql.HARNESS_MAY),
            *sql.more_rooms(prefix, self._rooms, there),
            f"CREATE USER {account} IDENTIFIED BY '{self._password}'",
            f"GRANT SELECT ON {sql.SCHEMA}.* TO {account}",
        ]
        self._database.run(statements, sql.SCHEMA)

    def _ask_versions(self) -> dict[str, str]:
        return {
            "pms": f"QloApps {self._tree.version}",
            "database": str(self._database.run(["SELECT VERSION()"])[0][0]),
            "php": self._server.run("php", "-r", "echo PHP_VERSION;"),
        }

    def _wait_for_an_answer(self) -> None:
        last = "nothing"

        def answers() -> bool:
            nonlocal last
            url = f"http://{self.address}/api/hotels?output_format=JSON"
            try:
                told = httpx.get(url, auth=(self.agent_key, ""), timeout=10.0, trust_env=False)
            except httpx.HTTPError as error:
                last = type(error).__name__
                return False
            last = f"{told.status_code} {told.text[:200]}"
            return told.status_code == 200

        polling = Retrying(
            stop=stop_after_delay(_FIRST_ANSWER_LIMIT_S),
            wait=wait_fixed(0.1),
            retry=retry_if_result(lambda done: not done),
        )
        try:
            polling(answers)
        except RetryError:
            raise DrillError(
                "QloApps' web service does not answer as it should",
                where=f"GET /api/hotels: {last}",
                todo="look at their logs in the run's logs/ folder; is the dump that of this tree?",
            ) from None
