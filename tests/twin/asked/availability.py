"""Searches for availability: one field after the other with right and wrong values of its type, and odd bodies."""

from __future__ import annotations

from collections.abc import Iterator

from tests.twin.asked import xml

_ASKED = {"id_hotel": "1", "date_from": "2027-02-27", "date_to": "2027-03-03", "id_room_type": "1"}
#: What people send for numbers and booleans.
PLAIN = (
    *("", " ", "0", "1", "01", " 1 ", "1.0", "1.5", "-1", "+1", "1abc", "abc", "true", "TRUE", "False", "on", "yes"),
    *("99999", "4294967295", "4294967296", "2147483648", "1e1", "0x1", "1,2", "1 2", "\u00bd", "\uff11", "<b>1</b>"),
    "<![CDATA[1]]>",
)
DATES = [
    *["2027-03-01", "2027-3-1", "27-03-01", "2027-02-29", "2027-02-30", "2027-13-01", "2027-00-10", "0000-00-00"],
    *["2027-03-01 00:00:00", "2027-03-01 10:00:00", "2027-03-01 24:00:00", "2027-03-01 24:00:01"],
    *["2027-03-01 23:59:60", "2027-03-01 1:2:3", "2027-03-01 10:00", "2027-03-01T00:00:00"],
    *["2027-03-01T00:00:00Z", "2027-03-01 00:00:00.5", "01.03.2027", "03/01/2027", "2027/03/01", "20270301"],
    *["tomorrow", "now", " 2027-03-01 ", "2027-03-01x", "x2027-03-01", "", " ", "<![CDATA[2027-03-01]]>"],
]
#: QloApps takes them for the first of January 1970: only a stay in that year is short enough to be asked for.
_NO_TIMES = ("25:00:00", "23:60:00", "23:59:61")
_FLAGS = ("get_available_rooms", "get_unavailable_rooms", "get_partial_available_rooms", "get_booked_rooms")


def bodies() -> Iterator[tuple[str, bytes]]:
    """Names and bodies."""
    for field in ("id_hotel", "id_room_type"):
        yield from ((f"{field}={value!r}", _search({field: value})) for value in (None, *PLAIN))
    for field in ("get_booked_rooms", "date_wise_breakdown"):
        yield from ((f"{field}={value!r}", _search({field: value})) for value in PLAIN)
    for field in (*_FLAGS, "unknown_field"):
        yield from ((f"{field}={value!r}", _search({field: value})) for value in ("0", "1", "true"))
    for value in DATES:
        yield f"date_from={value!r}", _search({"date_from": value})
        yield f"date_to={value!r}", _search({"date_to": value})
    yield "date_to='0'", _search({"date_to": "0"})
    yield "both dates '0'", _search({"date_from": "0", "date_to": "0"})
    for time in _NO_TIMES:
        yield f"from {time}", _search({"date_from": f"2027-03-01 {time}", "date_to": "1970-01-03"})
        yield f"to {time}", _search({"date_to": f"2027-03-01 {time}"})
    hours = {"date_from": "2027-03-01 10:00:00", "date_to": "2027-03-01 11:00:00"}
    yield "an hour", _search(hours)
    yield "an hour by nights", _search(hours | {"date_wise_breakdown": "1"})
    yield from _occupancies()
    yield from _two_defects()
    yield from _odd()


def _occupancies() -> Iterator[tuple[str, bytes]]:
    for field in ("adults", "children"):
        for value in (None, *PLAIN):
            guests = {"adults": "2", "children": "0"} | {field: value}
            room = "".join(f"<{name}>{number}</{name}>" for name, number in guests.items() if number is not None)
            yield f"{field}={value!r}", _rooms(f"<room_occupancy>{room}</room_occupancy>")
    good = "<room_occupancy><adults>1</adults><children>0</children></room_occupancy>"
    yield "no room", _rooms("")
    yield "a room without guests", _rooms("<room_occupancy/>")
    yield "two rooms without guests", _rooms("<room_occupancy/>" * 2)
    yield "a room of text", _rooms("<room_occupancy>x</room_occupancy>")
    yield "the second room without adults", _rooms(good + "<room_occupancy><children>0</children></room_occupancy>")
    yield "the second room with no adults", _rooms(good + good.replace(">1<", ">0<"))
    yield "children without ages", _rooms(good.replace(">0<", ">2<"))
    yield "rooms under another name", _rooms("<room><adults>0</adults></room>")


def _two_defects() -> Iterator[tuple[str, bytes]]:
    pairs = (
        ("id_room_type", "date_from"),
        ("date_to", "get_available_rooms"),
        ("get_partial_available_rooms", _FLAGS[3]),
    )
    for pair in pairs:
        yield " and ".join(pair), _search(dict.fromkeys(pair, "x"))
    yield "all flags", _search(dict.fromkeys((*_FLAGS, "date_wise_breakdown"), "x"))
    yield "no dates", _search({"date_from": None, "date_to": None})
    yield "no end, bad type", _search({"date_to": None, "id_room_type": "x"})


def _odd() -> Iterator[tuple[str, bytes]]:
    whole = _search({}).decode()
    inner = whole.removeprefix("<qloapps>").removesuffix("</qloapps>")
    odd = {
        "nothing": "",
        "a zero": "0",
        "spaces": "   ",
        "words": "hello",
        "an object": '{"hotel_ari":{}}',
        "cut": "<qloapps><hotel_ari>",
        "an empty root": "<qloapps/>",
        "a root of text": "<qloapps>x</qloapps>",
        "a root with an attribute": '<qloapps a="1"/>',
        "no root": "<hotel_ari><id_hotel>1</id_hotel></hotel_ari>",
        "another root": f"<x>{inner}</x>",
        "an empty search": "<qloapps><hotel_ari/></qloapps>",
        "two searches": f"<qloapps>{inner * 2}</qloapps>",
        "something first": f"<qloapps><a/>{inner}</qloapps>",
        "under another name": whole.replace("hotel_ari", "ari"),
        "in capitals": whole.replace("id_hotel", "ID_HOTEL"),
        "with a declaration": f'<?xml version="1.0"?>{whole}',
        "with a late declaration": f'\n<?xml version="1.0"?>{whole}',
        "of a form": f"xml={whole}",
        "with an attribute": whole.replace("<id_hotel>", '<id_hotel a="1">'),
        "with a comment": whole.replace("<id_hotel>", "<!-- a --><id_hotel>"),
        "a type twice": whole.replace("</hotel_ari>", "<id_room_type>2</id_room_type></hotel_ari>"),
        "a hotel twice": whole.replace("</hotel_ari>", "<id_hotel>99</id_hotel></hotel_ari>"),
        "a date twice": whole.replace("</hotel_ari>", "<date_to>2027-04-01</date_to></hotel_ari>"),
        "empty associations": whole.replace("</hotel_ari>", "<associations/></hotel_ari>"),
        "associations of text": whole.replace("</hotel_ari>", "<associations>x</associations></hotel_ari>"),
    }
    yield from ((name, body.encode()) for name, body in odd.items())


def _search(changes: dict[str, str | None], more: str = "") -> bytes:
    return xml("hotel_ari", _ASKED | changes, more)


def _rooms(inner: str) -> bytes:
    return _search({}, f"<associations><room_occupancies>{inner}</room_occupancies></associations>")
