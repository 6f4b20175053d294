"""Everything that one episode left behind: the only input of the checks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pms_drill.evidence.bookings import Booking
from pms_drill.evidence.history import Kind, Operation
from pms_drill.evidence.journal import Event
from pms_drill.evidence.ledger import LedgerEntry
from pms_drill.evidence.scrape import Scrape


@dataclass(frozen=True)
class Policy:
    """What the profile claims, in figures. Times in seconds.

    Attributes:
        slack: how much later than claimed something may be seen, from the control of the same run
            (design rule 7: max(5 x control p99, 250 ms)).
    """

    threshold: int
    recovery: float
    timeout: float
    failover: bool
    probe_path: str
    settle: float
    slack: float = 0.25


@dataclass(frozen=True)
class Expectation:
    """What a fault means to the breaker and to the PMS.

    Attributes:
        fault: name in the catalogue.
        opens_after: failures until the breaker must open; None if it must stay closed.
        wait: how long it must then stay open, in seconds.
        reaches_ledger: whether calls under the fault are seen by the HTTP fault proxy.
        pms_worked: whether the PMS carries out what it is asked under the fault; None if it is not certain.
        certain: whether the agent can be certain that nothing was done.
        error_kind: the `kind` label of pms_api_errors_total.
        problem_statuses: what a guest may be told for a read under the fault while the breaker is closed.
    """

    fault: str
    opens_after: int | None
    wait: float
    reaches_ledger: bool
    pms_worked: bool | None
    certain: bool
    error_kind: str
    problem_statuses: tuple[int, ...]


@dataclass(frozen=True)
class Span:
    """A phase: from `begin` to `end` on the monotonic clock, in seconds."""

    begin: float
    end: float

    def holds(self, at: float) -> bool:
        """Whether the moment lies in the phase."""
        return self.begin <= at < self.end


@dataclass(frozen=True)
class Evidence:
    """The bundle of one episode.

    Attributes:
        phases: name -> span; names are steady, impact, open, armed, recovered.
        ledger: entries of this episode, the harness's probes left out.
        bookings: the final direct read of the PMS; None when it could not be read.
        statuses: path of the health endpoints -> statuses seen while open.
    """

    expectation: Expectation
    policy: Policy
    phases: dict[str, Span]
    operations: list[Operation]
    ledger: list[LedgerEntry]
    scrapes: list[Scrape]
    events: list[Event]
    log: str = ""
    bookings: list[Booking] | None = None
    statuses: dict[str, list[int]] = field(default_factory=dict)
    notes: dict[str, float] = field(default_factory=dict)

    def asked(self, *phases: str, kind: Kind | None = None) -> list[Operation]:
        """Guests' operations sent in these phases, in order of their start."""
        chosen = [op for op in self.operations if op.phase in phases and kind in (None, op.kind)]
        return sorted(chosen, key=lambda op: op.started)

    def calls(self, span: Span, *, probes: bool = True) -> list[LedgerEntry]:
        """Requests that arrived at the PMS side within a span; `probes` are the agent's own safe reads."""
        return [
            entry for entry in self.ledger if span.holds(entry.received) and (probes or not self.is_agent_probe(entry))
        ]

    def is_agent_probe(self, entry: LedgerEntry) -> bool:
        """Whether the entry is the agent's safe read (GET of the probe path)."""
        return entry.method == "GET" and entry.path == self.policy.probe_path

    def lines(self, entries: Iterable[LedgerEntry], limit: int = 5) -> str:
        """Ledger entries for people: seconds since the episode began, method, path."""
        begin = min((span.begin for span in self.phases.values()), default=0.0)
        shown = [f"{entry.received - begin:.2f} s {entry.method} {entry.path}" for entry in entries]
        more = f" and {len(shown) - limit} more" if len(shown) > limit else ""
        return ", ".join(shown[:limit]) + more
