"""What the twin does not play it refuses with 501, which QloApps never answers: no false success, no list that lies."""

from __future__ import annotations

import pytest

from qloapps_twin.answers import Request
from qloapps_twin.fields import EMPTY, RESOURCES
from qloapps_twin.service import run
from qloapps_twin.tables import TABLES
from tests.twin.asked import xml
from tests.twin.desk import Desk, booking
from tests.twin.recordings import MAIN_KEY

_PAID = "<qloapps><order><id>1</id><current_state>4</current_state></order></qloapps>"
_CUSTOMER = {"id": "2", "passwd": "x", "lastname": "A", "firstname": "B", "email": "guest1@example.com"}


@pytest.mark.parametrize("resource", sorted(set(TABLES) - {"customers", "order_histories", "feature_prices"}))
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_write_that_the_twin_does_not_do_is_refused_loudly(desk: Desk, resource: str, method: str) -> None:
    key = next(iter(TABLES[resource].things(desk.service.hotel)))
    told = desk.ask(method, f"/{resource}/{key}", "<qloapps/>")
    assert (told.status, told.codes) == (501, [501])
    assert told.messages[0].startswith(f"The twin of QloApps does not play {method} {resource}.")
    assert told.answer.extra == (("X-Not-Played", f"{method} {resource}"),)


@pytest.mark.parametrize(("method", "code"), [("PUT", 92), ("DELETE", 87)])
def test_what_does_not_exist_is_refused_as_qloapps_does(desk: Desk, method: str, code: int) -> None:
    told = desk.ask(method, "/orders/99", _PAID.replace(">1<", ">99<"))
    assert (told.status, told.codes) == (404, [code])


def test_cancelling_by_put_of_an_order_changes_nothing_and_does_not_look_done(desk: Desk) -> None:
    order = desk.book(booking()).order
    assert desk.ask("PUT", f"/orders/{order}", _PAID.replace(">1<", f">{order}<")).status == 501
    assert desk.state(order) == 1
    assert desk.ask("DELETE", f"/orders/{order}").status == 501
    assert desk.ask("GET", f"/orders/{order}").status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_history_of_an_order_is_only_added_to(desk: Desk, method: str) -> None:
    assert desk.ask(method, "/order_histories/1", "<qloapps/>").status == 501


@pytest.mark.parametrize("resource", sorted(set(RESOURCES) - set(TABLES) - {"bookings", "hotel_ari"}))
def test_list_without_rows_is_told_only_where_a_real_shop_has_none(desk: Desk, resource: str) -> None:
    told = desk.ask("GET", f"/{resource}")
    one = desk.ask("GET", f"/{resource}/1")
    assert (told.status, one.status) == ((200, 404) if resource in EMPTY else (501, 501))
    assert desk.ask("POST", f"/{resource}", "<qloapps/>").status == 501


@pytest.mark.parametrize(
    "path",
    [
        *("/bookings?schema=blank", "/bookings?schema=bad", "/hotel_ari?schema=blank", "/orders?schema=synopsis"),
        *("/carriers?schema=blank", "/orders?date=1&filter[date_add]=[2026]%", "/room_types?price[a][use_tax]=1"),
    ],
)
def test_parameter_that_changes_the_answer_of_qloapps_is_not_ignored(desk: Desk, path: str) -> None:
    assert desk.ask("GET", path).status == 501


@pytest.mark.parametrize("change", [{"email": "other@example.com"}, {"active": "0"}])
def test_column_of_a_customer_that_is_not_kept_is_not_changed_silently(desk: Desk, change: dict[str, str]) -> None:
    assert desk.ask("PUT", "/customers/2", xml("customer", _CUSTOMER | change).decode()).status == 501
    assert desk.ask("PUT", "/customers/2", xml("customer", _CUSTOMER).decode()).status == 200


def test_change_of_a_customer_needs_all_required_fields(desk: Desk) -> None:
    told = desk.ask("PUT", "/customers/2", xml("customer", {"id": "2", "firstname": "B"}).decode())
    assert (told.status, told.messages) == (400, ['parameter "passwd" required'])


def test_refusal_is_counted_and_logged(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        desk.ask("DELETE", "/orders/1")
    assert desk.service.not_played == {"DELETE orders": 2}
    assert capsys.readouterr().err == "not played: DELETE orders\n" * 2
    desk.service.reset()
    assert desk.service.not_played == {"DELETE orders": 2}


def test_refusal_is_xml_where_xml_is_asked_for(desk: Desk) -> None:
    answer = run(desk.service.answer(Request("DELETE", "/api/orders/1", {"ws_key": MAIN_KEY})))
    assert (answer.status, answer.content_type) == (501, "text/xml;charset=utf-8")
    assert b"<code><![CDATA[501]]></code>" in answer.body


def test_currency_is_that_of_the_shop(desk: Desk) -> None:
    assert desk.ask("GET", "/currencies").json() == {"currencies": [{"id": 1}]}
    shown = desk.ask("GET", "/currencies?filter[iso_code]=[PLN]&display=[id,iso_code,decimals]").json()
    assert shown == {"currencies": [{"id": 1, "iso_code": "PLN", "decimals": 1}]}
    assert desk.ask("GET", "/currencies/99").status == 404
