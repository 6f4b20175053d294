"""The lies: property -> what its test is told instead of the truth, so that it must fail."""

from __future__ import annotations

import itertools

from tests.mutants.lies.alter import Lie, both, edit, field, header, instead, rows, shrinking, text

_ARI, _BOOKINGS, _ASK, _RESERVE = "/hotel_ari", "/bookings", "/pms/availability", "/pms/reservations"
_ROOMS = ("hotel_ari", "total_available_rooms")
_CUSTOMER = ("booking", "associations", "customer_detail")
_ALIVE = {"is_cancelled": "0", "is_refunded": "0", "is_back_order": "0"}
_numbers = itertools.count()

LIES: dict[str, Lie] = {
    "PMS-01": instead(200, 401),
    "PMS-02": instead(401, 200),
    "PMS-03": header("WWW-Authenticate", 'Basic realm="shop"'),
    "PMS-04": instead(401, 200),
    "PMS-05": header("Allow", "GET"),
    "PMS-06": header("Content-Type", "text/xml"),
    "PMS-07": header("Content-Type", "application/json"),
    "PMS-08": field([], "hotels"),
    "PMS-09": text(lambda _: '{"orders":[]}'),
    "PMS-10": text(lambda _: "not found"),
    "PMS-11": text(lambda told: told.replace("hotel_ari", "ari")),
    "PMS-12": field(lambda number: number + 1, "hotel_ari", "room_types", 0, "id_room_type", path=_ARI),
    "PMS-13": instead(200, 404),
    "PMS-14": shrinking(*_ROOMS, path=_ARI),
    "PMS-15": instead(400, 200),
    "PMS-16": instead(400, 200),
    "PMS-17": header("Location", "/api/bookings/1", path=_BOOKINGS),
    "PMS-18": field("somebody@example.com", "booking", "associations", "customer_detail", "email"),
    "PMS-19": rows("orders", source="nobody's"),
    "PMS-20": rows("bookings", is_cancelled="1"),
    "PMS-21": field(7, *_ROOMS, path=_ARI),
    "PMS-22": rows("bookings", id_room="1"),
    "PMS-23": instead(400, 409),
    "PMS-24": instead(400, 500),
    "PMS-25": field(85, "errors", 0, "code"),
    "PMS-26": instead(201, 200),
    "PMS-27": rows("bookings", **_ALIVE),
    "API-05": field(False, "binding", path=_ASK),
    "API-06": field(lambda rooms: rooms + 1, "rooms_left", path=_ASK),
    "API-07": field("2020-01-01T00:00:00Z", "as_of", path=_ASK),
    "API-08": field(True, "available", path=_ASK),
    "API-09": header("Location", "/api/v1/pms/reservations/other", path=_RESERVE),
    "API-10": rows("bookings", is_cancelled="1"),
    "API-11": rows("orders", source="the same for all"),
    "API-12": edit(lambda body: body.update(reservation_id=str(next(_numbers))), path=_RESERVE),
    "API-13": instead(422, 201),
    "API-14": field("the same for all", "reservation_id", path=_RESERVE),
    "API-15": instead(409, 201),
    "API-16": instead(422, 200),
    "API-17": instead(422, 202),
    "API-18": instead(422, 202),
    "API-19": instead(422, 200),
    "API-20": instead(200, 422),
    "API-21": field(str.upper, "guest_name", path=_RESERVE),
    "API-22": instead(201, 422),
    "API-23": instead(404, 502),
    "API-24": instead(404, 200),
    "API-25": header("Content-Type", "text/html", status=404),
    "API-26": instead(401, 403),
    "API-27": field("open", "state"),
    "API-28": header("X-Debug", "Traceback (most recent call last)"),
    "API-29": field("down", "pms", "status"),
    "API-30": instead(200, 503),
    "API-31": field("2000.00", "total", "amount", path=_RESERVE),
    "EXP-03": header("Content-Type", "application/json"),
}
#: Defects of the PMS for which the list of known ones is empty, so that each is a new one.
FORGOTTEN = frozenset({*(f"QLO-{number:02}" for number in range(1, 9)), "QLO-11"})
#: The same defects -> what their test is told by a PMS that was mended, so that it must not see them.
MENDED: dict[str, Lie] = {
    "QLO-01": edit(lambda body: body.update(orders=body["orders"][:1])),
    "QLO-02": instead(500, 400),
    "QLO-03": edit(lambda body: body["booking"].update(cancelled=str(next(_numbers)))),
    "QLO-04": instead(200, 400, method="POST", path=_BOOKINGS),
    "QLO-05": instead(500, 400),
    "QLO-06": instead(200, 400, method="POST", path=_BOOKINGS),
    "QLO-07": both(
        field(1, "hotel_ari", "room_types", 0, "total_price", path=_ARI),
        field(1, "booking", "associations", "price_details", "total_price_without_tax", path=_BOOKINGS),
    ),
    "QLO-08": instead(200, 404),
    "QLO-11": both(
        field("Ada", *_CUSTOMER, "firstname", path=_BOOKINGS), field("Lovelace", *_CUSTOMER, "lastname", path=_BOOKINGS)
    ),
}
