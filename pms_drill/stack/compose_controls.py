"""What only the engine can do to a container: freeze it, take it off a network, start it with other settings."""

from __future__ import annotations

import requests

from pms_drill.errors import DrillError
from pms_drill.faults.controls import LogReader
from pms_drill.faults.pms_switches import PmsSwitches
from pms_drill.profile import Profile
from pms_drill.stack.compose_agent import SERVICE as AGENT
from pms_drill.stack.compose_agent import AgentContainer
from pms_drill.stack.compose_project import Project
from pms_drill.stack.engine import engine_errors

#: The PMS is off its network: no connection from the proxies is answered, while its container goes on running.
CUT_OFF = "pms_cut_off"


class Freezer:
    """Freezes the processes of a service; the kernel goes on accepting for them."""

    def __init__(self, project: Project, service: str) -> None:
        self._project = project
        self._service = service

    def pause(self) -> None:
        """Freeze them. Raises DrillError when there are none."""
        with engine_errors(f"pause {self._service}"):
            self._project.container(self._service).pause()

    def go_on(self) -> None:
        """Let them go on; safe to repeat."""
        if self.paused:
            with engine_errors(f"resume {self._service}"):
                self._project.container(self._service).unpause()

    @property
    def paused(self) -> bool:
        """Whether they are frozen."""
        return bool(self._project.container(self._service).attrs["State"].get("Paused"))


class AgentControls(Freezer):
    """The agent as a process with settings (`AgentControl`)."""

    def __init__(self, project: Project, agent: AgentContainer, profile: Profile) -> None:
        super().__init__(project, AGENT)
        self._agent = agent
        self.live_path = profile.endpoints.live
        self.address = agent.url.removeprefix("http://")
        self.timezone = profile.pms.timezone
        self.log_reader: LogReader | None = None

    @property
    def upstream(self) -> str:
        """Base URL of the PMS that the agent has now."""
        return self._agent.upstream

    def kill(self) -> None:
        """End it at once."""
        self._agent.kill()

    def start(self, upstream: str | None = None) -> None:
        """Start it again with its state; `upstream` gives it another base URL of the PMS for this start."""
        self._agent.start(fresh=False, upstream=upstream)

    def terminate(self) -> None:
        """Ask it to end (SIGTERM), and do not wait."""
        with engine_errors("ask the agent to end"):
            self._project.container(AGENT).kill(signal="SIGTERM")

    def wait_until_ended(self, within: float) -> bool:
        """Wait for its end; false if it still runs after `within` seconds."""
        try:
            self._project.container(AGENT).wait(timeout=within)
        except requests.RequestException:  # that is how the engine's client tells that the time is over
            return False
        return True

    def fill_disk(self) -> None:
        """Refuse: the limits of a container's processes are not ours to set."""
        raise DrillError("the agent in a container cannot be kept from writing", todo="use --pms-stack embedded")

    def free_disk(self) -> None:
        """Nothing to undo."""

    @property
    def disk_is_full(self) -> bool:
        """Never."""
        return False

    def step_clock(self, seconds: float) -> None:  # noqa: ARG002
        """Refuse: containers share the machine's clock."""
        raise DrillError("the clock of a container cannot be moved", todo="use --pms-stack embedded")


class WithNetwork:
    """The switches of a PMS, and one more: its container is taken off the network of the proxies.

    Args:
        inner: the PMS's own switches.
        project, service: its container.
        network: that it shares with the fault proxy.
    """

    def __init__(self, inner: PmsSwitches, project: Project, service: str, network: str) -> None:
        self._inner = inner
        self._project = project
        self._service = service
        self._network = f"{project.name}_{network}"
        self.names = inner.names | {CUT_OFF}
        self.lacking = inner.lacking
        self.new_key = inner.new_key

    def arm(self, name: str) -> None:
        """Make it act. Raises DrillError: there is no such fault, or it did not take."""
        if name != CUT_OFF:
            self._inner.arm(name)
            return
        with engine_errors(f"take {self._service} off its network"):
            self._project.client.networks.get(self._network).disconnect(self._project.container(self._service))
        if not self.shows(name):
            raise DrillError(f"{self._service} is still on its network", where=self._network)

    def heal(self, name: str) -> str:
        """Undo it; safe to repeat."""
        if name != CUT_OFF:
            return self._inner.heal(name)
        if not self.shows(name):
            return "nothing to undo"
        with engine_errors(f"bring {self._service} back to its network"):
            network = self._project.client.networks.get(self._network)
            network.connect(self._project.container(self._service), aliases=[self._service])
        return "back on its network"

    def shows(self, name: str) -> bool:
        """Whether it acts, as the engine or the PMS says."""
        if name != CUT_OFF:
            return self._inner.shows(name)
        return self._network not in self._project.container(self._service).attrs["NetworkSettings"]["Networks"]

    def make_clean(self) -> list[str]:
        """Undo everything; returns what had to be mended."""
        mended = [f"{CUT_OFF} at the PMS"] if self.shows(CUT_OFF) else []
        self.heal(CUT_OFF)
        return mended + self._inner.make_clean()
