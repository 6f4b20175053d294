"""Everything that one episode left behind: the only input of the checks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pms_drill.evidence.bookings import Booking
from pms_drill.evidence.history import Kind, Operation
from pms_drill.evidence.journal import Event
from pms_drill.evidence.ledger import LedgerEntry
from pms_drill.evidence.machine import Machine
from pms_drill.evidence.scrape import Scrape
from pms_drill.profile import EndpointsPart, MetricsPart


@dataclass(frozen=True)
class Policy:
    """What the profile claims, in figures. Times in seconds.

    Attributes:
        slack: how much later than claimed something may be seen, from the control before the fault
            (design rule 7: max(5 x control p99, 250 ms)). What the machine's delays add, and where timing ends to be
            known, is one rule: `checks.lateness`.
        outbox_interval: pause between rounds of the agent's outbox worker.
        metrics: names of the agent's metrics.
        probes_to_close: good probes in a row that close the breaker.
        by_traffic: whether guests' calls are the probes of a half-open breaker.
        workers: processes of the agent, each with a breaker of its own.
        read_repeats: how often a read is sent again after a lost connection.
        health_interval: silence after which a closed breaker's PMS is probed; 0 where none is tried.
        minimum_calls, window, slow_call, wait_growth, longest_wait: optional policies, as in a profile.
    """

    threshold: int
    recovery: float
    timeout: float
    failover: bool
    probe_path: str
    settle: float
    slack: float = 0.25
    outbox_interval: float = 5.0
    metrics: MetricsPart = field(default_factory=MetricsPart)
    probes_to_close: int = 1
    by_traffic: bool = False
    workers: int = 1
    read_repeats: int = 1
    health_interval: float = 0.0
    minimum_calls: int = 0
    window: float = 0.0
    slow_call: float = 0.0
    wait_growth: float = 1.0
    longest_wait: float = float("inf")


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
        rounding: by how many seconds the wait may be shorter, because the fault names its end as a date of whole
            seconds.
        delays_requests: whether requests may reach the ledger long after the agent sent them, or after it gave up on
            them (requests stalled on their way, or delivered by the heal). Distances in the ledger are then not the
            agent's.
    """

    fault: str
    opens_after: int | None
    wait: float
    reaches_ledger: bool
    pms_worked: bool | None
    certain: bool
    error_kind: str
    problem_statuses: tuple[int, ...]
    rounding: float = 0.0
    delays_requests: bool = False

    @property
    def least_wait(self) -> float:
        """The shortest wait that obeys the fault, in seconds."""
        return self.wait - self.rounding


@dataclass(frozen=True)
class Span:
    """A phase: from `begin` to `end` on the monotonic clock, in seconds."""

    begin: float
    end: float

    def holds(self, at: float) -> bool:
        """Whether the moment lies in the phase."""
        return self.begin <= at < self.end


@dataclass(frozen=True)
class Mark:
    """How far the agent's log had come: `length` characters at the latest at the moment `at` (monotonic, seconds)."""

    at: float
    length: int


@dataclass(frozen=True)
class Evidence:
    """The bundle of one episode.

    Attributes:
        phases: name -> span. steady; armed (from the proof of the fault to the beginning of the heal) with impact
            and open in it; recovery (from the heal to the first answer of the PMS), recovered; strike (the fault a
            second time, its heal included), settled.
        operations: each guest makes at most one reservation, so that the e-mail address is the token of an intent.
        ledger: entries of this episode, the harness's probes left out.
        scrapes: in order of time; the first before the first guest, the last one after everything is quiet.
        log_marks: name -> how far the log had come: "fault" before the first guest under it, "open" several times while
            the breaker is open and has not been probed yet.
        bookings: the final direct read of the PMS; None when it could not be read.
        statuses: path of the health endpoints -> statuses seen while open.
        readiness: (time, `pms` object of the readiness answer), in order of time.
        ready: (time, what the readiness answer says of the agent itself), in order of time.
        health: (path, begin, end) of each read of the health endpoints, answered or not, in order of time.
        reservations: path of the agent's reservations.
        epoch: wall-clock time (seconds since 1970) of the monotonic clock's zero; None when it was not measured.
        secrets: what must stand nowhere: the PMS's key, the admin token.
        machine: when the machine itself was late.
    """

    expectation: Expectation
    policy: Policy
    phases: dict[str, Span]
    operations: list[Operation]
    ledger: list[LedgerEntry]
    scrapes: list[Scrape]
    events: list[Event]
    log: str = ""
    log_marks: dict[str, list[Mark]] = field(default_factory=dict)
    bookings: list[Booking] | None = None
    statuses: dict[str, list[int]] = field(default_factory=dict)
    readiness: list[tuple[float, dict[str, object]]] = field(default_factory=list)
    ready: list[tuple[float, str]] = field(default_factory=list)
    health: list[tuple[str, float, float]] = field(default_factory=list)
    reservations: str = EndpointsPart().reservations
    notes: dict[str, float] = field(default_factory=dict)
    epoch: float | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    machine: Machine = field(default_factory=Machine)

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
