"""Generic resources: lists, filters, formats, and who may see them."""

from __future__ import annotations

from typing import Any

import pytest

from qloapps_twin import auth
from tests.twin.desk import Desk, booking

OTHER = "OTHERKEY000000000000000000000009"


def ids(told: Any) -> list[int]:
    rows = told.json()
    return [] if rows == [] else [row["id"] for row in next(iter(rows.values()))]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("filter[id]=2", [2]),
        ("filter[id]=[2]", [2]),
        ("filter[id]=[2|4]", [2, 4]),
        ("filter[id]=[2,4]", [2, 3, 4]),
        ("filter[id]=>[3]", [4]),
        ("filter[id]=<[3]", [1, 2]),
        ("filter[id]=![3]", [1, 2, 4]),
        ("filter[reference]=[none]", []),
        ("limit=2", [1, 2]),
        ("limit=1,2", [2, 3]),
        ("limit=10,5", []),
        ("sort=[id_DESC]", [4, 3, 2, 1]),
        ("sort=id_DESC&limit=1", [4]),
        ("filter[source]=[REF-a]", [4]),
        ("filter[source]=ref-A", [4]),
        ("filter[source]=[ref]", []),
        ("filter[source]=%[ef-]%", [4]),
        ("filter[source]=[ref]%", [4]),
        ("filter[source]=%[ref]", []),
        ("filter[source]=[ref-a]&filter[current_state]=[2]", []),
        ("filter[source]=[ref-a|localhost:8080]", [1, 2, 3, 4]),
    ],
)
def test_list_of_orders_is_filtered_sorted_and_cut(desk: Desk, query: str, found: list[int]) -> None:
    desk.book(booking(source="ref-a"))
    assert ids(desk.ask("GET", f"/orders?{query}")) == found


def test_list_shows_the_asked_fields_in_its_own_order(desk: Desk) -> None:
    told = desk.ask("GET", "/room_bookings?display=[is_cancelled,id_room,id]&filter[id_order]=[1]").json()
    assert told == {"bookings": [{"id": 1, "id_room": 1, "is_cancelled": 0}]}


def test_list_of_bookings_knows_no_parameter(desk: Desk) -> None:
    assert ids(desk.ask("GET", "/bookings?limit=1&sort=[id_DESC]&filter[id]=[2]&display=full")) == [1, 2, 3]


def test_filter_by_index_and_by_search_find_the_same(desk: Desk) -> None:
    for _ in range(3):
        desk.book(booking())
    for order in range(1, 8):
        by_index = desk.ask("GET", f"/room_bookings?filter[id_order]=[{order}]&display=full").text
        by_search = desk.ask("GET", f"/room_bookings?filter[id_order]=[{order}|-5]&display=full").text
        assert by_index == by_search


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("filter[nope]=1", 32),
        ("filter[date_add]=1", 32),
        ("display=[nope]", 35),
        ("sort=nope", 37),
        ("sort=[id_UP]", 37),
    ],
)
def test_unknown_field_is_500_with_the_reason_first(desk: Desk, query: str, code: int) -> None:
    told = desk.ask("GET", f"/orders?{query}")
    assert (told.status, told.codes) == (500, [code, 3, 3, 3, 3])


@pytest.mark.parametrize("place", ["/hotels/99", "/hotels/abc", "/bookings/-1", "/bookings/99", "/orders/0"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_unknown_id_is_404_without_body_and_type(desk: Desk, place: str, method: str) -> None:
    told = desk.ask(method, place)
    assert (told.status, told.text, told.answer.content_type) == (404, "", None)


def test_language_makes_plain_texts(desk: Desk) -> None:
    assert desk.ask("GET", "/room_types/2?language=1").json()["room_type"]["name"] == "Delux Rooms"
    assert desk.ask("GET", "/room_types/2").json()["room_type"]["name"][0] == {"id": 1, "value": "Delux Rooms"}


@pytest.mark.parametrize(
    ("query", "headers", "json"),
    [
        ("output_format=JSON", {}, True),
        ("output_format=XML&io_format=JSON", {}, False),
        ("output_format=json", {}, False),
        ("output_format=XML", {"output-format": "JSON"}, True),
        ("output_format=JSON", {"output-format": "XML"}, False),
        ("output_format=XML", {"io-format": "JSON", "output-format": "XML"}, True),
        ("output_format=XML", {"accept": "application/json"}, False),
    ],
)
def test_format_is_asked_for_by_query_or_header_and_never_by_accept(
    desk: Desk, query: str, headers: dict[str, str], json: bool
) -> None:
    assert (desk.ask("GET", f"/hotels?{query}", **headers).answer.content_type == "application/json") == json


def test_customer_can_be_made_changed_found_and_deleted(desk: Desk) -> None:
    parts = "<passwd>x</passwd><lastname>Turing</lastname><firstname>Alan</firstname><email>at@example.com</email>"
    made = desk.ask("POST", "/customers", f"<qloapps><customer>{parts}</customer></qloapps>")
    assert (made.status, made.json()["customer"]["id"]) == (201, "15")
    changed = f"<qloapps><customer><id>15</id>{parts.replace('>Alan<', '>Alan M<')}</customer></qloapps>"
    assert desk.ask("PUT", "/customers/15", changed).status == 200
    told = desk.ask("GET", "/customers?filter[email]=[at@example.com]&display=[firstname]").json()
    assert told == {"customers": [{"firstname": "Alan M"}]}
    assert desk.ask("DELETE", "/customers/15").status == 200
    assert desk.ask("GET", "/customers/15").status == 404
    assert desk.ask("DELETE", "/customers/15").codes == [87]


def test_json_to_a_generic_resource_is_500(desk: Desk) -> None:
    told = desk.ask("POST", "/customers", {"customer": {}})
    assert (told.status, told.codes) == (500, [3, 3, 3, 127])


def test_order_history_of_an_unknown_order_or_state_is_a_bare_text_with_200(desk: Desk) -> None:
    for order, state in ((999, 4), (1, 999)):
        told = desk.set_state(order, state).answer
        assert (told.status, told.body, told.handled) == (200, b"Invalid new order status", False)


def test_order_history_needs_an_order(desk: Desk) -> None:
    assert desk.ask("POST", "/order_histories", "<qloapps><order_history/></qloapps>").codes == [41]


def test_permission_is_by_resource_and_method(desk: Desk) -> None:
    desk.service.keys.put(auth.Key(OTHER, permissions={"hotels": ["GET"]}))
    assert desk.ask("GET", "/hotels", key=OTHER).status == 200
    assert (desk.ask("HEAD", "/hotels", key=OTHER).status, desk.ask("HEAD", "/hotels", key=OTHER).codes) == (405, [25])
    refused = desk.ask("GET", "/orders", key=OTHER)
    assert (refused.status, refused.codes, refused.answer.extra) == (401, [26], ())
    assert desk.ask("GET", "/", key=OTHER).json() == ["hotels"]


@pytest.mark.parametrize(
    ("change", "status", "codes"),
    [({"active": False}, 401, [20, 21]), ({"shop": False}, 403, [132]), ({"permissions": {}}, 401, [21])],
)
def test_key_that_may_nothing(desk: Desk, change: dict[str, Any], status: int, codes: list[int]) -> None:
    desk.service.keys.put(auth.Key(OTHER, **change))
    told = desk.ask("GET", "/hotels", key=OTHER)
    assert (told.status, told.codes) == (status, codes)


@pytest.mark.parametrize(("key", "codes"), [("", [17]), ("short", [18]), ("x" * 33, [18]), ("x" * 32, [20, 21])])
def test_bad_key_is_401_with_its_reason(desk: Desk, key: str, codes: list[int]) -> None:
    told = desk.ask("GET", "/hotels", key=key)
    assert (told.status, told.codes) == (401, codes)
    assert 'realm="Welcome to QloApps Webservice' in told.answer.extra[0][1]


def test_without_key_the_text_is_no_error_body(desk: Desk) -> None:
    told = desk.ask("GET", "/hotels", key=None, authorization="Bearer x")
    assert (told.status, told.text) == (401, "401 Unauthorized")
    assert 'realm="Welcome to PrestaShop Webservice' in told.answer.extra[0][1]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_unknown_resource_is_400_for_every_method(desk: Desk, method: str) -> None:
    told = desk.ask(method, "/availability")
    assert (told.status, told.codes) == (400, [27])


def test_deleted_customer_is_not_found_by_email_any_more(desk: Desk) -> None:
    first = desk.book(booking()).json()["booking"]["associations"]["customer_detail"]["id_customer"]
    assert desk.ask("DELETE", f"/customers/{first}").status == 200
    told = desk.book(booking(person={"firstname": "Augusta"})).json()["booking"]["associations"]["customer_detail"]
    assert told["id_customer"] == first + 1
    again = desk.book(booking()).json()["booking"]["associations"]["customer_detail"]
    assert again["id_customer"] == first + 1


def test_texts_of_one_language_are_plain_in_json_and_one_element_in_xml(desk: Desk) -> None:
    assert desk.ask("GET", "/order_states/1?language=1").json()["order_state"]["name"] == "Awaiting payment"
    text = desk.ask("GET", "/order_states/1?language=1&output_format=XML").text
    assert '<name><language id="1"' in text
    assert '<language id="2"' not in text
