"""Literal histories of what a reservation must survive, each with the near misses that must not count."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pms_drill.checks import bookings, intents
from pms_drill.checks.verdict import Outcome
from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.history import Operation
from pms_drill.evidence.ledger import LedgerEntry
from tests.checks.literal import ask, booked, gone, held, look, mock, outage, reserve


def keyed(operation: Operation, **changes: Any) -> Operation:
    return replace(operation, key="k1", body=operation.body | changes)


def evidence(**parts: Any) -> Evidence:
    return outage(**{"operations": [], "ledger": [], "bookings": []} | parts)


# -- BOOK-08


def repeated(second: str = "id-ada") -> list[Operation]:
    return [
        keyed(reserve(1.0, "ada", status=None)),
        keyed(reserve(1.2, "ada", status=409, type="request-in-progress")),
        keyed(reserve(1.4, "ada", status=202)),
        keyed(reserve(9.0, "ada", order=11), reservation_id=second),
    ]


def test_one_reservation_for_one_key_passes():
    found = intents.same_key_same_reservation(evidence(operations=repeated(), bookings=[held(11, "ada")]))
    assert found.outcome is Outcome.PASSED, found.why


def test_a_second_reservation_for_one_key_fails():
    found = intents.same_key_same_reservation(evidence(operations=repeated("other"), bookings=[held(11, "ada")]))
    assert found.outcome is Outcome.FAILED
    assert "reservations id-ada, other" in found.why


def test_two_rooms_for_one_key_fail():
    two = [held(11, "ada"), held(12, "ada")]
    assert intents.same_key_same_reservation(evidence(operations=repeated(), bookings=two)).outcome is Outcome.FAILED


def test_two_rooms_of_a_request_that_was_delivered_twice_are_not_the_agents_fault():
    parts = evidence(
        operations=repeated(),
        ledger=[booked(1.01, "ada", copies=2)],
        bookings=[held(11, "ada"), held(12, "ada")],
    )
    assert intents.same_key_same_reservation(parts).outcome is Outcome.PASSED
    doubled = bookings.none_duplicated(replace(parts, operations=[*parts.operations, reserve(2, "bob", order=13)]))
    assert "not by the agent" in doubled.why


def test_a_third_room_of_a_request_that_was_delivered_twice_is():
    parts = evidence(
        operations=repeated(),
        ledger=[booked(1.01, "ada", copies=2)],
        bookings=[held(11, "ada"), held(12, "ada"), held(13, "ada")],
    )
    assert bookings.none_duplicated(parts).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "parts",
    [{"operations": [keyed(reserve(1, "ada", order=11))]}, {"operations": repeated(), "bookings": None}],
    ids=["nobody repeated", "no final read"],
)
def test_without_a_repeated_request_or_a_final_read_the_key_is_unknown(parts):
    assert intents.same_key_same_reservation(evidence(**parts)).outcome is Outcome.UNKNOWN


# -- BOOK-09


def flight(**parts: Any) -> Evidence:
    """A booking answered late, at 1.4 s; the breaker opens at about 1.1 s."""
    told = {
        "operations": [
            reserve(1.0, "ada", "flight", took=0.45, status=202),
            ask(1.05, "imp", status=502, type="pms-unavailable"),
            mock(1.1, "imp2", "impact"),
            look(9.0, "ada", "confirmed", order=11),
        ],
        "ledger": [booked(1.0, "ada", answered=1.01, delivered=1.4)],
        "bookings": [held(11, "ada")],
    }
    return evidence(**told | parts)


def test_a_booking_that_survives_the_opening_passes():
    found = intents.in_flight_when_it_opened(flight())
    assert found.outcome is Outcome.PASSED, found.why


def test_a_booking_sent_again_after_the_opening_fails():
    sent = [booked(1.0, "ada", answered=1.01, delivered=1.4), booked(5.0, "ada")]
    found = intents.in_flight_when_it_opened(flight(ledger=sent))
    assert found.outcome is Outcome.FAILED
    assert "/api/bookings" in found.why


@pytest.mark.parametrize("final", [[], [held(11, "ada"), held(12, "ada")]], ids=["not held", "held twice"])
def test_a_booking_in_flight_that_is_not_held_once_fails(final):
    assert intents.in_flight_when_it_opened(flight(bookings=final)).outcome is Outcome.FAILED


def test_a_booking_answered_before_the_opening_was_not_in_flight():
    found = intents.in_flight_when_it_opened(flight(ledger=[booked(1.0, "ada", delivered=1.05)]))
    assert found.outcome is Outcome.UNKNOWN


def test_a_breaker_that_never_opened_leaves_it_unknown():
    told = [op for op in flight().operations if op.source != "mock"]
    assert intents.in_flight_when_it_opened(flight(operations=told)).outcome is Outcome.UNKNOWN


# -- BOOK-10


def late(*final: Any) -> Evidence:
    told = [reserve(1, "ada", status=202), look(5, "ada", "confirmed", order=11)]
    return evidence(operations=told, bookings=list(final))


def test_a_late_booking_that_was_cancelled_passes():
    assert intents.one_of_late_ones_stays(late(held(11, "ada"), gone(12, "ada"))).outcome is Outcome.PASSED


def test_a_late_booking_that_stays_beside_the_one_told_fails():
    found = intents.one_of_late_ones_stays(late(held(11, "ada"), held(12, "ada")))
    assert found.outcome is Outcome.FAILED
    assert "ada@run.example" in found.why


def test_the_one_that_was_not_told_must_not_be_the_one_that_stays():
    assert intents.one_of_late_ones_stays(late(gone(11, "ada"), held(12, "ada"))).outcome is Outcome.FAILED


def test_all_of_them_cancelled_fails():
    assert intents.one_of_late_ones_stays(late(gone(11, "ada"), gone(12, "ada"))).outcome is Outcome.FAILED


def test_one_booking_each_is_unknown():
    assert intents.one_of_late_ones_stays(late(held(11, "ada"))).outcome is Outcome.UNKNOWN


# -- BOOK-11


def sent_for_ada_and_bob(ledger: list[LedgerEntry]) -> Evidence:
    """Both have asked for a reservation."""
    return evidence(operations=[reserve(0.9, "ada", order=11), reserve(0.9, "bob", order=12)], ledger=ledger)


def test_bookings_one_after_the_other_pass():
    found = intents.one_at_a_time(sent_for_ada_and_bob([booked(1.0, "ada", answered=1.4), booked(1.41, "bob")]))
    assert found.outcome is Outcome.PASSED, found.why


def test_a_booking_sent_into_the_work_on_another_one_fails():
    found = intents.one_at_a_time(sent_for_ada_and_bob([booked(1.0, "ada", answered=1.4), booked(1.2, "bob")]))
    assert found.outcome is Outcome.FAILED
    assert "answered after 0.40 s" in found.why


def test_a_booking_after_the_settle_time_of_one_without_an_answer_passes():
    silent = booked(1.0, "ada", None, answered=None, delivered=None)
    assert intents.one_at_a_time(sent_for_ada_and_bob([silent, booked(2.6, "bob")])).outcome is Outcome.PASSED
    assert intents.one_at_a_time(sent_for_ada_and_bob([silent, booked(2.0, "bob")])).outcome is Outcome.FAILED


def test_a_request_that_never_reached_the_pms_is_no_work():
    dropped = booked(1.0, "ada", None, forwarded=None, answered=None, delivered=None, copies=0)
    assert intents.one_at_a_time(sent_for_ada_and_bob([dropped, booked(1.1, "bob")])).outcome is Outcome.PASSED


def test_bookings_of_two_hotels_may_overlap():
    other = '{"booking":{"id_property":2,"email":"bob@run.example"}}'
    first = '{"booking":{"id_property":1,"email":"ada@run.example"}}'
    sent = [booked(1.0, "ada", answered=1.4, request_body=first), booked(1.2, "bob", request_body=other)]
    assert intents.one_at_a_time(sent_for_ada_and_bob(sent)).outcome is Outcome.PASSED


def test_one_booking_alone_is_unknown():
    assert intents.one_at_a_time(sent_for_ada_and_bob([booked(1.0, "ada")])).outcome is Outcome.UNKNOWN


# -- BOOK-12


def rivals(second_at: float, **changes: Any) -> Evidence:
    told = [reserve(1.0, "ada", order=11), reserve(1.0, "bob", order=12)]
    return evidence(
        operations=told,
        ledger=[booked(1.0, "ada", answered=1.4), booked(second_at, "bob")],
        bookings=[held(11, "ada", rooms=(101,)), held(12, "bob", **{"rooms": (101,)} | changes)],
    )


def test_a_room_sold_twice_by_parallel_requests_is_the_agents_fault():
    found = intents.no_room_sold_twice(rivals(1.2))
    assert found.outcome is Outcome.FAILED
    assert "room 101: #11 ada@run.example and #12 bob@run.example" in found.why


def test_a_room_sold_twice_by_requests_one_after_the_other_is_a_finding_of_the_pms():
    found = intents.no_room_sold_twice(rivals(1.5))
    assert found.outcome is Outcome.PASSED
    assert "of the PMS, not of the agent: room 101" in found.why


@pytest.mark.parametrize(
    "changes",
    [{"rooms": (102,)}, {"check_in": "2027-03-03", "check_out": "2027-03-04"}, {"live_lines": 0, "rooms": ()}],
    ids=["another room", "the next night", "cancelled"],
)
def test_what_is_no_double_sale(changes):
    assert (
        "sold twice: none" in intents.no_room_sold_twice(rivals(1.2, **changes)).why or changes.get("live_lines") == 0
    )


def test_one_guest_with_a_room_is_unknown():
    alone = evidence(operations=[reserve(1, "ada", order=11)], bookings=[held(11, "ada", rooms=(1,))])
    assert intents.no_room_sold_twice(alone).outcome is Outcome.UNKNOWN
