"""What every stack offers. Episodes and suites know nothing else of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pms_drill.evidence.bookings import Booking
from pms_drill.evidence.journal import Journal
from pms_drill.evidence.scrape import Scrape
from pms_drill.faults.toxiproxy import Toxiproxy
from pms_drill.profile import Profile
from pms_drill.proxy.client import FaultProxyControl


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
        capabilities: what this stack can do ("restart-agent", "kill-agent", "rare-states", "latency").
    """

    profile: Profile
    addresses: Addresses
    pms_key: str
    admin_token: str
    control_token: str
    toxiproxy: Toxiproxy
    proxy_name: str
    fault_proxy: FaultProxyControl
    journal: Journal
    capabilities: frozenset[str]
    run_dir: Path

    def scrape(self) -> Scrape:
        """Read the agent's metrics now."""
        ...

    def restart_agent(self, *, fresh: bool = True, env: Mapping[str, str] | None = None) -> None:
        """Stop and start the agent; `fresh` gives it an empty state folder, `env` lays over the profile's."""
        ...

    def agent_log(self) -> str:
        """What the agent has written since its last fresh start."""
        ...

    def bookings(self) -> list[Booking]:
        """Read directly what the PMS holds."""
        ...
