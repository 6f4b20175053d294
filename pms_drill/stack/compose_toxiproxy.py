"""Toxiproxy in a container: it listens in its networks, and is reached from here at its address there.

Not at a published port: the engine's own forwarder accepts connections there whatever the container does, so a
refused connection could not be measured.
"""

from __future__ import annotations

from collections.abc import Callable

import requests

from pms_drill.faults.toxiproxy import Toxiproxy
from pms_drill.faults.toxiproxy_api import Api, ControlLocked
from pms_drill.stack.compose_project import Project
from pms_drill.stack.engine import engine_errors

SERVICE = "toxiproxy"
_CONTROL_PORT = 8474
_START_LIMIT_S = 15.0
_TODO = (
    "this machine must reach the addresses of its containers: a Docker engine on this Linux machine does, "
    "Docker Desktop and a remote engine do not; use --pms-stack native there"
)


class ContainerToxiproxy(Toxiproxy):
    """The proxies of the project's Toxiproxy, which is running.

    Args:
        project: its containers are up.
        note: told about restarts, for the journal.

    Raises:
        DrillError: its control listener does not answer.
    """

    def __init__(self, project: Project, *, note: Callable[[str], None]) -> None:
        self._project = project
        self._front = ""
        super().__init__("", restart=self._again, note=note)
        self._connect()

    def reach(self, listen: str) -> str:
        """At its address in the agent's network."""
        return f"{self._front}:{listen.rpartition(':')[2]}"

    def check_upstream(self, name: str, upstream: str) -> None:
        """Upstreams have names that only containers know; who starts one waits until it answers."""

    def _again(self) -> None:
        with engine_errors("restart Toxiproxy"):
            self._project.container(SERVICE).restart(timeout=0)
        self._connect()

    def _connect(self) -> None:
        def answers() -> bool:
            try:
                Api(self.api.address, limit=0.5).version()
            except (ControlLocked, requests.RequestException):
                return False
            return True

        # It may have got other addresses.
        self._front = self._project.address(SERVICE, "front")
        self.api = Api(f"{self._project.address(SERVICE, 'control')}:{_CONTROL_PORT}")
        self._project.wait_until(SERVICE, answers, within=_START_LIMIT_S, todo=_TODO)
