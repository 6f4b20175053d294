"""What a booking request wishes, checked in the order in which QloApps checks.

Every refusal here is HTTP 400 with code 404. What is not checked is not checked by QloApps either: past dates,
occupancy, the far future, `number_of_rooms` below 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from qloapps_twin.answers import Crashed, Problem, Refused, warning
from qloapps_twin.booking_input import items, part
from qloapps_twin.catalogue import CURRENCY, day
from qloapps_twin.hotel import Hotel, RoomType
from qloapps_twin.php import is_empty, is_numeric, to_decimal, to_int

SOLD_OUT = "Requested room(s) not available."
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}( \d{2}:\d{2}:\d{2})?")
_NAME = re.compile(r"[^0-9!<>,;?=+()@#\"°{}_$%:|¤]*")
_PHONE = re.compile(r"[+0-9. ()/-]*")
_EMAIL = re.compile(r"[^\s@\"<>,;:()\[\]\\.][^\s@\"<>,;:()\[\]\\]*@(?:\w[\w-]*\.)+\w+\n?")
_TAGS = re.compile(r"<[^>]*>")
_EMAIL_LONGEST = 128
_NAME_LONGEST = 32
_REMARK_LONGEST = 6400
PAYMENT_TYPES = {"online": 1, "remote": 3, "pay at hotel": 2}


@dataclass(slots=True)
class RoomWish:
    """One element of `rooms`; None means not said. `unit_price` is per night, `tax` for the stay."""

    room_id: int | None = None
    adults: int | None = None
    children: int = 0
    child_ages: list[int] = field(default_factory=list)
    unit_price: Decimal | None = None
    tax: Decimal | None = None


@dataclass(slots=True)
class TypeWish:
    """One element of `room_types`. `rooms` has `count` elements, or none when occupancy was left out."""

    kind: RoomType
    check_in: int
    check_out: int
    count: int
    rooms: list[RoomWish]

    def room(self, place: int) -> RoomWish | None:
        """What was said about the n-th room."""
        return self.rooms[place] if place < len(self.rooms) else None


@dataclass(slots=True)
class Wish:
    """A checked request. `warnings` turn the answer into 500 although the work is done."""

    firstname: str
    lastname: str
    email: str
    phone: str
    source: str | None
    booking_date: str | None
    remark: str | None
    language_id: int
    total_paid: Decimal
    total_price: Decimal | None
    payment_method: str | None
    payment_type: int
    status: int | None
    payment_status: int | None
    room_types: list[TypeWish] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


def refuse(text: str, *before: Problem) -> Refused:
    """QloApps' refusal of a booking."""
    return Refused(400, *before, Problem(404, text))


def valid_name(text: str) -> bool:
    """Whether QloApps accepts it as a first or last name."""
    return len(text) <= _NAME_LONGEST and bool(_NAME.fullmatch(text))


def valid_phone(text: str) -> bool:
    """Whether QloApps accepts it as a phone number."""
    return len(text) <= _NAME_LONGEST and bool(_PHONE.fullmatch(text))


def valid_email(text: str) -> bool:
    """Whether QloApps accepts it as an e-mail address."""
    return bool(_EMAIL.fullmatch(text))


def stored(text: str) -> str:
    """What a column of the database keeps: characters outside the Basic Multilingual Plane become four `?`."""
    return "".join(char if ord(char) < 0x10000 else "????" for char in text)


def check_head(hotel: Hotel, booking: dict[str, Any]) -> Wish:
    """Check everything before the room types.

    Raises:
        Refused: 400, the first thing that is wrong.
    """
    associations = booking.get("associations")
    person = part(associations, "customer_detail")
    prices = part(associations, "price_details")
    if str(booking.get("currency") or "").upper() != CURRENCY:
        raise refuse("Please provide valid currency.")
    if is_empty(person):
        raise refuse("Customer details not found.")
    if to_int(booking.get("id_property")) not in {kind.hotel_id for kind in hotel.room_types.values()}:
        raise refuse("Please provide a valid id_property.")
    if not is_empty(part(person, "id_customer")) and to_int(part(person, "id_customer")) not in hotel.customers:
        raise refuse("Please provide a valid id_customer.")
    for name, told in (
        ("firstname", "first name"),
        ("lastname", "last name"),
        ("email", "email"),
        ("phone", "phone number"),
    ):
        if is_empty(part(person, name)):
            raise refuse(f"Please provide a valid {told}.")
    for name, told in (("total_paid", "total paid"), ("total_price_with_tax", "total amount with tax")):
        if part(prices, name) is not None and not is_numeric(part(prices, name)):
            raise refuse(f"Invalid value for {told}.")
    _check_address(person)
    payment = part(associations, "payment_detail")
    total_price = part(prices, "total_price_with_tax")
    remark = booking.get("remark")
    return Wish(
        firstname=str(part(person, "firstname")),
        lastname=str(part(person, "lastname")),
        email=str(part(person, "email")),
        phone=str(part(person, "phone")),
        source=stored(str(booking["source"]))[:255] if not is_empty(booking.get("source")) else None,
        booking_date=str(booking["booking_date"]) if not is_empty(booking.get("booking_date")) else None,
        remark=None if is_empty(remark) else stored(_TAGS.sub("", str(remark))),
        language_id=to_int(booking.get("id_language")) or 1,
        total_paid=to_decimal(part(prices, "total_paid")),
        total_price=None if total_price is None else to_decimal(total_price),
        payment_method=str(part(payment, "payment_method") or "") or None,
        payment_type=PAYMENT_TYPES.get(str(part(payment, "payment_type")), 1),
        status=_status(booking.get("booking_status")),
        payment_status=_status(booking.get("payment_status")),
    )


def _status(value: Any) -> int | None:
    return None if is_empty(value) else to_int(value)


def _check_address(person: Any) -> None:
    """The parts of an address come all or none."""
    if not any(part(person, name) for name in ("address", "city", "zip", "state_code", "country_code")):
        return
    for name, told in (("address", "Address"), ("city", "City"), ("zip", "Zip code")):
        if is_empty(part(person, name)):
            raise refuse(f"{told} is required.")
    if not re.fullmatch(r"[A-Za-z]{2}", str(part(person, "country_code") or "")):
        raise refuse("Invalid country code.")


def check_type(hotel: Hotel, said: Any, warnings: list[Problem]) -> TypeWish:
    """Check one element of `room_types`, without looking for free rooms. PHP warnings are added to `warnings`.

    Raises:
        Refused: 400, the first thing that is wrong.
        Crashed: something that PHP dies on.
    """
    if part(said, "id_room_type") is None:
        raise refuse("Id room type is missing", warning('Undefined array key "id_room_type"', 456))
    for name, told in (("checkin_date", "check in"), ("checkout_date", "check out")):
        value = part(said, name)
        if value is None:
            undefined = warning(f'Undefined array key "{name}"', 458)
            raise refuse(f"Invalid {told} date in the request", undefined)
        if not _is_date(value):
            raise refuse(f"Invalid {told} date in the request")
    count = part(said, "number_of_rooms")
    if count is None:
        raise refuse("number of rooms is missing")
    kind = hotel.room_types.get(to_int(part(said, "id_room_type")))
    if kind is None:
        raise refuse("Invalid room type in the request")
    rooms = items(part(said, "rooms"))
    if rooms and len(rooms) != to_int(count):
        raise refuse("Room count does not matches with the number of rooms")
    check_in, check_out = day(said["checkin_date"]), day(said["checkout_date"])
    if check_out < check_in:
        raise refuse("Invalid check in and check out dates in the request")
    if not is_numeric(count):
        raise refuse(SOLD_OUT)
    wishes = [_room(room, warnings) for room in rooms]
    return TypeWish(kind, check_in, check_out, max(to_int(count), 1), wishes)


def _room(said: Any, warnings: list[Problem]) -> RoomWish:
    adults = part(said, "adults")
    ages = [to_int(age) for age in items(part(said, "child_ages"))]
    price, tax = part(said, "unit_price_without_tax"), part(said, "total_tax")
    if part(said, "id_tax_rules_group") is not None:
        warnings.append(warning("Undefined array key 1", 1139))
        warnings.append(warning("Trying to access array offset on value of type null", 1139))
    elif tax is None:
        warnings.append(warning('Undefined array key "total_tax"', 510))
    return RoomWish(
        room_id=to_int(part(said, "id_room")) or None,
        adults=None if adults is None else to_int(adults),
        # without ages the children are not stored
        children=to_int(part(said, "child")) if ages else 0,
        child_ages=ages,
        unit_price=to_decimal(price) if is_numeric(price) else None,
        tax=to_decimal(tax) if is_numeric(tax) else None,
    )


def check_tail(booking: dict[str, Any]) -> None:
    """Check what QloApps checks after it has looked for rooms.

    Raises:
        Refused: 400, the first thing that is wrong.
    """
    payment_type = part(part(booking.get("associations"), "payment_detail"), "payment_type")
    if not is_empty(payment_type) and str(payment_type) not in PAYMENT_TYPES:
        raise refuse("Invalid payment type.")
    for name, told, known in (
        ("booking_status", "booking status", (1, 2, 3, 4)),
        ("payment_status", "payment status", (1, 2, 3)),
    ):
        if not is_empty(booking.get(name)) and to_int(booking[name]) not in known:
            raise refuse(f"Invalid {told}.")


def too_long(wish: Wish) -> bool:
    """Whether the remark breaks PHP after the order row was written."""
    return wish.remark is not None and len(wish.remark) > _REMARK_LONGEST


def breaks_after_the_customer(wish: Wish) -> bool:
    """Whether the e-mail breaks PHP (500) after the customer was stored or changed, before the order is written."""
    return "|" in wish.email.partition("@")[0]


def check_person(wish: Wish) -> None:
    """What a new customer's data do to PHP: nothing when valid.

    Raises:
        Crashed: a bad e-mail is an exception that QloApps prints with 200; a bad name or phone, or an e-mail that is
            too long, ends in 500.
    """
    if len(wish.email) > _EMAIL_LONGEST:
        raise Crashed
    if not valid_email(wish.email):
        raise Crashed(200, "Fatal error")
    if not (valid_name(wish.firstname) and valid_name(wish.lastname) and valid_phone(wish.phone)):
        raise Crashed


def _is_date(value: Any) -> bool:
    text = str(value)
    if not _DATE.fullmatch(text):
        return False
    try:
        day(text)
    except ValueError:
        return False
    return True
