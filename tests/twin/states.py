"""What had happened before each recorded exchange, where its own answer does not tell."""

from __future__ import annotations

from typing import Any

from tests.twin.replaying import Setup


def stay(kind: int, first: str, end: str, email: str, room: int | None = None, tax: int = 0) -> dict[str, Any]:
    """A booking of one room by Ada Lovelace, as the recorder sent it."""
    of_type: dict[str, Any] = {"id_room_type": kind, "checkin_date": first, "checkout_date": end, "number_of_rooms": 1}
    if room:
        said = {"id_room": room, "adults": 2, "child": 2, "child_ages": [4, 6], "total_tax": tax}
        of_type["rooms"] = [said]
    person = {"firstname": "Ada", "lastname": "Lovelace", "email": email, "phone": "0987654321"}
    head = {"id_property": 1, "currency": "PLN", "booking_status": 1, "payment_status": 3, "source": "agent-api"}
    rest = {"booking_date": "2026-11-23 12:00:00", "remark": "late arrival", "id_language": 1}
    parts = {"customer_detail": person, "price_details": {"total_paid": 0}, "room_types": [of_type]}
    return {"booking": head | rest | {"associations": parts}}


def made(number: int, *booking: Any, customer: int | None = None, **more: int) -> dict[str, Any]:
    """A seed that makes a booking with this id; its line has the same number."""
    ids = {"orders": number, "lines": number, "carts": number} | ({"customers": customer} if customer else {}) | more
    return {"next_ids": ids, "bookings": [stay(*booking)]}


LUXURY = (4, "2026-12-10", "2026-12-12")
ADA = "bookings-create-json-ok"
GRACE = "bookings-create-xml-ok"
LAST_ROOM = "bookings-create-last-room-json-ok"
# the five luxury rooms, sold one after the other; the third booking was not recorded
FOUR = (ADA, GRACE, made(6, *LUXURY, "grace@example.com"), "bookings-create-json-body-xml-output")
FIVE = (*FOUR, LAST_ROOM)
MOVED = (ADA, "bookings-put-change-dates-json-ok")
CANCELLED = (LAST_ROOM, "bookings-put-cancel-json-ok")
ROUND_TRIP = ("2027-05-01", "2027-05-03")
# a booking that lost a race: the mark makes the twin cancel it inside
LOSER = "silently cancelled: race-last-room-post-05"
RACE = ("2027-06-01", "2027-06-03")
DATABASE_DOWN = (
    "fault-db-down-ari",
    "fault-db-down-get-hotels-json",
    "fault-db-down-get-hotels-xml",
    "fault-db-down-health",
    "fault-db-down-no-auth",
    "fault-db-too-many-connections",
    "fault-db-wrong-password",
)
TAX_EXCLUDED = Setup(switches={"tax_excluded_group": True})
NO_WARNINGS = Setup(switches={"warnings_hidden": True})
NO_WRITES = Setup(switches={"db_read_only": True})
FOUR_OF_FIVE = tuple(
    made(order, 3, *RACE, "four@example.com", customer=20, lines=line)
    for order, line in ((4, 10), (5, 11), (6, 12), (7, 13))
)

SETUPS: dict[str, Setup] = {
    "ari-after-four-bookings-json-output": Setup(after=FOUR),
    "ari-partial-json-output": Setup(after=FIVE),
    "ari-partial-xml": Setup(after=FIVE),
    "ari-sold-out-all-flags-json-output": Setup(after=FIVE),
    "ari-sold-out-json-output": Setup(after=FIVE),
    "ari-after-cancel-json-output": Setup(after=(*FIVE, "bookings-put-cancel-json-ok")),
    "bookings-create-sold-out-json": Setup(after=FIVE),
    "bookings-create-sold-out-xml": Setup(after=FIVE),
    "bookings-create-rooms-id-already-booked-json": Setup(
        after=(made(20, 3, "2026-12-20", "2026-12-22", "x@example.com", 15),)
    ),
    "bookings-get-created-json": Setup(after=(ADA,)),
    "bookings-get-created-xml": Setup(after=(ADA, GRACE)),
    "bookings-get-after-cancel-json": Setup(after=CANCELLED),
    "bookings-get-after-date-change-json": Setup(after=MOVED),
    "bookings-put-change-dates-json-ok": Setup(after=(ADA,)),
    "bookings-put-add-second-room-json-ok": Setup(after=MOVED),
    "bookings-put-path-body-id-mismatch-json": Setup(after=MOVED),
    "bookings-put-completed-json": Setup(after=MOVED),
    "bookings-put-occupancy-json": Setup(after=MOVED),
    "bookings-put-to-sold-out-json": Setup(after=(*FIVE, "bookings-put-change-dates-json-ok")),
    "bookings-put-cancel-json-ok": Setup(after=(LAST_ROOM,)),
    "bookings-put-cancel-status-only-json": Setup(after=(LAST_ROOM,)),
    "bookings-put-cancel-xml-ok": Setup(after=(ADA, GRACE)),
    "bookings-put-reactivate-cancelled-json": Setup(after=(*CANCELLED, "bookings-put-cancel-json-ok")),
    "roundtrip-put-get-body-back-unchanged": Setup(
        after=(made(10, 2, *ROUND_TRIP, "rt@example.com", 7, 690, customer=21),)
    ),
    "roundtrip-put-get-body-with-cancel-status": Setup(
        after=(made(11, 2, *ROUND_TRIP, "rt2@example.com", 8, 690, customer=22),)
    ),
    "orders-get-after-cancel-json": Setup(
        after=(
            made(11, 2, *ROUND_TRIP, "rt2@example.com", 8, 690, customer=22),
            "roundtrip-put-get-body-with-cancel-status",
        )
    ),
    "room_bookings-after-cancel-json": Setup(
        after=(
            made(11, 2, *ROUND_TRIP, "rt2@example.com", 8, 690, customer=22),
            "roundtrip-put-get-body-with-cancel-status",
        )
    ),
    "orders-get-created-json": Setup(after=(ADA,)),
    "room_bookings-of-created-json": Setup(after=(ADA,)),
    "filter-customer-by-email": Setup(after=(ADA,)),
    "order_histories-create-cancel": Setup(after=(ADA,)),
    "zero-id-bookings": Setup(
        after=tuple(
            made(number, 1, f"2029-02-{number:02}", f"2029-02-{number + 1:02}", "z@example.com")
            for number in range(4, 19)
        )
    ),  # fmt: skip
    "customers-create-duplicate-email": Setup(after=("customers-create-xml-ok",), ids={"customers": 17}),
    "customers-create-xml-json-output-ok": Setup(after=("customers-create-xml-ok",), ids={"customers": 16}),
    "customers-delete-ok": Setup(state=made(30, 1, "2029-01-01", "2029-01-02", "gone@example.com", customer=17)),
    "race-get-booking-of-silently-cancelled": Setup(after=(LOSER,)),
    "race-get-order-of-silently-cancelled": Setup(after=({"next_ids": {"carts": 15}}, LOSER)),
    "race-ari-after": Setup(after=(*FOUR_OF_FIVE, LOSER, "race-last-room-post-03")),
    "race-get-room_bookings-of-winner": Setup(after=("race-last-room-post-03",)),
    "unknown-host-redirect": Setup(domain=True),
    "fault-db-readonly-booking": NO_WRITES,
    "fault-db-lock-wait-timeout-post": NO_WRITES,
    "config-error_reporting-1-create-rooms-tax-group": NO_WARNINGS,
    "config-error_reporting-1-create-rooms-without-total_tax": NO_WARNINGS,
    "config-tax-excluded-group-list-bookings": TAX_EXCLUDED,
    "config-tax-excluded-group-post-booking": TAX_EXCLUDED,
} | dict.fromkeys(DATABASE_DOWN, Setup(switches={"db_down": True}))
