"""Lists and single elements: every parameter of a list with right and wrong values, and odd numbers of elements."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

_IDS = ("1", "0", "01", "-1", "+1", "1.0", "1abc", "abc", "99999", "4294967296", "%20", "1/2", "1%2C2", "%EF%BC%91")
_FILTERS = {
    "id": (
        *(
            "1",
            "[1]",
            "[1|3]",
            "[1,3]",
            "[3,1]",
            "[2|]",
            "[]",
            "",
            ">[1]",
            "<[3]",
            "![2]",
            ">1",
            "%[1]%",
            "[1]%",
            "%[1]",
        ),
        *("abc", "[abc]", "[01]", "[1abc]", "[1.0]", "[-1]", "[1|abc]", "[1", "1]", "*", "' OR 1=1"),
    ),
    "room_num": ("GR-101", "[GR-101]", "[gr-101]", "[GR]%", "%[101]", "%[-10]%", "[GR-101|DR-101]", "[]", "![GR-101]"),
}
_PARAMETERS = {
    "limit": ("1", "0", "2,3", "1,0", "19,5", "100,5", "-1", "abc", "1,", ",1", "1,2,3", "1.5", " 2", "", "01"),
    "sort": (
        *("id_ASC", "id_DESC", "[id_DESC]", "[id_product_DESC,id_ASC]", "id", "[id]", "id_asc", "[id_UP]", "nope_ASC"),
        *("", "[]", "id_DESC,id_product_ASC", "[room_num_DESC]"),
    ),
    "display": (
        *("full", "[id]", "id", "[id,room_num]", "[room_num,id]", "[id, room_num]", "[nope]", "[id,nope]", ""),
        *("FULL", "[id,id]", "[ID]", "*"),
    ),
    "language": ("1", "2", "3", "0", "abc", "", "[1]", "[1|2]", "-1"),
    "schema": ("bad", "", "0"),
}


def paths() -> Iterator[tuple[str, str]]:
    """Names and paths with queries."""
    for number in _IDS:
        yield f"element {number}", f"/hotel_rooms/{number}"
    # of a booking the texts are those of the shop, so that only what is none is asked for
    yield from ((f"booking {number}", f"/bookings/{number}") for number in ("abc", "-1", "99999", "%EF%BC%91"))
    for field, values in _FILTERS.items():
        yield from ((f"{field} {value}", f"/hotel_rooms?filter[{field}]={quote(value)}") for value in values)
    for name, values in _PARAMETERS.items():
        yield from ((f"{name}={value}", f"/hotel_rooms?{name}={quote(value)}") for value in values)
    yield "language of an element that is not there", "/order_states/1?language=9"
    for wrong in ("filter[nope]=1", "filter=1", "filter[]=1", "filter[id][x]=1", "nope=1", "filter[date_add]=[2026]%"):
        yield wrong, f"/hotel_rooms?{wrong}"
    yield "two filters", "/hotel_rooms?filter[id_product]=[2]&filter[id]=>[7]"
    yield "two filters, none", "/hotel_rooms?filter[id_product]=[2]&filter[id]=[1]"
    yield "all at once", "/hotel_rooms?filter[id_product]=[2]&sort=[id_DESC]&limit=1,2&display=[id,id_product]"
