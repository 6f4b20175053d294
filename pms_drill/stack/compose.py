"""The stack `compose`: the way from agent to PMS in containers, with the real QloApps or its twin."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import httpx

from pms_drill.checks.verdict import SkipReason
from pms_drill.errors import DrillError
from pms_drill.evidence import canaries
from pms_drill.evidence.journal import Journal
from pms_drill.faults.faketime import SteppableClock
from pms_drill.faults.lifecycle import Place
from pms_drill.faults.story import Needs
from pms_drill.faults.toxiproxy_server import stable_port
from pms_drill.files import replace_text
from pms_drill.lease import Lease
from pms_drill.profile import Profile
from pms_drill.proxy.client import FaultProxyControl
from pms_drill.stack import compose_runbook, compose_tool
from pms_drill.stack.agent_program import REPO
from pms_drill.stack.base import Addresses
from pms_drill.stack.compose_agent import SERVICE as AGENT
from pms_drill.stack.compose_agent import AgentContainer
from pms_drill.stack.compose_controls import AgentControls, Freezer, WithNetwork
from pms_drill.stack.compose_images import choices, images
from pms_drill.stack.compose_project import Project
from pms_drill.stack.compose_qloapps import ComposeQloApps
from pms_drill.stack.compose_tls import ContainerTls
from pms_drill.stack.compose_toxiproxy import ContainerToxiproxy
from pms_drill.stack.compose_twin import ComposeTwin
from pms_drill.stack.crossing import prove_crossing
from pms_drill.stack.engine import connect
from pms_drill.stack.https_way import HTTPS_PROXY, HttpsWay
from pms_drill.stack.native import DUMP_VARIABLE, TREE_VARIABLE
from pms_drill.stack.pms import Ground, Pms
from pms_drill.stack.pms_reader import PmsReader
from pms_drill.stack.process_stack import PROXY, ProcessStack
from pms_drill.stack.qloapps_pms import dump_of
from pms_drill.stack.qloapps_tree import Tree, look

if TYPE_CHECKING:
    from docker.models.containers import Container

#: Which PMS: empty or "qloapps" for the real one, "twin" for the stand-in.
PMS_VARIABLE = "PMS"
_TOXIPROXY_PORT = 8666
_HTTPS_PORT = 8667
_FAULT_PROXY = "fault-proxy"
_FAULT_PROXY_PORT = 8080
_FAULT_PROXY_CONTROL = 8081
_START_LIMIT_S = 20.0
_ROOMS_PER_TYPE = 40


class ComposePms(Pms, Protocol):
    """A PMS whose services stand in the compose files.

    Attributes:
        services: their names, the one with the web service first; the stack starts their containers, `start` waits
            and sets up.
    """

    services: tuple[str, ...]

    @property
    def variables(self) -> Mapping[str, str]:
        """Variables of the compose files that it needs, known before it starts."""
        ...


#: Makes the PMS for a project and the control token of the run.
MakePms = Callable[[Project, str], ComposePms]


class ComposeStack(ProcessStack):
    """As `ProcessStack`, in containers of a compose project; a context manager.

    Args:
        make_pms: what is behind the proxies.
        runbook: with the names and ports that the runbook's commands assume.
    """

    def __init__(
        self,
        profile: Profile,
        run_dir: Path,
        *,
        label: str,
        lease: Lease,
        make_pms: MakePms,
        runbook: bool = False,
        say: Callable[[str], None] = print,
    ) -> None:
        token = canaries.plant(canaries.CONTROL_TOKEN, secrets.token_urlsafe(24))
        self._project = Project(REPO, lease, runbook=runbook)
        try:
            pms = make_pms(self._project, token)
            super().__init__(profile, run_dir, label=label, lease=lease, pms=pms)
        except BaseException:
            self._project.down()
            raise
        self._compose_pms = pms
        self._token = token
        self._say = say

    @property
    def addresses(self) -> Addresses:
        """Agent and PMS on loopback; the way to the PMS as containers know it."""
        return Addresses(self._agent.url, f"http://{self._pms.address}", self._upstream)

    #: Of the faults that `equipped` makes, what containers cannot have.
    lacking: Mapping[Needs, tuple[SkipReason, str]] = {
        Needs.LINUX: (SkipReason.STACK_CANNOT, "the harness cannot listen in the place of a proxy in a container"),
        Needs.LOG_READER: (SkipReason.STACK_CANNOT, "the output of a container is read by its engine, for all of them"),
    }

    @contextmanager
    def https_way(self, folder: Path) -> Iterator[HttpsWay]:
        """The way from agent to PMS in https, with a TLS front in a container."""
        reach = self._toxiproxy.proxy(PROXY).reach
        front = ContainerTls(self._project, folder, ("toxiproxy", reach.rpartition(":")[0]))
        try:
            self._toxiproxy.create(HTTPS_PROXY, front.address, f"0.0.0.0:{_HTTPS_PORT}")
            try:
                yield HttpsWay(f"https://toxiproxy:{_HTTPS_PORT}", self._agent_container.lend(front.authority), front)
            finally:
                self._toxiproxy.remove(HTTPS_PROXY)
        finally:
            front.remove()

    def agent_clock(self, folder: Path) -> SteppableClock | tuple[SkipReason, str]:  # noqa: ARG002 -- it has its own
        """A wall clock for the agent's container, by the libfaketime of its image, or why it cannot have one."""
        clock = self._agent_container.clock()
        return clock or (SkipReason.NEEDS_TOOL, "the agent's image has no libfaketime that works")

    @property
    def run(self) -> str:
        """Value of the label that everything of this stack carries at the engine."""
        return self._project.run

    def for_people(self) -> list[str]:
        """Where everything is, for the one who has the runbook in hand; a stack that was made with `runbook`."""
        twin = isinstance(self._compose_pms, ComposeTwin)
        return compose_runbook.lines(self._project.folder, compose_tool.command(), twin=twin)

    def container(self, service: str) -> Container:
        """The container of a service of the compose files."""
        return self._project.container(service)

    @property
    def place(self) -> Place:
        """As in every stack, and the containers of agent and PMS, which the engine freezes and moves."""
        return replace(
            super().place,
            pms=WithNetwork(self._pms.switches, self._project, self._compose_pms.services[0], "pms"),
            agent=self._controls,
            pms_process=Freezer(self._project, self._compose_pms.services[0]),
        )

    def make_clean(self) -> list[str]:
        """Remove every rule, toxic and fault, whoever left it; returns what had to be mended."""
        place, mended = self.place, []
        for service, freezer in ((AGENT, self._controls), (self._compose_pms.services[0], place.pms_process)):
            if isinstance(freezer, Freezer) and freezer.paused:
                freezer.go_on()
                mended.append(f"{service} was paused")
        return mended + place.pms.make_clean() + super().make_clean()

    @property
    def _upstream(self) -> str:
        return f"http://toxiproxy:{_TOXIPROXY_PORT}"

    def _start(self) -> None:
        self._open = ExitStack()
        self._open.callback(self._down)
        self._evidence.mkdir(parents=True, exist_ok=True)
        self.journal = Journal(self._evidence / "journal.jsonl")
        self._http = self._open.enter_context(httpx.Client(timeout=5.0, trust_env=False))
        twin = isinstance(self._compose_pms, ComposeTwin)
        chosen = images(self._project.client, REPO, choices(REPO, os.environ), twin=twin, say=self._say)
        self._project.define(
            {
                **chosen,
                **self._compose_pms.variables,
                "PMS_DRILL_CONTROL_TOKEN": self._token,
                "PMS_DRILL_AGENT_DIR": str(agent_folder := self._lease.new_folder("agent")),
                "PMS_DRILL_PROMETHEUS_PORT": str(stable_port()),
            }
        )
        self._project.up("toxiproxy", _FAULT_PROXY, *self._compose_pms.services)
        self._toxiproxy = self._connect_toxiproxy()
        self._open.callback(self._pms.stop)
        self._pms.start(Ground(self._lease, self._log, self.journal.note, self._toxiproxy))
        self._reader = PmsReader(f"http://{self._pms.address}", self.pms_key)
        self._open.callback(self._reader.close)
        self._fault_proxy = self._connect_fault_proxy()
        self._toxiproxy.create(PROXY, f"{_FAULT_PROXY}:{_FAULT_PROXY_PORT}", f"0.0.0.0:{_TOXIPROXY_PORT}")
        self._agent = self._agent_container = agent = AgentContainer(
            self._project,
            self.profile,
            pms_url=self._upstream,
            pms_key=self.agent_key,
            folder=agent_folder,
            log=self._log(AGENT),
        )
        self._controls = AgentControls(self._project, agent, self.profile)
        self._agent.start()
        self.journal.note(
            "stack",
            self._label,
            "started",
            f"agent {self._agent.url}, project {self._project.name} in {self._project.folder}",
        )
        prove_crossing(self)
        self._write_versions()

    def _connect_toxiproxy(self) -> ContainerToxiproxy:
        return ContainerToxiproxy(self._project, note=lambda text: self._noted("toxiproxy", text))

    def _noted(self, name: str, text: str) -> None:
        self.journal.note("stack", name, text)

    def _connect_fault_proxy(self) -> FaultProxyControl:
        address = self._project.address(_FAULT_PROXY, "control")
        control = FaultProxyControl(f"http://{address}:{_FAULT_PROXY_CONTROL}", self._token)
        self._open.callback(control.close)

        def answers() -> bool:
            with suppress(DrillError):
                return bool(control.health())
            return False

        self._project.wait_until(_FAULT_PROXY, answers, within=_START_LIMIT_S, todo="see what it said")
        return control

    def _down(self) -> None:
        """Keep what the containers have to tell, then remove them."""
        try:
            with suppress(DrillError, OSError):
                self._project.fetch(_FAULT_PROXY, "/tmp/ledger.jsonl", self._evidence / "ledger.jsonl")  # noqa: S108
            services = (AGENT, "toxiproxy", _FAULT_PROXY, *self._compose_pms.services, "prometheus")
            self._project.save_logs(self._log, services)
        finally:
            self._project.down()

    def _write_versions(self) -> None:
        engine = self._project.client.version()
        versions = {
            "toxiproxy": self._toxiproxy.api.version(),
            "docker": str(engine.get("Version", "")),
            **self._pms.versions,
        }
        replace_text(self.run_dir / "versions.json", json.dumps(versions) + "\n")


def check_compose() -> None:
    """Look before anything starts whether engine, compose and the PMS's tree are there.

    Raises:
        DrillError: one of them is not.
    """
    if _wanted_pms() == "qloapps":
        _tree_and_dump()
    connect().close()
    compose_tool.command()


def _tree_and_dump() -> tuple[Tree, Path | None]:
    """The QloApps that QLOAPPS_DIR and QLOAPPS_DUMP name."""
    given = os.environ.get(TREE_VARIABLE, "")
    if not given:
        raise DrillError(
            "the stack compose needs a QloApps source tree, or the twin in its place",
            where=f"{TREE_VARIABLE} is not set",
            todo=f"set {TREE_VARIABLE} to an unpacked QloApps 1.6.1 or 1.7.0 (`make qloapps` says how to get one), "
            f"or set {PMS_VARIABLE}=twin",
        )
    tree = look(Path(given).expanduser())
    dump = os.environ.get(DUMP_VARIABLE, "")
    return tree, None if tree.installer else dump_of(Path(dump).expanduser() if dump else None)


def _wanted_pms() -> str:
    wanted = os.environ.get(PMS_VARIABLE) or "qloapps"
    if wanted not in ("qloapps", "twin"):
        raise DrillError(
            f"there is no PMS {wanted!r}", where=PMS_VARIABLE, todo="PMS=twin, or leave it out for the real QloApps"
        )
    return wanted


def compose_stack(
    profile: Profile,
    run_dir: Path,
    *,
    label: str,
    lease: Lease,
    seed: int,
    latency: str = "none",
    rooms_per_type: int = _ROOMS_PER_TYPE,
    runbook: bool = False,
) -> ComposeStack:
    """The stack, not started yet.

    Args:
        seed, latency, rooms_per_type: of the twin; the real QloApps has its own.
        runbook: with the names and ports that the runbook's commands assume.

    Raises:
        DrillError: no engine answers, or PMS names neither of the two.
    """

    def twin(project: Project, token: str) -> ComposePms:
        return ComposeTwin(project, token, seed=seed, latency=latency, rooms_per_type=rooms_per_type)

    def qloapps(project: Project, token: str) -> ComposePms:  # noqa: ARG001 -- the real one has no control listener
        tree, dump = _tree_and_dump()
        return ComposeQloApps(project, tree, dump, rooms_per_type=rooms_per_type)

    make = twin if _wanted_pms() == "twin" else qloapps
    return ComposeStack(profile, run_dir, label=label, lease=lease, make_pms=make, runbook=runbook)
