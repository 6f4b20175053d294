"""The twin in a container as the PMS of the compose stack."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

import httpx

from pms_drill.evidence import canaries
from pms_drill.faults.toxiproxy_server import stable_port
from pms_drill.stack.compose_project import Project
from pms_drill.stack.pms import Ground
from pms_drill.stack.twin_pms import TwinSwitches

SERVICE = "twin"
_CONTROL_PORT = 8081
_START_LIMIT_S = 20.0


class ComposeTwin:
    """The project's service `twin`; its faults are those of its control listener.

    Args:
        project: its containers.
        token: control token of the run.
        seed, latency, rooms_per_type: as for `TwinPms`.
    """

    services: tuple[str, ...] = (SERVICE,)

    def __init__(self, project: Project, token: str, *, seed: int, latency: str, rooms_per_type: int) -> None:
        self.agent_key = self.harness_key = canaries.plant(canaries.PMS_KEY, secrets.token_hex(16).upper())
        self._project = project
        self._token = token
        self._port = stable_port()
        self._variables = {
            "COMPOSE_PROFILES": SERVICE,
            "PMS_DRILL_API_KEY": self.agent_key,
            "PMS_DRILL_PMS": SERVICE,
            "PMS_DRILL_PMS_PORT": str(self._port),
            "PMS_DRILL_SEED": str(seed),
            "PMS_DRILL_TWIN_LATENCY": latency,
            "PMS_DRILL_TWIN_ROOMS": str(rooms_per_type),
        }
        self._switches: TwinSwitches | None = None

    @property
    def variables(self) -> Mapping[str, str]:
        """Of the compose files."""
        return self._variables

    @property
    def switches(self) -> TwinSwitches:
        """The twin's switches, once it runs."""
        assert self._switches is not None, "the twin was not started"
        return self._switches

    @property
    def address(self) -> str:
        """Where it serves, published on loopback."""
        return f"127.0.0.1:{self._port}"

    @property
    def versions(self) -> Mapping[str, str]:
        """What it stands in for."""
        return {"pms": "twin of QloApps 1.7.0"}

    def start(self, ground: Ground) -> None:  # noqa: ARG002
        """Wait until its container, which the stack has started, answers.

        Raises:
            DrillError: it did not start.
        """
        self._project.wait_until(SERVICE, self._answers, within=_START_LIMIT_S, todo="see what it said")
        control = f"{self._project.address(SERVICE, 'control-twin')}:{_CONTROL_PORT}"
        self._switches = TwinSwitches(control, self._token, self.agent_key)

    def stop(self) -> None:
        """Close the connections; the container goes with the project."""
        if self._switches is not None:
            self._switches.close()

    def _answers(self) -> bool:
        try:
            httpx.get(f"http://{self.address}/api/hotels", timeout=1.0, trust_env=False)
        except httpx.HTTPError:
            return False
        return True
