"""Making bookings: what is refused and in which order, what is not looked at, what is stored."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.twin.desk import NOW, Desk, booking


def broken() -> dict[str, Any]:
    """A request in which everything that QloApps looks at is wrong."""
    return {
        "booking": {
            "id": 7,
            "currency": "XXX",
            "id_property": 99,
            "booking_status": 9,
            "payment_status": 9,
            "associations": {"payment_detail": {"payment_type": "shells"}},
        }
    }


PERSON = ("booking", "associations", "customer_detail")
PRICES = ("booking", "associations", "price_details")
KIND = ("booking", "associations", "room_types", 0)
# what is said, and what then has to be put right
REFUSALS: list[tuple[str, tuple[Any, ...], Any]] = [
    ("id is forbidden when adding a new resource", ("booking", "id"), None),
    ("Please provide valid currency.", ("booking", "currency"), "pln"),
    ("Customer details not found.", PERSON, {"id_customer": 9999}),
    ("Please provide a valid id_property.", ("booking", "id_property"), "1abc"),
    ("Please provide a valid id_customer.", (*PERSON, "id_customer"), None),
    ("Please provide a valid first name.", (*PERSON, "firstname"), "Ada"),
    ("Please provide a valid last name.", (*PERSON, "lastname"), "Lovelace"),
    ("Please provide a valid email.", (*PERSON, "email"), "ada@example.com"),
    (
        "Please provide a valid phone number.",
        (*PERSON, "phone"),
        "123",
    ),
    (None, PRICES, {"total_paid": "much", "total_price_with_tax": "more"}),
    ("Invalid value for total paid.", (*PRICES, "total_paid"), 0),
    ("Invalid value for total amount with tax.", (*PRICES, "total_price_with_tax"), None),
    (None, (*PERSON, "address"), "1 Main St"),
    ("City is required.", (*PERSON, "address"), None),
    (None, ("booking", "associations", "room_types"), [{}]),
    ("Id room type is missing", (*KIND, "id_room_type"), 77),
    ("Invalid check in date in the request", (*KIND, "checkin_date"), "2027-03-05"),
    ("Invalid check out date in the request", (*KIND, "checkout_date"), "2027-03-01"),
    ("number of rooms is missing", (*KIND, "number_of_rooms"), 2),
    ("Invalid room type in the request", (*KIND, "id_room_type"), 1),
    (None, (*KIND, "rooms"), [{"adults": 1, "total_tax": 0}]),
    ("Room count does not matches with the number of rooms", (*KIND, "rooms"), None),
    ("Invalid check in and check out dates in the request", (*KIND, "checkout_date"), "2027-03-05"),
    ("Requested room(s) not available.", (*KIND, "checkout_date"), "2027-03-06"),
    ("Invalid payment type.", ("booking", "associations", "payment_detail"), None),
    ("Invalid booking status.", ("booking", "booking_status"), 1),
    ("Invalid payment status.", ("booking", "payment_status"), 3),
]


def put_right(body: Any, place: tuple[Any, ...], value: Any) -> None:
    for step in place[:-1]:
        body = body[step]
    body[place[-1]] = value


def test_refusals_come_in_the_recorded_order(desk: Desk) -> None:
    body = broken()
    for text, place, value in REFUSALS:
        if text is not None:
            told = desk.book(body)
            assert (told.status, told.messages[-1], told.codes[-1]) == (400, text, 404)
        put_right(body, place, value)
    assert desk.book(body).status == 200
    assert len(desk.service.hotel.orders) == 4


@pytest.mark.parametrize("count", [6, "two"])
def test_number_of_rooms_that_cannot_be_had_is_sold_out(desk: Desk, count: Any) -> None:
    assert desk.book(booking(count=count)).messages == ["Requested room(s) not available."]


@pytest.mark.parametrize("count", [0, -1, "1"])
def test_number_of_rooms_below_one_books_one(desk: Desk, count: Any) -> None:
    assert desk.book(booking(count=count)).rooms == [1]


@pytest.mark.parametrize(
    ("first", "end"), [("2001-01-01", "2001-01-02"), ("2031-01-10", "2031-01-12"), ("2027-01-01", "2027-08-31")]
)
def test_dates_are_not_limited(desk: Desk, first: str, end: str) -> None:
    assert desk.book(booking(first, end)).status == 200


@pytest.mark.parametrize("date", ["soon", "10/01/2027", "2027-02-30", "2027-01-10T15:00:00Z", "", 20270110])
def test_only_dates_of_one_form_are_read(desk: Desk, date: Any) -> None:
    assert desk.book(booking(date)).messages[-1] == "Invalid check in date in the request"


def test_occupancy_is_not_looked_at(desk: Desk) -> None:
    rooms = [{"adults": 9, "child": 0, "total_tax": 0}]
    assert desk.book(booking(rooms=rooms)).status == 200
    assert desk.book(booking(rooms=[{"adults": 0, "child": 0, "total_tax": 0}])).status == 200
    assert [line.adults for order in (4, 5) for line in desk.lines(order)] == [9, 0]


def test_without_rooms_the_base_occupancy_is_stored_and_children_need_ages(desk: Desk) -> None:
    desk.book(booking())
    desk.book(booking(rooms=[{"adults": 2, "child": 1, "total_tax": 0}]))
    desk.book(booking(rooms=[{"adults": 2, "child": 1, "child_ages": [5], "total_tax": 0}]))
    assert [(line.adults, line.children) for order in (4, 5, 6) for line in desk.lines(order)] == [
        (2, 2),
        (2, 0),
        (2, 1),
    ]


def test_answer_tells_neither_state_nor_reference(desk: Desk) -> None:
    told = desk.book(booking(source="ref-1")).json()["booking"]
    assert list(told) == ["id", "id_property", "currency", "source", "booking_date", "id_language", "associations"]
    assert (told["source"], told["booking_date"], told["currency"]) == ("ref-1", NOW, "PLN")


def test_source_is_the_shop_when_none_was_sent(desk: Desk) -> None:
    told = desk.ask("POST", "/bookings", booking(), host="shop.example:80")
    assert told.json()["booking"]["source"] == "shop.example:80"


def test_source_keeps_255_characters(desk: Desk) -> None:
    assert len(desk.book(booking(source="x" * 300)).json()["booking"]["source"]) == 255


def test_remark_loses_its_tags(desk: Desk) -> None:
    told = desk.book(booking(remark="late <b>arrival</b>")).json()["booking"]
    assert told["associations"]["remarks"] == ["late arrival"]


def test_same_request_twice_is_two_bookings(desk: Desk) -> None:
    body = booking(payment={"payment_type": "online", "transaction_id": "tx-1"})
    one = desk.ask("POST", "/bookings", body, **{"idempotency-key": "k"})
    other = desk.ask("POST", "/bookings", body, **{"idempotency-key": "k"})
    assert (one.rooms, other.rooms) == ([1], [2])


def test_customer_is_found_by_email_and_renamed(desk: Desk) -> None:
    first = desk.book(booking(email="ada@example.com")).order
    second = desk.book(booking(email="ADA@example.com", person={"firstname": "Augusta", "phone": "456"})).order
    told = [desk.ask("GET", f"/bookings/{order}").json()["booking"]["associations"] for order in (first, second)]
    assert told[0]["customer_detail"] == told[1]["customer_detail"]
    assert told[0]["customer_detail"]["firstname"] == "Augusta"
    assert told[0]["customer_detail"]["phone"] == "456"


def test_invalid_name_or_phone_of_a_known_customer_is_ignored(desk: Desk) -> None:
    desk.book(booking())
    told = desk.book(booking(person={"firstname": "R2D2", "phone": "abc"}))
    assert told.status == 200
    person = told.json()["booking"]["associations"]["customer_detail"]
    assert (person["firstname"], person["phone"]) == ("Ada", "123")


@pytest.mark.parametrize("name", ["R2D2", "A|B", "A¤B", "Mr. <Smith>", "a@b", "x" * 33])
def test_new_customer_with_a_bad_name_is_500_and_nothing(desk: Desk, name: str) -> None:
    told = desk.book(booking(person={"firstname": name}))
    assert (told.status, told.text, told.answer.content_type) == (500, "", "text/html; charset=utf-8")
    assert len(desk.service.hotel.orders) == 3


@pytest.mark.parametrize(
    ("name", "stored"), [("D`Arc", "D`Arc"), ("Zoë O'Núñez", "Zoë O'Núñez"), ("Ada\U0001f600", "Ada????")]
)
def test_name_is_stored_as_the_database_keeps_it(desk: Desk, name: str, stored: str) -> None:
    told = desk.book(booking(person={"firstname": name}))
    assert told.json()["booking"]["associations"]["customer_detail"]["firstname"] == stored


@pytest.mark.parametrize("email", ["nope", "a@b", "a b@example.com", ".a@x.com", "a@-x.com", "a@x.xn--p1ai"])
def test_new_customer_with_a_bad_email_is_200_and_no_booking(desk: Desk, email: str) -> None:
    told = desk.book(booking(email=email))
    assert (told.status, told.text, told.answer.content_type) == (200, "Fatal error", "text/html; charset=utf-8")
    assert len(desk.service.hotel.orders) == 3


@pytest.mark.parametrize("email", ["a|b@example.com", "x" * 117 + "@example.com"])
def test_email_that_is_too_long_or_has_a_bar_is_500_and_no_booking(desk: Desk, email: str) -> None:
    told = desk.book(booking(email=email))
    assert (told.status, told.text, told.answer.content_type) == (500, "", "text/html; charset=utf-8")
    assert len(desk.service.hotel.orders) == 3


def test_guest_whose_email_has_a_bar_stays_and_is_refused_again(desk: Desk) -> None:
    before = len(desk.service.hotel.customers)
    for first, email in (("Ada", "a|b@example.com"), ("Grace", "A|b@example.com")):
        assert desk.book(booking(email=email, person={"firstname": first})).status == 500
    assert len(desk.service.hotel.customers) == before + 1
    kept = desk.service.hotel.find_customer("a|b@example.com")
    assert kept is not None
    assert (kept.firstname, kept.email) == ("Grace", "A|b@example.com")
    assert len(desk.service.hotel.orders) == 3


def test_known_guest_takes_the_letter_case_of_the_last_booking(desk: Desk) -> None:
    before = len(desk.service.hotel.customers)
    for email in ("ada9@example.com", "ADA9@Example.com"):
        assert desk.book(booking(email=email)).status == 200
    assert len(desk.service.hotel.customers) == before + 1
    kept = desk.service.hotel.find_customer("ada9@example.com")
    assert kept is not None
    assert kept.email == "ADA9@Example.com"


@pytest.mark.parametrize(
    "email", ["a.@x.com", "a..b@x.com", "a@x-.com", "a@127.0.0.1", "a@x.c", "x" * 116 + "@example.com"]
)
def test_odd_email_that_qloapps_takes_is_booked(desk: Desk, email: str) -> None:
    assert desk.book(booking(email=email)).status == 200
    assert len(desk.service.hotel.orders) == 4


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", "hello", '{"booking": {', "<qloapps>", "<qloapps><foo/></qloapps>", "1", '"x"']
)
def test_what_is_no_booking_is_500_and_nothing(desk: Desk, body: str) -> None:
    told = desk.book(body)
    assert (told.status, told.text) == (500, "")


@pytest.mark.parametrize("rooms", [[{"adults": -1, "child": 0, "total_tax": 0}], None])
def test_break_in_the_middle_leaves_an_order_without_rooms(desk: Desk, rooms: list[dict[str, Any]] | None) -> None:
    assert desk.book(booking(rooms=rooms, remark="" if rooms else "x" * 6401)).status == 500
    left = desk.ask("GET", "/bookings/4").json()["booking"]
    assert (left["id_property"], left["associations"]["room_types"]) == (0, [])
    assert desk.state(4) == 0
    assert desk.free(1, "2027-03-01", "2027-03-03") == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("room", "warnings"),
    [({"adults": 1, "child": 0}, 1), ({"adults": 1, "child": 0, "id_tax_rules_group": 1}, 2)],
)
def test_room_without_tax_is_stored_and_answered_with_500(desk: Desk, room: dict[str, Any], warnings: int) -> None:
    told = desk.book(booking(rooms=[room]))
    assert (told.status, told.codes) == (500, [3] * warnings)
    assert [line.live for line in desk.lines(4)] == [True]
    assert desk.lines(4)[0].tax == 460


def test_tax_of_zero_is_no_tax(desk: Desk) -> None:
    told = desk.book(booking(rooms=[{"adults": 1, "child": 0, "total_tax": 0}])).json()["booking"]["associations"]
    assert told["price_details"] == {"total_paid": 0, "total_price_without_tax": 2000, "total_tax": 0}


def test_unit_price_of_a_request_is_per_night(desk: Desk) -> None:
    rooms = [{"adults": 1, "child": 0, "total_tax": 230, "unit_price_without_tax": 500}]
    told = desk.book(booking(rooms=rooms)).json()["booking"]["associations"]
    assert told["room_types"][0]["rooms"][0]["unit_price_without_tax"] == 1000


@pytest.mark.parametrize(
    ("status", "payment", "paid", "state", "live"),
    [
        (1, 3, 0, 1, True),
        (None, None, 0, 1, True),
        (1, 1, 0, 2, True),
        (1, 2, 0, 8, True),
        (1, 3, 500, 8, True),
        (1, 3, 2460, 2, True),
        (2, 3, 0, 2, True),
        (3, 3, 0, 4, False),
        (4, 3, 0, 5, False),
    ],
)
def test_state_follows_status_and_payment(
    desk: Desk, status: int | None, payment: int | None, paid: int, state: int, live: bool
) -> None:
    told = desk.book(booking(prices={"total_paid": paid}, booking_status=status, payment_status=payment))
    assert desk.state(told.order) == state
    line = desk.lines(told.order)[0]
    assert (line.live, line.refunded, line.cancelled) == (live, not live, state == 4)
    full = state == 2
    assert told.json()["booking"]["associations"]["price_details"]["total_paid"] == (2460 if full else paid)


def test_xml_and_json_make_the_same_booking(desk: Desk) -> None:
    inner = (
        "<id_property>1</id_property><currency>PLN</currency><associations><customer_detail><firstname>Ada</firstname>"
        "<lastname>Lovelace</lastname><email>ada@example.com</email><phone>123</phone></customer_detail><room_types>"
        "<room_type><id_room_type>1</id_room_type><checkin_date>2027-03-01</checkin_date><checkout_date>2027-03-03"
        "</checkout_date><number_of_rooms>1</number_of_rooms><rooms><room><adults>1</adults><child>2</child><child_ages>"
        "<child_age>3</child_age><child_age>4</child_age></child_ages><total_tax>460</total_tax></room></rooms>"
        "</room_type></room_types></associations>"
    )
    from_xml = desk.book(f"<qloapps><booking>{inner}</booking></qloapps>").json()
    rooms = [{"adults": 1, "child": 2, "child_ages": [3, 4], "total_tax": 460}]
    from_json = desk.book(booking(rooms=rooms)).json()
    assert desk.lines(4)[0].child_ages == [3, 4]
    kinds = [told["booking"]["associations"]["room_types"] for told in (from_xml, from_json)]
    for kind in kinds:
        del kind[0]["rooms"][0]["id_room"], kind[0]["rooms"][0]["id_hotel_booking"]
    assert kinds[0] == kinds[1]


def test_xml_answer_writes_an_empty_list_as_zero(desk: Desk) -> None:
    text = desk.ask("POST", "/bookings?output_format=XML", booking()).text
    assert "<cart_rules><![CDATA[0]]></cart_rules>" in text
    assert "<remarks><![CDATA[0]]></remarks>" in text


def test_entities_of_xml_are_not_followed(desk: Desk, tmp_path: Any) -> None:
    secret = tmp_path / "secret"
    secret.write_text("PLN")
    body = f'<!DOCTYPE b [<!ENTITY e SYSTEM "file://{secret}">]><qloapps><booking><currency>&e;</currency></booking></qloapps>'
    assert desk.book(body).messages == ["Please provide valid currency."]


def test_booking_without_room_types_is_warned_about_first(desk: Desk) -> None:
    body = json.loads(json.dumps(booking()))
    del body["booking"]["associations"]["room_types"]
    told = desk.book(body)
    assert (told.status, told.codes) == (400, [3, 404])
