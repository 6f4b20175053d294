"""The PMS behind the proxies, as a stack sees it: the twin, or a real QloApps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pms_drill.faults.lifecycle import Note
from pms_drill.faults.pms_switches import PmsSwitches
from pms_drill.faults.toxiproxy import Toxiproxy
from pms_drill.lease import Lease


@dataclass(frozen=True)
class Ground:
    """What a stack gives its PMS to start with.

    Attributes:
        lease: gets every child process and folder.
        log: file for the output of a program, by its name.
        note: the journal.
        toxiproxy: a running server; the PMS may put a proxy in front of its database.
    """

    lease: Lease
    log: Callable[[str], Path]
    note: Note
    toxiproxy: Toxiproxy


class Pms(Protocol):
    """A PMS that the stack starts and stops.

    Attributes:
        agent_key: key of the web service for the agent.
        harness_key: key for the harness's own reads and writes; the same where the PMS has one key only.
        switches: faults at the PMS itself.
    """

    agent_key: str
    harness_key: str

    @property
    def switches(self) -> PmsSwitches:
        """Faults at the PMS itself, once it runs."""
        ...

    @property
    def address(self) -> str:
        """ "127.0.0.1:<port>" of its web service: upstream of the proxies, and where the truth is read."""
        ...

    @property
    def versions(self) -> Mapping[str, str]:
        """Names and versions for the verdict: "pms", and what it runs on."""
        ...

    def start(self, ground: Ground) -> None:
        """Start it and wait until its web service answers.

        Raises:
            DrillError: it did not start; what was started is left to `stop`.
        """
        ...

    def stop(self) -> None:
        """End it with everything that it started; safe after a start that failed."""
        ...
