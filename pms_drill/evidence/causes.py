"""What was seen of one cause of the runbook: its symptoms, what was tried against it, and the validation after it."""

from __future__ import annotations

from dataclasses import dataclass, field

from pms_drill.evidence.bookings import Booking
from pms_drill.evidence.bundle import Policy
from pms_drill.evidence.history import Operation
from pms_drill.evidence.ledger import LedgerEntry
from pms_drill.evidence.machine import Machine
from pms_drill.evidence.reset import Told
from pms_drill.evidence.scrape import Scrape
from pms_drill.profile import MetricsPart


@dataclass(frozen=True)
class Trial:
    """A mitigation that was tried while the cause lasted.

    Attributes:
        mitigation: its name, as `pms-drill reproduce --mitigate` takes it.
        told: the admin route's answer, where the mitigation ends with a reset.
        asked: guests' questions afterwards, one after the other, until one was rejected.
        calls: guests' calls that reached the PMS side meanwhile; the agent's own probes are left out.
    """

    mitigation: str
    told: Told | None
    asked: list[Operation]
    calls: list[LedgerEntry] = field(default_factory=list)


@dataclass(frozen=True)
class MockTrial:
    """The mock, switched on while the cause lasted.

    Attributes:
        asked: guests' questions and reservations.
        calls: requests of any kind at the PMS side meanwhile.
        log: what the agent wrote meanwhile.
    """

    asked: list[Operation]
    calls: list[LedgerEntry]
    log: str


@dataclass(frozen=True)
class Mended:
    """What the fitting mitigation did.

    Attributes:
        mitigation: its name.
        asked: guests' questions, beginning when it was done, until the PMS answered.
        seconds: from its beginning to the PMS's first answer; None if there was none.
        patience: seconds from its end within which the PMS's answers must be back; 0 means with the first guest.
    """

    mitigation: str
    asked: list[Operation]
    seconds: float | None
    patience: float = 0.0


@dataclass(frozen=True)
class Validation:
    """The runbook's validation after the mitigation.

    Attributes:
        asked: a question and a reservation, and a few more.
        before, after: scrapes around them.
        ready: the `pms` object of the readiness answer.
    """

    asked: list[Operation]
    before: Scrape
    after: Scrape
    ready: dict[str, object]


@dataclass(frozen=True)
class CauseEvidence:
    """One experiment: a cause, from its first failure to the last reservation.

    Attributes:
        cause: A to E.
        fault: name in the catalogue.
        opens_after: failures that open the breaker under this cause.
        kind: label of the agent's failures.
        status: what readiness says of the PMS while the cause lasts.
        grep: the runbook's pattern for the agent's log.
        in_ledger: whether calls under the cause are seen at the PMS side.
        before: scrape before the cause.
        scrapes: from the cause on until guests were rejected; the last one after that.
        impact: guests' questions from the cause on, until one was rejected.
        ready: the `pms` object of the readiness answer, with the breaker open.
        log: what the agent wrote from the cause until then.
        trials: what cannot help and was tried.
        reserved: reservations made while the cause lasted.
        mock: None where it was not tried.
        looked_up: reservations at the end.
        bookings: the final direct read of the PMS.
        metrics: names of the agent's metrics.
        policy: what the profile claims, with the slack of the control; None where it is not known.
        machine: when the machine itself was late.
    """

    cause: str
    fault: str
    opens_after: int
    kind: str
    status: str
    grep: str
    in_ledger: bool
    before: Scrape
    scrapes: list[Scrape]
    impact: list[Operation]
    ready: dict[str, object]
    log: str
    trials: list[Trial]
    reserved: list[Operation]
    mock: MockTrial | None
    mended: Mended | None
    validation: Validation | None
    looked_up: list[Operation]
    bookings: list[Booking]
    metrics: MetricsPart = field(default_factory=MetricsPart)
    policy: Policy | None = None
    machine: Machine = field(default_factory=Machine)
