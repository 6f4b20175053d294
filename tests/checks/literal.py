"""Short words for literal evidence: operations, ledger entries, bookings, and one outage that went as it should."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pms_drill.checks.exposition import FAMILIES
from pms_drill.evidence.bookings import Booking
from pms_drill.evidence.bundle import Evidence, Expectation, Mark, Policy, Span
from pms_drill.evidence.history import Guest, Kind, Operation
from pms_drill.evidence.ledger import LedgerEntry
from pms_drill.evidence.scrape import Labels, Scrape
from pms_drill.profile import MetricsPart

#: Wall clock at zero of the monotonic clock.
EPOCH = 1_800_000_000.0
NAMES = MetricsPart()
ARI, BOOK, ORDERS, LINES = "/api/hotel_ari", "/api/bookings", "/api/orders", "/api/room_bookings"
PROBE, CANCEL = "/api/hotels", "/api/order_histories"
JSON, PROBLEM, PATH = "application/json", "application/problem+json", "/api/v1/pms/reservations"
KEY = "SECRETKEY1SECRETKEY2SECRETKEY3XX"


def wall(at: float) -> str:
    return datetime.fromtimestamp(EPOCH + at, UTC).isoformat().replace("+00:00", "Z")


def guest(name: str) -> Guest:
    return Guest(f"{name.title()} Test", f"{name}@run.example", "2027-03-01", "2027-03-03", 1)


def ask(at: float, name: str = "ada", phase: str = "impact", *, took: float = 0.005, **told: Any) -> Operation:
    """A question answered by the PMS; `status`, `type`, `source` and so on change the answer."""
    status, retry_after = told.pop("status", 200), told.pop("retry_after", "")
    body: dict[str, Any] = {"source": "pms", "binding": True, "as_of": wall(at + took), "rooms_left": 4}
    body |= guest(name).availability()
    body |= {"total": {"amount": "3075.00", "currency": "PLN"}, "available": True}
    if status is None or status >= 300:
        body = {}
    media = PROBLEM if status and status >= 400 else JSON
    if status and status >= 400:
        told = {"title": "Refused", "status": status, "detail": "as it is"} | told
    return Operation(
        guest(name), Kind.AVAILABILITY, phase, at, at + took, status, body | told, retry_after, media=media
    )


def mock(at: float, name: str, phase: str = "open", **told: Any) -> Operation:
    return ask(at, name, phase, **({"source": "mock", "binding": False, "total": None, "rooms_left": None} | told))


def refused(at: float, name: str, phase: str = "open", retry_after: str = "1", **told: Any) -> Operation:
    return ask(at, name, phase, **({"status": 503, "type": "breaker-open", "retry_after": retry_after} | told))


def reserve(at: float, name: str, phase: str = "steady", *, took: float = 0.02, **told: Any) -> Operation:
    """A reservation: confirmed with `order`, pending with status 202, otherwise the problem that is given."""
    status = told.pop("status", 201)
    body: dict[str, Any] = {}
    if status in (201, 202):
        body = _repeated(name, at)
        order = told.pop("order", None)
        body |= _CONFIRMED | {"pms_booking_id": order} if status == 201 else _PENDING
    elif status:
        body = {"title": "Refused", "status": status, "detail": "as it is"}
    retry_after = told.pop("retry_after", "")
    media, location = JSON if status in (201, 202) else PROBLEM, f"{PATH}/id-{name}" if status in (201, 202) else ""
    sent = (guest(name), Kind.RESERVATION, phase, at, at + took)
    return Operation(*sent, status, body | told, retry_after, media=media, location=location)


_PENDING = {"status": "pending", "source": "outbox", "pms_booking_id": None, "reason": None, "total": None}
_CONFIRMED = {"status": "confirmed", "source": "pms", "reason": None, "total": {"amount": "2460.00", "currency": "PLN"}}


def _repeated(name: str, created: float) -> dict[str, Any]:
    one = guest(name)
    return {"reservation_id": f"id-{name}", "created_at": wall(created)} | one.availability() | one.reservation()


def look(
    at: float,
    name: str,
    state: str,
    phase: str = "settled",
    *,
    order: int | None = None,
    created: float = 0.0,
    **told: Any,
) -> Operation:
    body = _repeated(name, created) | (_CONFIRMED if state == "confirmed" else _PENDING)
    body |= {"status": state, "pms_booking_id": order} | told
    sent = (guest(name), Kind.LOOKUP, phase, at, at + 0.002)
    return Operation(*sent, 200, body, media=JSON, wanted=f"id-{name}")


def held(order: int, name: str, **changes: Any) -> Booking:
    """A booking of the PMS with one live room line."""
    told = {
        "state": 1,
        "room_type": 1,
        "check_in": "2027-03-01",
        "check_out": "2027-03-03",
        "live_lines": 1,
        "lines": 1,
        "hotel_id": 1,
        "first_name": name.title(),
        "last_name": "Test",
        "total": "2460.00",
        "currency": "PLN",
    }
    return Booking(**{"order_id": order, "email": f"{name}@run.example", "source": f"id-{name}"} | told | changes)


def gone(order: int, name: str) -> Booking:
    return held(order, name, state=4, live_lines=0)


_numbers = iter(range(1, 10_000_000))


def call(at: float, path: str = ARI, status: int | None = 200, *, name: str = "", **changes: Any) -> LedgerEntry:
    """A request at the PMS side, answered after 2 ms; with `name` a booking of that guest."""
    method = "POST" if path in (ARI, BOOK, CANCEL) else "GET"
    sent = {"source": f"id-{name}", "customer_detail": {"email": f"{name}@run.example"}}
    body = json.dumps({"booking": sent}) if name else ""
    given = {"forwarded": at, "answered": at + 0.002, "delivered": at + 0.002, "status": status, "request_body": body}
    fields = {"seq": next(_numbers), "connection": 1, "method": method, "target": path, "received": at}
    return LedgerEntry(**fields | given | {"pms_status": status, "copies": 1} | changes)


def booked(at: float, name: str, status: int | None = 200, **changes: Any) -> LedgerEntry:
    return call(at, BOOK, status, name=name, **changes)


def probe(at: float, status: int | None = 500) -> LedgerEntry:
    return call(at, PROBE, status)


@dataclass
class Counted:
    """What the agent's metrics count: increments and states with their times."""

    increments: list[tuple[float, str, Labels]] = field(default_factory=list)
    states: list[tuple[float, float]] = field(default_factory=lambda: [(-1e9, 0.0)])
    pending: list[tuple[float, float]] = field(default_factory=lambda: [(-1e9, 0.0)])

    def add(self, at: float, name: str, **labels: str) -> None:
        self.increments.append((at, name, frozenset(labels.items())))

    def call(self, at: float, operation: str, kind: str = "") -> None:
        labels = {"service": "pms", "operation": operation}
        self.add(at, NAMES.calls, **labels, status="error" if kind else "success")
        self.add(at, f"{NAMES.latency}_count", **labels)
        if kind:
            self.add(at, NAMES.errors, **labels, kind=kind)

    def move(self, at: float, before: str, after: str) -> None:
        self.add(at, NAMES.transitions, service="pms", **{"from": before, "to": after})
        self.states.append((at, {"closed": 0.0, "open": 1.0, "half_open": 2.0}[after]))

    def reject(self, at: float, operation: str, source: str) -> None:
        self.add(at, NAMES.rejections, service="pms", operation=operation)
        self.answer(at, operation, source)

    def answer(self, at: float, operation: str, source: str) -> None:
        self.add(at, NAMES.failover, operation=operation, source=source)

    def scrape(self, at: float) -> Scrape:
        samples = dict.fromkeys(_ALL, 0.0)
        for when, name, labels in self.increments:
            if when <= at:
                samples[name, labels] = samples.get((name, labels), 0.0) + 1
        samples[NAMES.state, frozenset({("service", "pms")})] = [value for when, value in self.states if when <= at][-1]
        samples[NAMES.pending, frozenset()] = [value for when, value in self.pending if when <= at][-1]
        return Scrape(at, at + 0.002, samples, {}, f"{NAMES.state} 0\n")

    def scrapes(self, begin: float, end: float) -> list[Scrape]:
        return [self.scrape(begin + 0.05 * number) for number in range(int((end - begin) / 0.05) + 1)]


_ALL = [
    (getattr(NAMES, role) + ("_count" if family.type == "histogram" else ""), labels)
    for role, family in FAMILIES.items()
    if hasattr(NAMES, role)
    for labels in family.label_sets
]


def expectation(**changes: Any) -> Expectation:
    """A PMS that answers 500: five failures open the breaker for 1 s."""
    told = {"fault": "server_error", "opens_after": 5, "wait": 1.0, "reaches_ledger": True, "pms_worked": False}
    told |= {"certain": False, "error_kind": "server", "problem_statuses": (502,)}
    return Expectation(**told | changes)


def policy(**changes: Any) -> Policy:
    told = {"threshold": 5, "recovery": 1.0, "timeout": 0.5, "failover": True, "probe_path": PROBE, "settle": 1.5}
    return Policy(**told | {"outbox_interval": 0.2} | changes)


PHASES = {
    "steady": Span(0.0, 2.0),
    "armed": Span(3.0, 6.0),
    "impact": Span(3.0, 3.06),
    "open": Span(3.06, 6.0),
    "recovery": Span(6.0, 6.4),
    "recovered": Span(6.4, 8.0),
    "strike": Span(8.0, 8.6),
    "settled": Span(8.6, 11.0),
}


def operations() -> list[Operation]:
    """What guests were told in the outage below."""
    failed = [ask(3.0 + 0.01 * n, f"imp{n}", status=502, type="pms-unavailable") for n in range(5)]
    stale = {"source": "stale", "binding": False, "as_of": wall(0.105)}
    return [
        ask(0.1, "old", "steady"),
        ask(0.2, "eve", "steady"),
        reserve(0.5, "ada", order=11),
        *failed,
        mock(3.05, "imp5", "impact"),
        mock(3.2, "new"),
        ask(3.21, "old", "open", **stale),
        reserve(3.25, "bob", "open", status=202),
        look(3.5, "bob", "pending", "open", created=3.25),
        mock(4.5, "new2"),
        ask(5.5, "old", "open", **stale),
        mock(6.1, "rec1", "recovery"),
        ask(6.3, "rec2", "recovery"),
        look(7.0, "bob", "confirmed", "recovered", order=12, created=3.25),
        ask(7.6, "rec3", "recovered"),
        reserve(8.1, "cat", "strike", status=202),
        look(10.9, "cat", "confirmed", order=13, created=8.1),
        look(10.9, "bob", "confirmed", order=12, created=3.25),
        look(10.9, "ada", "confirmed", order=11, created=0.5),
    ]


def ledger() -> list[LedgerEntry]:
    """What the PMS side saw of it."""
    return [
        call(0.101),
        call(0.201),
        booked(0.505, "ada"),
        call(0.51, LINES),
        *[call(3.001 + 0.01 * n, status=500) for n in range(5)],
        *[probe(at) for at in (4.05, 5.06)],
        probe(6.07, 200),
        call(6.301),
        call(6.4, ORDERS),
        booked(6.42, "bob"),
        call(6.43, LINES),
        call(7.601),
        booked(8.11, "cat", 500, pms_status=None, copies=0),
        call(8.12, ORDERS, 500),
        call(8.8, ORDERS),
        booked(10.0, "cat"),
        call(10.01, LINES),
    ]


def counted() -> Counted:
    """What the agent's metrics say about it."""
    counts = Counted()
    for at in (0.104, 0.204, 6.304, 7.604):
        counts.call(at, "availability")
    for number in range(5):
        counts.call(3.004 + 0.01 * number, "availability", "server")
    for at in (0.506, 6.424, 10.004):
        counts.call(at, "reservation")
    for at in (0.513, 6.404, 6.434, 8.804, 10.014):
        counts.call(at, "readback")
    counts.call(8.113, "reservation", "server")
    counts.call(8.123, "readback", "server")
    counts.move(3.044, "closed", "open")
    for at in (4.045, 5.055):
        counts.move(at, "open", "half_open")
        counts.call(at + 0.009, "probe", "server")
        counts.move(at + 0.009, "half_open", "open")
    counts.move(6.065, "open", "half_open")
    counts.call(6.074, "probe")
    counts.move(6.074, "half_open", "closed")
    for at, source in ((3.052, "mock"), (3.202, "mock"), (3.212, "stale"), (4.502, "mock"), (5.502, "stale")):
        counts.reject(at, "availability", source)
    counts.reject(6.102 - 0.05, "availability", "mock")
    counts.reject(3.255, "reservation", "outbox")
    counts.answer(8.115, "reservation", "outbox")
    counts.pending += [(3.252, 1.0), (6.44, 0.0), (8.105, 1.0), (10.02, 0.0)]
    return counts


def readiness() -> list[tuple[float, dict[str, object]]]:
    """What readiness said of the PMS in the outage, every twentieth of a second."""
    counts, calls = counted(), sorted(entry.delivered for entry in ledger() if entry.delivered is not None)
    return [_ready(at, counts, calls) for at in (-0.47 + 0.05 * number for number in range(240))]


def _ready(at: float, counts: Counted, calls: list[float]) -> tuple[float, dict[str, object]]:
    scrape = counts.scrape(at)
    state = {0.0: "closed", 1.0: "open", 2.0: "half_open"}[scrape.total(NAMES.state)]
    failing = 8.115 <= at < 8.8
    status = "up" if at > 0.105 and not failing else "degraded"
    ended = [end for end in calls if end <= at]
    told = {"status": status if state == "closed" else "down", "adapter": "qloapps", "breaker": state}
    told |= {"checked_at": wall(ended[-1]) if ended else None, "pending": int(scrape.total(NAMES.pending))}
    return at, told


def transition(at: float, before: str, after: str, **more: Any) -> str:
    told = {"from": before, "to": after, "reason": "5 consecutive failures", "count": 5, "wait": 0.0} | more
    return json.dumps(told | {"level": "warning", "timestamp": wall(at), "message": "PMS circuit breaker changed"})


def log() -> str:
    """What the agent wrote."""
    said = [json.dumps({"level": "info", "message": "PMS adapter type: qloapps"})]
    failed = {"operation": "availability", "kind": "server", "message": "PMS call failed: server error 500"}
    said += [json.dumps(failed)] * 5
    said.append(transition(3.044, "closed", "open", wait=1.0))
    for at in (4.045, 5.055):
        said.append(transition(at, "open", "half_open", reason="wait is over"))
        said.append(json.dumps(failed | {"operation": "probe"}))
        said.append(transition(at + 0.009, "half_open", "open", reason="probe failed", wait=1.0))
    said.append(transition(6.065, "open", "half_open", reason="wait is over"))
    said.append(transition(6.074, "half_open", "closed", reason="probe succeeded"))
    said += [json.dumps(failed | {"operation": operation}) for operation in ("reservation", "readback")]
    return "\n".join(said) + "\n"


def marks(text: str) -> dict[str, list[Mark]]:
    """The log was read when the fault was armed, and half a wait after the opening; all of it if it tells no probe."""
    opened = text.find("wait is over")
    end = len(text) if opened < 0 else text.rfind("\n", 0, opened) + 1
    begin = text.find("\n") + 1 if "adapter type" in text else 0
    return {"fault": [Mark(2.99, begin)], "open": [Mark(3.06, begin), Mark(3.55, end)]}


@functools.cache
def _good_scrapes() -> tuple[Scrape, ...]:
    return tuple(counted().scrapes(-0.5, 11.5))


def outage(**changes: Any) -> Evidence:
    """An outage in which everything went as it should; what is given replaces a part of it."""
    told: dict[str, Any] = {
        "expectation": expectation(),
        "policy": policy(),
        "phases": PHASES,
        "operations": operations(),
        "ledger": ledger(),
        "scrapes": list(_good_scrapes()),
        "events": [],
        "log": log(),
        "bookings": [held(11, "ada"), held(12, "bob"), held(13, "cat")],
        "statuses": {"/health/live": [200, 200], "/health/ready": [200, 200]},
        "readiness": readiness(),
        "ready": [(0.0, "ready"), (5.0, "ready")],
        "epoch": EPOCH,
        "secrets": (KEY,),
    }
    told |= changes
    told.setdefault("log_marks", marks(told["log"]))
    return Evidence(**told)


def without(operations_: list[Operation], *, phase: str = "", kind: Kind | None = None) -> list[Operation]:
    return [op for op in operations_ if not (op.phase == phase and kind in (None, op.kind))]
