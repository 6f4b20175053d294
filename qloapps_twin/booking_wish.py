"""What a booking request wishes, checked in the order in which QloApps checks.

Every refusal here is HTTP 400 with code 404. What is not checked is not checked by QloApps either: past dates,
occupancy, the far future, `number_of_rooms` below 1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from qloapps_twin import booking_address
from qloapps_twin.answers import Crashed, NotPlayed, Problem, warning
from qloapps_twin.booking_input import items, part, text
from qloapps_twin.hotel import Hotel, RoomType
from qloapps_twin.php import is_empty, is_numeric, to_decimal, to_int, to_text
from qloapps_twin.refusal import refuse
from qloapps_twin.rules import day_of, is_address, is_city, is_date, is_price, is_unsigned_int

SOLD_OUT = "Requested room(s) not available."
#: Languages of the shop; the first stands in for any other.
_LANGUAGES = (1, 2)
#: Groups of tax rules of the shop, as they are written.
_TAX_GROUPS = ("1", "2", "3", "4", "5")
_EVERYTHING = Decimal(10**12)
_MOST_GUESTS = 32_767
_LARGEST_TAX = Decimal("99999999.99")
#: What a database row of an address refuses, so that the booking breaks where it is stored.
_STORED_BY: dict[str, Callable[[str], bool]] = {"address": is_address, "city": is_city}
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

    hotel_id: int
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
    place_is_stored: bool = True
    room_types: list[TypeWish] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


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
    if not is_empty(associations) and not isinstance(associations, list | dict):
        raise Crashed
    person = part(associations, "customer_detail")
    prices = part(associations, "price_details")
    if text(booking.get("currency")).upper() != hotel.currency(to_int(booking.get("id_property"))):
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
        if is_empty(text(part(person, name)).strip()):
            raise refuse(f"Please provide a valid {told}.")
    for name, told in (("total_paid", "total paid"), ("total_price_with_tax", "total amount with tax")):
        if not is_empty(part(prices, name)) and not is_price(text(part(prices, name))):
            raise refuse(f"Invalid value for {told}.")
    booking_address.check(person)
    payment = part(associations, "payment_detail")
    total_price = part(prices, "total_price_with_tax")
    language, source, remark = booking.get("id_language"), text(booking.get("source")), text(booking.get("remark"))
    return Wish(
        hotel_id=to_int(booking.get("id_property")),
        firstname=text(part(person, "firstname")),
        lastname=text(part(person, "lastname")),
        email=text(part(person, "email")),
        phone=text(part(person, "phone")),
        source=None if is_empty(source) else stored(_TAGS.sub("", source))[:255],
        booking_date=str(booking["booking_date"]) if not is_empty(booking.get("booking_date")) else None,
        remark=None if is_empty(remark) else stored(_TAGS.sub("", remark)),
        language_id=to_int(language) if to_int(language) in _LANGUAGES else _LANGUAGES[0],
        total_paid=_paid(part(prices, "total_paid")),
        total_price=None if is_empty(total_price) else to_decimal(text(total_price)),
        payment_method=text(part(payment, "payment_method")) or None,
        payment_type=PAYMENT_TYPES.get(str(part(payment, "payment_type")), 1),
        status=_status(booking.get("booking_status")),
        payment_status=_status(booking.get("payment_status")),
        place_is_stored=all(rule(text(part(person, name))) for name, rule in _STORED_BY.items() if part(person, name)),
    )


def _paid(sent: Any) -> Decimal:
    """What was paid. True and an empty list are more than any number to PHP: everything is."""
    return _EVERYTHING if sent is True or sent in ([], {}) else to_decimal(text(sent))


def _status(value: Any) -> int | None:
    return None if is_empty(value) else to_int(value)


def check_type(hotel: Hotel, said: Any, warnings: list[Problem]) -> TypeWish:
    """Check one element of `room_types`, without looking for free rooms. PHP warnings are added to `warnings`.

    Raises:
        Refused: 400, the first thing that is wrong.
        Crashed: something that PHP dies on.
    """
    if is_empty(said) and not isinstance(said, list | dict):
        raise refuse(SOLD_OUT)
    if isinstance(said, str):
        raise Crashed
    missing = _missing_keys(said)
    if part(said, "id_room_type") is None:
        raise refuse("Id room type is missing", *missing)
    for name, told in (("checkin_date", "check in"), ("checkout_date", "check out")):
        value = part(said, name)
        if isinstance(value, list | dict):
            raise Crashed
        if not is_date(to_text(value)):
            raise refuse(f"Invalid {told} date in the request", *missing)
    if part(said, "number_of_rooms") is None:
        raise refuse("number of rooms is missing")
    number = part(said, "id_room_type")
    if number in ([], {}):
        raise refuse("Invalid room type in the request", warning("Array to string conversion", 456))
    if isinstance(number, list | dict):
        raise Crashed
    kind = hotel.room_types.get(to_int(number))
    if kind is None:
        raise refuse("Invalid room type in the request")
    if isinstance(part(said, "rooms"), str):
        raise Crashed
    rooms = items(part(said, "rooms"))
    if any(not isinstance(room, list | dict) for room in rooms):
        raise Crashed
    if rooms and len(rooms) != to_int(part(said, "number_of_rooms")):
        raise refuse("Room count does not matches with the number of rooms")
    check_in, check_out = day_of(str(said["checkin_date"])), day_of(str(said["checkout_date"]))
    if check_out < check_in:
        raise refuse("Invalid check in and check out dates in the request")
    if isinstance(number, bool | float):
        raise Crashed
    if not is_unsigned_int(str(number)):  # found by its number, and then looked for by its text
        raise refuse(SOLD_OUT)
    wishes = [_room(room, warnings) for room in rooms]
    return TypeWish(kind, check_in, check_out, _count(hotel, kind, said["number_of_rooms"]), wishes)


def _missing_keys(said: Any) -> list[Problem]:
    names = ("id_room_type", "checkin_date", "checkout_date")
    if not isinstance(said, list | dict):
        return [warning("Trying to access array offset on value of type int", 456) for _ in names]
    lines = (456, 458, 458)
    return [
        warning(f'Undefined array key "{name}"', line)
        for name, line in zip(names, lines, strict=True)
        if name not in said
    ]


def _count(hotel: Hotel, kind: RoomType, sent: Any) -> int:
    """How many rooms are booked. What is no number is compared with the rooms that are free as a text.

    Raises:
        Refused: the comparison says that there are not enough.
        Crashed: there are enough, and PHP cannot count up to it.
    """
    if isinstance(sent, list | dict):
        raise refuse(SOLD_OUT)
    if isinstance(sent, bool):
        return 1
    if is_numeric(sent):
        return max(math.ceil(to_decimal(sent)), 1)
    if str(len(hotel.rooms_of[kind.id])) < sent:
        raise refuse(SOLD_OUT)
    if sent[:1].isdigit():
        raise Crashed
    return 1


def _room(said: Any, warnings: list[Problem]) -> RoomWish:
    adults = part(said, "adults")
    ages = [to_int(age) for age in items(part(said, "child_ages"))]
    _check_extras(said, warnings)
    if not is_empty(part(said, "id_tax_rules_group")):
        if text(part(said, "id_tax_rules_group")) in _TAX_GROUPS:
            warnings.append(warning("Undefined array key 1", 1139))
            warnings.append(warning("Trying to access array offset on value of type null", 1139))
    elif "total_tax" not in said:
        warnings.append(warning('Undefined array key "total_tax"', 510))
    return RoomWish(
        room_id=_room_id(said),
        adults=_adults(adults),
        # without ages the children are not stored
        children=to_int(part(said, "child")) if ages else 0,
        child_ages=ages,
        unit_price=_amount(part(said, "unit_price_without_tax")),
        tax=_tax(part(said, "total_tax"), warnings),
    )


def _check_extras(said: Any, warnings: list[Problem]) -> None:
    """Services and facilities: what is no list is walked through all the same; real ones are not played."""
    for name in ("services", "facilities"):
        sent = part(said, name)
        if isinstance(sent, str) and sent:
            warnings.append(warning("foreach() argument must be of type array|object, string given", 580))
        for one in sent if isinstance(sent, list) else []:
            if isinstance(one, dict) and "total_tax" not in said:
                continue  # the answer is 500 and tells nothing of them
            if isinstance(one, dict):
                raise NotPlayed(f"POST bookings with {name}")
            raise refuse("Invalid request for facilities.") if name == "facilities" else Crashed()


def _room_id(said: Any) -> int | None:
    """The room that is asked for; 0, which is none, when its number is not written as PHP would write it."""
    sent = part(said, "id_room")
    if sent is None:
        return None
    if isinstance(sent, list | dict):
        raise Crashed
    return int(to_text(sent)) if is_unsigned_int(to_text(sent)) else 0


def _adults(sent: Any) -> int | None:
    """How many adults are stored; -1 for what breaks the work after the order was written."""
    if is_empty(sent) and sent is not False:
        return None if sent is None else 0
    number = text(sent)
    if number != str(to_int(number)) or to_int(number) < 0:
        return 0 if sent is False else -1
    return min(to_int(number), _MOST_GUESTS)


def _amount(sent: Any) -> Decimal | None:
    """A price per night; below 0 is 0."""
    if sent is None:
        return None
    if isinstance(sent, list | dict) or not (isinstance(sent, bool) or is_numeric(sent)):
        raise Crashed
    return max(to_decimal(int(sent) if isinstance(sent, bool) else sent), Decimal(0))


def _tax(sent: Any, warnings: list[Problem]) -> Decimal | None:
    """The tax of a room; its sign does not count, and the database keeps ten digits."""
    if sent is None:
        return None
    if isinstance(sent, str) and not is_numeric(sent) and to_int(sent):
        warnings.append(warning("A non-numeric value encountered", 1150))
        return Decimal(to_int(sent))
    if isinstance(sent, list | dict) or not (isinstance(sent, bool) or is_numeric(sent)):
        raise Crashed
    return min(abs(to_decimal(int(sent) if isinstance(sent, bool) else sent)), _LARGEST_TAX)


def check_tail(booking: dict[str, Any]) -> None:
    """Check what QloApps checks after it has looked for rooms.

    Raises:
        Refused: 400, the first thing that is wrong.
    """
    payment_type = part(part(booking.get("associations"), "payment_detail"), "payment_type")
    if payment_type is not None and payment_type is not True and str(payment_type) not in PAYMENT_TYPES:
        raise refuse("Invalid payment type.")
    for name, told, known in (
        ("booking_status", "booking status", (1, 2, 3, 4)),
        ("payment_status", "payment status", (1, 2, 3)),
    ):
        if not is_empty(booking.get(name)) and to_int(booking[name]) not in known:
            raise refuse(f"Invalid {told}.")
    _check_cart_rules(part(booking.get("associations"), "cart_rules"))


def _check_cart_rules(sent: Any) -> None:
    if is_empty(sent):
        return
    if not isinstance(sent, list | dict):
        raise refuse("Invalid cart rules.")
    for rule in items(sent):
        if is_empty(part(rule, "code")):
            raise refuse("Invalid code for cart rule.")
        if is_empty(part(rule, "type")) or is_empty(part(rule, "value")):
            raise refuse("Invalid cart rule parameters.")
        raise NotPlayed("POST bookings with cart_rules")


def too_long(wish: Wish) -> bool:
    """Whether the remark breaks PHP after the order row was written."""
    return wish.remark is not None and len(wish.remark) > _REMARK_LONGEST


def breaks_after_the_customer(wish: Wish) -> bool:
    """Whether the e-mail breaks PHP (500) after the customer was stored or changed, before the order is written."""
    return "|" in wish.email.partition("@")[0] or not wish.place_is_stored


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
