"""Everything as child processes on free loopback ports: no Docker, no root, one stack per worker.

The PMS behind the proxies is given (`Pms`); everything around it is the same for each.
"""

from __future__ import annotations

import json
import secrets
import sys
from base64 import b64encode
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, get_args

import httpx

from pms_drill import clock
from pms_drill.checks.verdict import SkipReason
from pms_drill.errors import DrillError
from pms_drill.evidence import canaries
from pms_drill.evidence.bookings import Booking
from pms_drill.evidence.journal import Journal
from pms_drill.evidence.ledger import LedgerEntry
from pms_drill.evidence.scrape import Scrape
from pms_drill.external import TOXIPROXY, find
from pms_drill.faults import faketime
from pms_drill.faults.controls import LogReader
from pms_drill.faults.faketime import SteppableClock
from pms_drill.faults.lifecycle import Place
from pms_drill.faults.story import Needs
from pms_drill.faults.toxiproxy import OwnToxiproxy, Toxiproxy
from pms_drill.faults.toxiproxy_server import ToxiproxyServer
from pms_drill.files import replace_text
from pms_drill.lease import Lease
from pms_drill.profile import Profile
from pms_drill.proxy.client import FaultProxyControl
from pms_drill.stack.agent import Agent
from pms_drill.stack.agent_program import REPO, AgentProgram
from pms_drill.stack.base import Addresses
from pms_drill.stack.crossing import prove_crossing
from pms_drill.stack.gate import OPEN, Gate
from pms_drill.stack.https_way import HttpsWay, on_loopback
from pms_drill.stack.own_programs import start_listening
from pms_drill.stack.pms import Ground, Pms
from pms_drill.stack.pms_reader import PmsReader
from pms_drill.target import Capability

#: The proxy that the agent connects to.
PROXY = "pms"


class ProcessStack:
    """PMS, fault proxy, Toxiproxy and agent; a context manager.

    Args:
        profile: the agent.
        run_dir: folder of the run; logs and evidence go below it.
        label: names this stack's files ("chaos-gw0").
        lease: gets every child process and folder.
        pms: what is behind the proxies; started and stopped here.
        agent_port: where the agent listens; 0 for a free one.
    """

    capabilities: frozenset[str] = frozenset(get_args(Capability))
    gate: Gate = OPEN
    lacking: Mapping[Needs, tuple[SkipReason, str]] = {}
    _agent: Agent
    _toxiproxy: Toxiproxy

    def __init__(
        self,
        profile: Profile,
        run_dir: Path,
        *,
        label: str,
        lease: Lease,
        pms: Pms,
        agent_port: int = 0,
    ) -> None:
        if not profile.agent.start:
            raise DrillError(
                f"the profile {profile.name} does not say how to start the agent",
                where="agent.start",
                todo="add the command, or use --pms-stack external with --agent-url",
            )
        self.profile = profile
        self.run_dir = run_dir
        self.pms_key = pms.harness_key
        self.agent_key = pms.agent_key
        self._token = canaries.plant(canaries.CONTROL_TOKEN, secrets.token_urlsafe(24))
        self._label = label
        self._lease = lease
        self._pms = pms
        self._agent_port = agent_port
        self._evidence = run_dir / "evidence" / label
        self._open = ExitStack()
        self.journal: Journal

    def __enter__(self) -> Self:
        """Start everything and prove that the agent's calls cross the proxies.

        Raises:
            DrillError: something did not start, or the agent goes round the proxies; what was started is stopped.
        """
        try:
            self._start()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop what was started, the agent first.

        Raises:
            DrillError: everything is stopped, and evidence of the run could not be written.
        """
        with ExitStack() as ends:
            if error is None:
                ends.callback(self.journal.check_written)
            ends.callback(self._open.close)
            self.journal.note("stack", self._label, "stops")
            if error is None:
                self._check_ledger()

    @property
    def addresses(self) -> Addresses:
        """Where things listen."""
        proxy = self._toxiproxy.proxy(PROXY)
        return Addresses(self._agent.url, f"http://{self._pms.address}", f"http://{proxy.listen}")

    @property
    def admin_token(self) -> str:
        """Token of the agent's admin routes."""
        return self._agent.admin_token

    @property
    def place(self) -> Place:
        """Where faults are injected: Toxiproxy, the HTTP fault proxy behind it, and the PMS itself."""
        return Place(
            self._toxiproxy,
            PROXY,
            self._fault_proxy,
            self._token,
            self.journal.note,
            probe_headers={"Authorization": f"Basic {b64encode(f'{self.agent_key}:'.encode()).decode()}"},
            pms=self._pms.switches,
        )

    def https_way(self, folder: Path) -> AbstractContextManager[HttpsWay]:
        """The way from agent to PMS in https, for as long as the context lasts."""
        return on_loopback(self.place, folder)

    def agent_clock(self, folder: Path) -> SteppableClock | tuple[SkipReason, str]:
        """A wall clock for the agent that can be stepped, or why it cannot have one; `folder` is for its file."""
        if sys.platform != "linux":
            return SkipReason.NEEDS_LINUX, "the bundled libfaketime is Linux's"
        clock = faketime.on_this_machine(folder)
        return clock or (SkipReason.STACK_CANNOT, "the bundled libfaketime does not work on this machine")

    def log_reader(self, folder: Path) -> AbstractContextManager[LogReader]:
        """What reads the output of an agent that is started while the context lasts; `folder` is for its pipe."""
        return self._agent.log_reader(folder)

    def scrape(self) -> Scrape:
        """Read the agent's metrics now.

        Raises:
            httpx.HTTPError: no answer, or no 200.
            ValueError: the answer is no exposition.
        """
        begun = clock.now()
        answer = self._http.get(f"{self._agent.url}{self.profile.endpoints.metrics}").raise_for_status()
        return Scrape.parse(answer.text, begun, clock.now())

    def ledger(self, since: int = 0) -> list[LedgerEntry]:
        """Requests at the PMS side with a number above `since`, the harness's probes left out."""
        return [entry for entry in self._fault_proxy.ledger(since) if not entry.probe]

    def ledger_position(self) -> int:
        """Number of the last request so far."""
        return max((entry.seq for entry in self._fault_proxy.ledger(0)), default=0)

    def restart_agent(self, *, fresh: bool = True, env: Mapping[str, str] | None = None) -> None:
        """Stop and start the agent; `fresh` gives it an empty state folder, `env` lays over the profile's."""
        self._agent.stop()
        self._agent.start(fresh=fresh, env=env)
        self._agent.forget()
        self.journal.note("step", "agent", "restarted", "fresh" if fresh else "with its state")

    def kill_agent(self) -> None:
        """End the agent at once, as a crash would."""
        self._agent.kill()
        self.journal.note("step", "agent", "killed")

    def agent_log(self) -> str:
        """What the agent has written since its last fresh start."""
        return self._agent.log()

    def bookings(self) -> list[Booking]:
        """Read directly what the PMS holds."""
        return self._reader.bookings()

    def make_clean(self) -> list[str]:
        """Remove every rule, toxic and fault of the PMS, whoever left it; returns what had to be mended."""
        mended = [f"rule {rule['name']}" for rule in self._fault_proxy.rules()]
        self._fault_proxy.clear()
        return mended + self._toxiproxy.ensure_clean() + self._pms.switches.make_clean()

    def _check_ledger(self) -> None:
        """Raise DrillError if the ledger's file is not whole."""
        try:
            trouble = self._fault_proxy.health()["ledger_trouble"]
        except (DrillError, KeyError):
            return  # it is gone, or an older one; experiments that needed it have told
        if trouble:
            raise DrillError(
                f"the ledger could not be written: {trouble}",
                where=str(self._evidence / "ledger.jsonl"),
                todo="free some space or make the folder writable, then run again",
            )

    def _start(self) -> None:
        self._evidence.mkdir(parents=True, exist_ok=True)
        self.journal = Journal(self._evidence / "journal.jsonl")
        self._folder = self._lease.new_folder("stack")
        self._http = self._open.enter_context(httpx.Client(timeout=5.0, trust_env=False))
        self._toxiproxy = self._start_toxiproxy()
        self._open.callback(self._pms.stop)
        self._pms.start(Ground(self._lease, self._log, self.journal.note, self._toxiproxy))
        self._reader = PmsReader(f"http://{self._pms.address}", self.pms_key)
        self._open.callback(self._reader.close)
        self._fault_proxy = self._start_fault_proxy(self._pms.address)
        self._agent = AgentProgram(
            self.profile,
            pms_url=f"http://{self._toxiproxy.create(PROXY, self._proxy.address).listen}",
            pms_key=self.agent_key,
            folder=self._lease.new_folder("agent"),
            log=self._log("agent"),
            note=self._lease.add_child,
            port=self._agent_port,
        )
        self._open.callback(self._agent.stop)
        self._agent.start()
        self.journal.note("stack", self._label, "started", f"agent {self._agent.url}")
        prove_crossing(self)
        self._write_versions()

    def _start_fault_proxy(self, upstream: str) -> FaultProxyControl:
        words = [sys.executable, "-m", "pms_drill.proxy", "--upstream", upstream]
        words += ["--ledger", str((self._evidence / "ledger.jsonl").absolute())]
        self._proxy = start_listening(
            "fault proxy",
            words,
            env={"PYTHONPATH": str(REPO), "PMS_DRILL_CONTROL_TOKEN": self._token},
            folder=self._folder,
            log=self._log("fault-proxy"),
            note=self._lease.add_child,
        )
        self._open.callback(self._proxy.program.stop)
        control = FaultProxyControl(f"http://{self._proxy.control}", self._token)
        self._open.callback(control.close)
        return control

    def _start_toxiproxy(self) -> OwnToxiproxy:
        def note(text: str) -> None:
            self._lease.add_child(server.pid, "toxiproxy")
            self.journal.note("stack", "toxiproxy", text)

        server = ToxiproxyServer(find(TOXIPROXY), self._log("toxiproxy"))
        toxiproxy = self._open.enter_context(OwnToxiproxy(server, note=note))
        self._lease.add_child(server.pid, "toxiproxy")
        return toxiproxy

    def _log(self, name: str) -> Path:
        return (self.run_dir / "logs" / f"{self._label}-{name}.log").absolute()

    def _write_versions(self) -> None:
        versions = {"toxiproxy": self._toxiproxy.api.version(), **self._pms.versions}
        replace_text(self.run_dir / "versions.json", json.dumps(versions) + "\n")
