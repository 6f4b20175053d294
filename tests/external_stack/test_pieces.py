"""The pieces of the stack external, each for itself: permission, gate, the list of bookings, what groups need."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from pms_drill.errors import DrillError
from pms_drill.evidence import bookings_made
from pms_drill.evidence.bookings import Booking
from pms_drill.evidence.bookings_made import BookingsMade
from pms_drill.evidence.ledger import LedgerEntry
from pms_drill.profile import EndpointsPart
from pms_drill.report.skips import TypedSkip
from pms_drill.stack import needs
from pms_drill.stack.external_bookings import RecordingGate, cancel_all
from pms_drill.stack.external_proxies import strangers
from pms_drill.stack.gate import ReadOnlyGate
from pms_drill.target import ADMIN_TOKEN, Target

ENDS = EndpointsPart()
AGENT, PMS = "https://agent.example/hotel", "http://pms.example:8080"


def booking(order: int, email: str, live: int = 1) -> Booking:
    return Booking(order, email, "", 2, 1, "2027-03-01", "2027-03-02", live, 1)


@pytest.mark.parametrize(
    ("method", "url", "may"),
    [
        ("GET", f"{AGENT}/metrics", True),
        ("POST", f"{AGENT}/api/v1/pms/availability", True),
        ("POST", f"{PMS}/api/hotel_ari", True),
        ("POST", f"{PMS}/api/hotel_ari?output_format=JSON", True),
        ("POST", f"{AGENT}/api/v1/pms/reservations", False),
        ("POST", f"{AGENT}/admin/circuit-breaker/reset", False),
        ("POST", f"{PMS}/api/bookings", False),
        ("POST", f"{PMS}/api/order_histories", False),
        ("POST", "https://other.example/hotel/api/v1/pms/availability", False),
        ("DELETE", f"{AGENT}/api/v1/pms/availability", False),
        ("PUT", f"{PMS}/api/hotel_ari", False),
    ],
)
def test_read_only_gate_lets_out_what_changes_nothing(method: str, url: str, may: bool) -> None:
    gate = ReadOnlyGate(AGENT, ENDS, PMS)
    assert gate.permits(method, url) is may


def test_refused_request_skips_the_test_before_a_byte_is_sent() -> None:
    sent: list[httpx.Request] = []
    transport = httpx.MockTransport(lambda request: sent.append(request) or httpx.Response(200))
    with httpx.Client(transport=transport, event_hooks=ReadOnlyGate(AGENT, ENDS, "").hooks) as client:
        client.post(f"{AGENT}{ENDS.availability}")
        with pytest.raises(TypedSkip, match="read-only: POST"):
            client.post(f"{AGENT}{ENDS.reservations}")
    assert [request.url.path for request in sent] == ["/hotel/api/v1/pms/availability"]


def test_production_and_another_host_never_get_a_permission() -> None:
    theirs = Target(agent_url="http://staging.example:8000", allow_writes="Staging.example")
    theirs.check("external", "staging")
    with pytest.raises(DrillError, match="production"):
        theirs.check("external", "production")
    Target(agent_url="http://staging.example").check("external", "production")
    with pytest.raises(DrillError, match="another host"):
        theirs.model_copy(update={"allow_writes": "staging"}).check("external", "staging")


@pytest.mark.parametrize(
    "url", ["agent.example", "ftp://agent.example", "http://", "http://a:99999", "http://a/?key=1"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(DrillError, match="is no address"):
        Target(agent_url=url).check("external", "test")


def test_addresses_for_a_stack_of_our_own_are_refused() -> None:
    with pytest.raises(DrillError, match="starts one of its own"):
        Target(pms_url=PMS).check("embedded", "test")


def test_capabilities_follow_from_what_was_given() -> None:
    assert Target(agent_url=AGENT).capabilities({}) == frozenset()
    proxies = Target(agent_url=AGENT, pms_url=PMS, toxiproxy_url="http://t", fault_proxy_url="http://f")
    assert proxies.capabilities({ADMIN_TOKEN: "x"}) == {"ledger", "read-pms"}
    writes = proxies.model_copy(update={"allow_writes": "agent.example"})
    assert writes.capabilities({ADMIN_TOKEN: "x"}) == {"ledger", "read-pms", "book", "faults", "admin"}


def test_no_stack_that_somebody_else_runs_is_restarted_or_put_under_load() -> None:
    everything = Target(
        agent_url=AGENT, pms_url=PMS, toxiproxy_url="http://t", fault_proxy_url="http://f", allow_writes="agent.example"
    ).capabilities({ADMIN_TOKEN: "x"})
    told = {name: needs.missing(name, everything) for name in ("LOAD-01", "MOCK-01", "LOG-01", "RESET-02", "BRK-18")}
    assert [need.capability if need else "" for need in told.values()] == [
        "own-machine", "restart-agent", "agent-log", "restart-agent", "",
    ]  # fmt: skip


def test_every_booking_is_noted_before_it_leaves_with_what_it_is_found_by(tmp_path: Path) -> None:
    path = tmp_path / bookings_made.FOLDER / "a.jsonl"
    made = BookingsMade(path)
    noted: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        noted.append(path.read_text())
        if request.url.path.endswith("/api/bookings"):
            return httpx.Response(200, json={"booking": {"id": 7}})
        return httpx.Response(201, json={"reservation_id": "r-1", "pms_booking_id": 4})

    ada = {"email": "ada@example.com", "check_in": "2027-03-01"}
    body = {"customer_detail": {"email": "bob@example.com"}, "room_types": [{"checkin_date": "2027-04-01"}]}
    with httpx.Client(transport=httpx.MockTransport(answer), event_hooks=RecordingGate(made, ENDS).hooks) as client:
        client.post(f"{AGENT}{ENDS.reservations}", json=ada)
        client.post(f"{PMS}/api/bookings", json={"booking": {"associations": body}})
        client.post(f"{AGENT}{ENDS.availability}", json=ada)
        client.get(f"{AGENT}{ENDS.reservations}/r-1")
    assert ["ada@example.com" in noted[0], "bob@example.com" in noted[1]] == [True, True]
    first, second = bookings_made.read(tmp_path)
    assert (first.email, first.check_in, first.order, first.reservation) == ("ada@example.com", "2027-03-01", 4, "r-1")
    assert (second.where, second.email, second.check_in, second.order) == ("PMS", "bob@example.com", "2027-04-01", 7)


def test_booking_without_an_answer_may_stand_and_a_refused_one_does_not(tmp_path: Path) -> None:
    made = BookingsMade(tmp_path / bookings_made.FOLDER / "a.jsonl")
    for status in (None, 202, 409, 422, 500):
        made.update(made.add("agent", f"{status}@example.com", ""), status=status)
    assert [intent.email.partition("@")[0] for intent in made.standing()] == ["None", "202", "500"]


def cancelled(made: BookingsMade, reads: list[list[Booking]], status: int = 201, pending: bool = False) -> int:
    transport = httpx.MockTransport(lambda _: httpx.Response(status))
    with httpx.Client(transport=transport, base_url=PMS) as pms:
        return cancel_all(made, pms=pms, held=lambda: reads.pop(0), still_pending=lambda _: pending, patience=0.01)


def test_only_bookings_of_the_run_are_cancelled(tmp_path: Path) -> None:
    made = BookingsMade(tmp_path / "a.jsonl")
    made.update(made.add("agent", "ada@example.com", ""), status=201)
    asked: list[bytes] = []
    transport = httpx.MockTransport(lambda request: asked.append(request.content) or httpx.Response(201))
    theirs = booking(8, "guest@hotel.example")
    reads = [[booking(9, "Ada@example.com"), theirs], [booking(9, "Ada@example.com", live=0), theirs]]
    with httpx.Client(transport=transport, base_url=PMS) as pms:
        count = cancel_all(made, pms=pms, held=lambda: reads.pop(0), still_pending=lambda _: False, patience=0.01)
    assert count == 1
    assert [b"<id_order>9</id_order>" in content for content in asked] == [True]
    assert made.standing() == []


@pytest.mark.parametrize(("status", "says"), [(401, "answered the cancellation with 401"), (201, "still holds it")])
def test_what_the_pms_does_not_cancel_still_stands_with_the_reason(tmp_path: Path, status: int, says: str) -> None:
    made = BookingsMade(tmp_path / "a.jsonl")
    made.update(made.add("agent", "ada@example.com", ""), status=201)
    held = [booking(9, "ada@example.com")]
    assert cancelled(made, [held, held], status=status) == 0
    [left] = made.standing()
    assert says in left.told()
    assert "booking 9 of the PMS" in left.told()


def test_reservation_that_stays_pending_is_left_and_named(tmp_path: Path) -> None:
    made = BookingsMade(tmp_path / "a.jsonl")
    made.update(made.add("agent", "ada@example.com", ""), status=202, reservation="r-1")
    cancelled(made, [[], []], pending=True)
    [left] = made.standing()
    assert "may book it later" in left.told()


def test_requests_of_others_are_told_from_the_agents_own_probe() -> None:
    entries = [
        LedgerEntry(seq=1, connection=1, method="GET", target="/api/hotels", received=1.0),
        LedgerEntry(seq=2, connection=1, method="POST", target="/api/hotel_ari", received=1.1),
        LedgerEntry(seq=3, connection=2, method="GET", target="/x", received=1.2, probe=True),
    ]
    assert [entry.seq for entry in strangers(entries, "/api/hotels")] == [2]
