"""Looks for what QloApps itself does wrong: a known defect is told, a new one fails, a vanished one is told.

None of these judges a property. Each says whether the PMS shows a defect; the run lists what was seen and what was not.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pms_drill.checks.verdict import claim
from pms_drill.contract.findings import FindingBook
from pms_drill.contract.qloapps import QloApps, changed
from pms_drill.episodes.guests import GuestBook


@pytest.mark.finding("QLO-01")
def test_known_defect_QLO01_repeated_request_books_again(
    pms: QloApps, guest_book: GuestBook, finding_book: FindingBook
) -> None:
    guest = guest_book.guest()
    body = pms.booking(guest, source=guest.email)
    for _ in range(2):
        assert pms.post("bookings", json=body, headers={"Idempotency-Key": guest.email}).status_code == 200
    orders = pms.orders_with(guest.email)
    claim(
        finding_book.compare(
            seen=len(orders) > 1,
            sentence="the same booking request, with the same Idempotency-Key, books a second room",
            witness=f"orders {orders}",
        )
    )


@pytest.mark.finding("QLO-02")
def test_known_defect_QLO02_booking_answered_500_is_stored(
    pms: QloApps, guest_book: GuestBook, finding_book: FindingBook
) -> None:
    guest = guest_book.guest()
    rooms = "booking.associations.room_types.0.rooms"
    answer = pms.post("bookings", json=changed(pms.booking(guest, source=guest.email), rooms, [{"adults": 1}]))
    orders = pms.orders_with(guest.email)
    claim(
        finding_book.compare(
            seen=answer.status_code == 500 and bool(orders),
            sentence="a booking that is stored is answered 500",
            witness=f"status {answer.status_code}, orders {orders}",
        )
    )


@pytest.mark.finding("QLO-03")
def test_known_defect_QLO03_cancelled_booking_reads_like_an_active_one(
    pms: QloApps, guest_book: GuestBook, finding_book: FindingBook
) -> None:
    booking = pms.booked(guest_book.guest())
    before = pms.get(f"bookings/{booking['id']}").json()
    assert pms.cancel(booking["id"]).status_code == 201
    after = pms.get(f"bookings/{booking['id']}").json()
    claim(
        finding_book.compare(
            seen=before == after,
            sentence="a cancelled booking looks like an active one when it is read",
            witness="the same text before and after" if before == after else "the texts differ",
        )
    )


@pytest.mark.finding("QLO-04")
def test_known_defect_QLO04_invalid_email_is_answered_200_and_not_booked(
    pms: QloApps, guest_book: GuestBook, finding_book: FindingBook
) -> None:
    guest = guest_book.guest()
    body = pms.booking(guest, source=guest.email)
    answer = pms.post("bookings", json=changed(body, "booking.associations.customer_detail.email", "a@example"))
    orders = pms.orders_with(guest.email)
    claim(
        finding_book.compare(
            seen=answer.status_code == 200 and not orders,
            sentence="a refused booking is answered 200",
            witness=f"status {answer.status_code} {answer.text[:40]!r}, orders {orders}",
        )
    )


@pytest.mark.finding("QLO-05")
@pytest.mark.parametrize("body", [b"{", b"", b"[]", b"{}", b"hello"], ids=["cut", "empty", "array", "bare", "words"])
def test_known_defect_QLO05_malformed_request_is_answered_500(
    pms: QloApps, finding_book: FindingBook, body: bytes
) -> None:
    answer = pms.post("bookings", content=body)
    claim(
        finding_book.compare(
            seen=answer.status_code == 500,
            sentence="a malformed booking request is answered 500",
            witness=f"status {answer.status_code}, {len(answer.content)} bytes",
        )
    )


@pytest.mark.finding("QLO-06")
def test_known_defect_QLO06_stay_in_the_past_is_booked(
    pms: QloApps, guest_book: GuestBook, finding_book: FindingBook
) -> None:
    guest = guest_book.guest(check_in=guest_book.today() - timedelta(days=40), nights=1)
    answer = pms.book(guest)
    claim(
        finding_book.compare(
            seen=answer.status_code == 200,
            sentence="a stay in the past is booked",
            witness=f"status {answer.status_code}",
        )
    )


@pytest.mark.finding("QLO-07")
def test_known_defect_QLO07_booking_costs_something_else_than_was_quoted(
    pms: QloApps, guest_book: GuestBook, finding_book: FindingBook
) -> None:
    guest = guest_book.guest()
    [offer] = pms.quote(guest)["room_types"]
    charged = pms.booked(guest)["associations"]["price_details"]["total_price_without_tax"]
    claim(
        finding_book.compare(
            seen=charged != offer["total_price"],
            sentence="a booking costs something else than the availability said",
            witness=f"quoted {offer['total_price']}, charged {charged}",
        )
    )


@pytest.mark.finding("QLO-08")
def test_known_defect_QLO08_cancellation_of_an_unknown_order_is_answered_200(
    pms: QloApps, finding_book: FindingBook
) -> None:
    answer = pms.cancel(99_999_999)
    claim(
        finding_book.compare(
            seen=answer.status_code == 200,
            sentence="the cancellation of an order that does not exist is answered 200",
            witness=f"status {answer.status_code}, {answer.text[:60]!r}",
        )
    )


@pytest.mark.finding("QLO-11")
def test_known_defect_QLO11_second_booking_from_one_address_renames_the_first_guest(
    pms: QloApps, guest_book: GuestBook, finding_book: FindingBook
) -> None:
    guest = guest_book.guest()
    relative = replace(guest_book.guest(), email=guest.email, name="Another Relative")
    booking = pms.booked(guest)
    before = pms.name_on(booking["id"])
    pms.booked(relative)
    after = pms.name_on(booking["id"])
    claim(
        finding_book.compare(
            seen=before != after,
            sentence="a second booking with the same e-mail address renames the guest of the first one",
            witness=f"booking {booking['id']}: {before!r} before, {after!r} after the booking for {relative.name!r}",
        )
    )
