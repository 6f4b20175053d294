"""What was seen while the agent was switched to its mock by hand, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pms_drill.evidence.bookings import Booking
from pms_drill.evidence.generated import Generated
from pms_drill.evidence.history import Operation
from pms_drill.evidence.journal import Event
from pms_drill.evidence.ledger import LedgerEntry
from pms_drill.profile import EndpointsPart


@dataclass(frozen=True)
class MockEvidence:
    """One experiment: mock for a while, then the real adapter again with the same state.

    Attributes:
        while_mock: guests' operations on the mock.
        calls_while_mock: requests at the PMS side meanwhile.
        seconds: how long the mock held; longer than a breaker's wait and several rounds of the outbox.
        log_while_mock: what the agent wrote meanwhile.
        ready_while_mock: the readiness answer, its `pms` object.
        said_while_mock: what the readiness answer said of the agent itself.
        sold_out: address of a guest who reserved on the mock what the PMS had sold out by then; empty without one.
        epoch: wall-clock time (seconds since 1970) of the monotonic clock's zero; None when it was not measured.
        reservations: path of the agent's reservations.
        events: faults and steps meanwhile.
        beyond: a reservation for which the outbox had no room, on the mock; empty where that cannot be set.
        after: look-ups of the reservations after the switch back, and a question.
        bookings: the final direct read of the PMS.
        domain: part of the guests' addresses after the @.
    """

    while_mock: list[Operation]
    calls_while_mock: list[LedgerEntry]
    seconds: float
    log_while_mock: str
    ready_while_mock: dict[str, object]
    after: list[Operation]
    bookings: list[Booking]
    domain: str
    beyond: Sequence[Operation] = ()
    events: Sequence[Event] = ()
    said_while_mock: str = "ready"
    sold_out: str = ""
    epoch: float | None = None
    reservations: str = EndpointsPart().reservations

    @property
    def operations(self) -> list[Operation]:
        """All operations of guests, on the mock and after it."""
        return [*self.while_mock, *self.beyond, *self.after]


@dataclass(frozen=True)
class MockContract:
    """The same generated requests on the mock and on the PMS, by operation of the contract."""

    on_mock: Mapping[str, Generated]
    live: Mapping[str, Generated]
