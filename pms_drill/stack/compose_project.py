"""One compose project: the containers of one stack, with a label that nobody else has."""

from __future__ import annotations

import json
import os
import secrets
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from pms_drill import clock
from pms_drill.errors import DrillError
from pms_drill.lease import Lease
from pms_drill.stack import compose_tool
from pms_drill.stack.engine import RUN_LABEL, connect, container_of, engine_errors, recreate, remove_engine_run

if TYPE_CHECKING:
    from docker.models.containers import Container

_LOOK_EVERY_S = 1.0
#: Variables of the user that the compose files know, kept in the project's .env.
_USERS = ("PMS_DRILL_", "QLOAPPS_DIR")
_WHERE = "its log is in the logs/ folder of the run"


class Project:
    """Ups services of the compose files, and finds their containers.

    Args:
        repo: where the compose files are.
        lease: gets the label, the folder and compose's processes.
        runbook: with the names and ports that the runbook's commands assume.
    """

    def __init__(self, repo: Path, lease: Lease, *, runbook: bool = False) -> None:
        self._lease = lease
        self.run = f"{os.getpid()}-{secrets.token_hex(4)}"
        self.name = f"pms-drill-{self.run}"
        self.folder = lease.new_folder("compose")
        names = ["docker-compose.test.yml"] + (["docker-compose.runbook.yml"] if runbook else [])
        self._files = [repo / name for name in names]
        self._variables: dict[str, str] = {}
        # Never empty: 1.29 takes a file without services for one of another format.
        self._services: dict[str, Any] = {"toxiproxy": {"labels": {RUN_LABEL: self.run}}}
        self.client = connect()
        lease.add_engine_run(self.run)

    def define(self, variables: Mapping[str, str], services: Mapping[str, Any] | None = None) -> None:
        """Set variables of the compose files, and lay more over their services.

        The folder gets both, so that plain compose commands work there, as the runbook's do.
        """
        self._variables |= {**variables, "PMS_DRILL_RUN": self.run}
        self._services |= services or {}
        over = self.folder / "services.json"  # JSON is YAML
        over.write_text(json.dumps({"services": self._services}).replace("$", "$$"), encoding="utf-8")
        users = {name: value for name, value in os.environ.items() if name.startswith(_USERS)}
        files = os.pathsep.join(str(file) for file in [*self._files, over])
        told = {"COMPOSE_PROJECT_NAME": self.name, "COMPOSE_FILE": files, **users, **self._variables}
        env_file = self.folder / ".env"
        env_file.touch(mode=0o600)
        env_file.write_text("".join(f"{name}={value}\n" for name, value in told.items()), encoding="utf-8")

    def up(self, *services: str) -> None:
        """Create and start services with what `define` set.

        Raises:
            DrillError: an image, a port or a name is not to be had, or a container did not start.
        """
        words = ["--project-name", self.name]
        for file in (*self._files, self.folder / "services.json"):
            words += ["--file", str(file)]
        words += ["up", "--detach", "--no-build", "--no-deps", *services]
        compose_tool.call(words, self._variables, self._lease.add_child)

    def container(self, service: str) -> Container:
        """The container of a service."""
        return container_of(self.client, self.run, service)

    def address(self, service: str, network: str) -> str:
        """The address of a service on one of the project's networks, as the engine gave it now.

        Raises:
            DrillError: it has none there, for example because it is stopped.
        """
        ends = self.container(service).attrs["NetworkSettings"]["Networks"]
        address = ends.get(f"{self.name}_{network}", {}).get("IPAddress", "")
        if not address:
            raise DrillError(f"{service} has no address on the network {network}", todo=_WHERE)
        return str(address)

    def recreate(self, service: str, env: Mapping[str, str]) -> Container:
        """Replace a service's container by one with another environment, not started."""
        return recreate(self.client, self.container(service), dict(env))

    def wait_until(self, service: str, ready: Callable[[], bool], *, within: float, todo: str) -> None:
        """Poll until it is ready.

        Raises:
            DrillError: the container ended, or `within` seconds passed; with its last log lines.
        """

        looked = clock.now()

        def probe() -> bool:
            nonlocal looked
            if ready():
                return True
            if clock.now() - looked < _LOOK_EVERY_S:  # the engine is slow to ask
                return False
            looked = clock.now()
            if self.container(service).status in ("exited", "dead"):
                raise DrillError(
                    f"the container {service} ended at start", where=_WHERE, todo=todo, detail=self.last_lines(service)
                )
            return False

        polling = Retrying(
            stop=stop_after_delay(within), wait=wait_fixed(0.05), retry=retry_if_result(lambda done: not done)
        )
        try:
            polling(probe)
        except RetryError as error:
            raise DrillError(
                f"the container {service} was not ready after {within:g} s",
                where=_WHERE,
                todo=todo,
                detail=self.last_lines(service),
            ) from error

    def last_lines(self, service: str, count: int = 15) -> str:
        """The end of what a container said."""
        with engine_errors(f"give the log of {service}"):
            said: bytes = self.container(service).logs(tail=count)
        return said.decode(errors="replace").rstrip()

    def save_logs(self, file: Callable[[str], Path], services: Iterable[str]) -> None:
        """Write what the containers said to files, one per service; what cannot be had is left out."""
        for service in services:
            try:
                said: bytes = self.container(service).logs(timestamps=True)
            except Exception:  # noqa: S112 -- on the way down: no log is a reason to keep containers
                continue
            path = file(service)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as sink:
                sink.write(said)

    def fetch(self, service: str, path: str, target: Path) -> None:
        """Copy a file out of a container."""
        with engine_errors(f"give {path} of {service}"), tempfile.TemporaryFile() as packed:
            stream, _ = self.container(service).get_archive(path)
            for chunk in stream:
                packed.write(chunk)
            packed.seek(0)
            with tarfile.open(fileobj=packed) as archive:
                inside = archive.extractfile(archive.getmembers()[0])
                target.write_bytes(inside.read() if inside else b"")

    def down(self) -> None:
        """Remove what carries this run's label."""
        try:
            remove_engine_run(self.run)
        finally:
            self.client.close()
