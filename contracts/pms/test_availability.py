"""Availability: `POST /api/hotel_ari`, an XML body."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pms_drill.contract.qloapps import QloApps, errors
from pms_drill.episodes.guests import GuestBook

WRONG = {
    "reversed dates": ({"date_to": "2027-03-01", "date_from": "2027-03-03"}, 85, '"Date to" must be after "date from"'),
    "equal dates": ({"date_to": "2027-03-03", "date_from": "2027-03-03"}, 85, '"Date to" must be after "date from"'),
    "not a date": ({"date_from": "soon"}, 85, "The date_from field is invalid."),
    "ISO datetime": ({"date_from": "2027-03-01T00:00:00Z"}, 85, "The date_from field is invalid."),
    "no date_to": ({"date_to": None}, 41, 'parameter "date_to" required'),
    "room type in words": ({"id_room_type": "suite"}, 85, "The id_room_type field is invalid."),
}


@pytest.mark.property("PMS-12")
def test_free_stay_is_told_with_rooms_and_price_of_the_one_type_asked_for(pms: QloApps, guest_book: GuestBook) -> None:
    guest = guest_book.guest(nights=2)
    ari = pms.quote(guest)
    assert (ari["id_hotel"], ari["date_from"], ari["date_to"]) == (str(guest.hotel_id), guest.check_in, guest.check_out)
    [offer] = ari["room_types"]
    assert offer["id_room_type"] == guest.room_type
    assert len(offer["rooms"]["available"]) == ari["total_available_rooms"] > 0
    assert offer["total_price_with_tax"] == pytest.approx(2 * offer["base_price_with_tax"])


@pytest.mark.property("PMS-13")
@pytest.mark.parametrize("field", ["id_hotel", "id_room_type"])
def test_unknown_hotel_or_room_type_is_200_without_rooms(pms: QloApps, guest_book: GuestBook, field: str) -> None:
    answer = pms.availability(guest_book.guest(), **{field: "999"})
    assert answer.status_code == 200
    assert set(answer.json()["hotel_ari"]) == {"id_hotel", "date_from", "date_to", "currency"}


@pytest.mark.property("PMS-14")
def test_day_of_departure_is_free_again(pms: QloApps, guest_book: GuestBook) -> None:
    night = guest_book.today() + timedelta(days=450)
    guest = guest_book.guest(check_in=night, nights=1)
    around = [
        guest_book.guest(check_in=night + timedelta(days=n), nights=1, room_type=guest.room_type) for n in (-1, 1)
    ]
    before = [pms.rooms_left(other) for other in around]
    pms.booked(guest)
    assert [pms.rooms_left(other) for other in around] == before


@pytest.mark.property("PMS-15")
@pytest.mark.parametrize("case", WRONG)
def test_wrong_search_is_400_with_the_reason(pms: QloApps, guest_book: GuestBook, case: str) -> None:
    changes, code, text = WRONG[case]
    answer = pms.availability(guest_book.guest(), **changes)
    assert answer.status_code == 400
    [(found, told)] = errors(answer)
    assert found == code
    assert text in told


@pytest.mark.property("PMS-16")
def test_json_body_is_refused(pms: QloApps, guest_book: GuestBook) -> None:
    guest = guest_book.guest()
    body = {"hotel_ari": {"id_hotel": 1, "date_from": guest.check_in, "date_to": guest.check_out}}
    answer = pms.post("hotel_ari", json=body)
    assert answer.status_code == 400
    assert errors(answer)[-1] == (85, "Validation error: Invalid ARI search parameters found.")
