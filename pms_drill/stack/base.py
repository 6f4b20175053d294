"""What every stack offers. Episodes and suites know nothing else of it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pms_drill.checks.verdict import SkipReason
from pms_drill.evidence.bookings import Booking
from pms_drill.evidence.journal import Journal
from pms_drill.evidence.ledger import LedgerEntry
from pms_drill.evidence.scrape import Scrape
from pms_drill.faults.controls import LogReader
from pms_drill.faults.faketime import SteppableClock
from pms_drill.faults.lifecycle import Place
from pms_drill.faults.story import Needs
from pms_drill.profile import Profile
from pms_drill.stack.gate import Gate
from pms_drill.stack.https_way import HttpsWay


@dataclass(frozen=True)
class Addresses:
    """Where things listen, all on loopback.

    Attributes:
        agent: base URL of the agent.
        pms: base URL of the PMS, directly.
        upstream: base URL that the agent is given for the PMS: Toxiproxy, then the HTTP fault proxy, then the PMS.
    """

    agent: str
    pms: str
    upstream: str


class Stack(Protocol):
    """A running agent with everything around it.

    Attributes:
        capabilities: what this stack can do or see (`pms_drill.target.Capability`).
        gate: what may be sent to agent and PMS; every client of theirs hangs in its hooks.
        run_dir: folder of the run.
        lacking: what this stack does not have of what faults need, and why not (`equipped`).
        pms_key: key of the PMS's web service for the harness, which reads and books directly.
        agent_key: key that the agent has; the same where the PMS has one key only.
    """

    profile: Profile
    pms_key: str
    agent_key: str
    journal: Journal
    capabilities: frozenset[str]
    gate: Gate
    run_dir: Path
    lacking: Mapping[Needs, tuple[SkipReason, str]]

    @property
    def addresses(self) -> Addresses:
        """Where things listen."""
        ...

    @property
    def admin_token(self) -> str:
        """Token of the agent's admin routes."""
        ...

    @property
    def place(self) -> Place:
        """Where faults are injected; `place.pms` are the faults at the PMS itself that this stack can make."""
        ...

    def https_way(self, folder: Path) -> AbstractContextManager[HttpsWay]:
        """The way from agent to PMS in https, for as long as the context lasts; `folder` gets certificates."""
        ...

    def agent_clock(self, folder: Path) -> SteppableClock | tuple[SkipReason, str]:
        """A wall clock for the agent that can be stepped, or why it cannot have one; `folder` is for its file."""
        ...

    def log_reader(self, folder: Path) -> AbstractContextManager[LogReader]:
        """What reads the output of an agent that is started while the context lasts; `folder` is for its pipe."""
        ...

    def scrape(self) -> Scrape:
        """Read the agent's metrics now."""
        ...

    def ledger(self, since: int = 0) -> list[LedgerEntry]:
        """Requests at the PMS side with a number above `since`, the harness's probes left out."""
        ...

    def ledger_position(self) -> int:
        """Number of the last request so far, for `ledger`."""
        ...

    def restart_agent(self, *, fresh: bool = True, env: Mapping[str, str] | None = None) -> None:
        """Stop and start the agent; `fresh` gives it an empty state folder, `env` lays over the profile's."""
        ...

    def kill_agent(self) -> None:
        """End the agent at once, as a crash would."""
        ...

    def agent_log(self) -> str:
        """What the agent has written since its last fresh start."""
        ...

    def bookings(self) -> list[Booking]:
        """Read directly what the PMS holds."""
        ...

    def make_clean(self) -> list[str]:
        """Remove every fault, whoever left it; returns what had to be mended."""
        ...
