"""Money of the PMS: written with the digits of its currency, and each hotel booked in its own."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from hotel_agent.money import written
from tests.agent.scripted_pms import Act, ScriptedPms, Work, answers
from tests.agent.support import PATIENT, StartAgent, day, query


@pytest.mark.parametrize(
    ("figure", "currency", "told"),
    [
        ("3075.000000", "PLN", "3075.00"),
        ("1537.5", "PLN", "1537.50"),
        ("0", "EUR", "0.00"),
        ("0.005", "EUR", "0.01"),
        ("0.125", "EUR", "0.13"),
        ("33.333333", "EUR", "33.33"),
        ("3075.000000", "JPY", "3075"),
        ("3075.5", "JPY", "3076"),
        ("1E+3", "JPY", "1000"),
        ("12.345", "KWD", "12.345"),
        ("12.3456", "BHD", "12.346"),
        ("12.3456", "CLF", "12.3456"),
        ("12", "QQQ", "12.00"),
        ("12.345000", "QQQ", "12.345"),
        ("12.3456789", "QQQ", "12.3457"),
        ("12.5", "XAU", "12.50"),
    ],
)
def test_an_amount_has_the_digits_of_its_currency(figure: str, currency: str, told: str) -> None:
    assert written(Decimal(figure), currency) == told


def in_currencies(by_hotel: dict[str, str], price: str) -> Act:
    """Questions are answered for each hotel in its own currency, at this price."""

    async def act(request: web.Request, work: Work) -> web.Response:
        del request
        told: dict[str, Any] = json.loads(work().text or "")
        ari = told["hotel_ari"]
        ari["currency"] = by_hotel[ari["id_hotel"]]
        ari["room_types"][0]["total_price_with_tax"] = "PRICE"
        return web.Response(text=json.dumps(told).replace('"PRICE"', price), content_type="application/json")

    return act


def booked_in(pms: ScriptedPms) -> list[str]:
    return [json.loads(call.body)["booking"]["currency"] for call in pms.of("booking")]


@pytest.mark.parametrize(
    ("currency", "price", "told"),
    [("KWD", "12.345", "12.345"), ("JPY", "3075", "3075"), ("EUR", "12.345", "12.35")],
)
def test_a_quote_is_exact_in_currencies_with_other_digits(
    start_agent: StartAgent, pms: ScriptedPms, currency: str, price: str, told: str
) -> None:
    agent = start_agent(**PATIENT)
    pms.always("availability", in_currencies({"1": currency}, price))
    assert agent.ask().json()["total"] == {"amount": told, "currency": currency}


def test_a_question_about_another_hotel_changes_no_hotels_currency(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(**PATIENT)
    pms.always("availability", in_currencies({"1": "KWD", "2": "JPY", "3": "EUR"}, "12.5"))
    for hotel in (1, 2, 3):
        assert agent.ask(hotel_id=hotel).status_code == 200
    totals = [agent.book(hotel_id=hotel).json()["total"] for hotel in (1, 2, 3)]
    assert booked_in(pms) == ["KWD", "JPY", "EUR"]
    assert totals == [
        {"amount": "2460.000", "currency": "KWD"},
        {"amount": "2460", "currency": "JPY"},
        {"amount": "2460.00", "currency": "EUR"},
    ]


def test_a_hotel_that_nobody_asked_about_is_not_booked_in_the_currency_of_another(
    start_agent: StartAgent, pms: ScriptedPms
) -> None:
    agent = start_agent(**PATIENT)
    pms.always("availability", in_currencies({"1": "PLN", "2": "JPY"}, "12.5"))
    agent.ask(hotel_id=2)
    assert agent.book(hotel_id=1).status_code == 201
    assert booked_in(pms) == ["PLN"]


def test_the_currency_of_the_settings_is_never_changed_by_a_quote(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_CURRENCY="EUR", **PATIENT)
    agent.ask()
    agent.book()
    assert booked_in(pms) == ["EUR"]


BOOKING_SPOILT: dict[str, dict[str, Any]] = {
    "another currency": {"currency": "EUR"},
    "no currency": {"currency": None},
    "another hotel": {"id_property": 2},
    "an id of zero": {"id": 0},
    "an id that no store can keep": {"id": 10**30},
}


@pytest.mark.parametrize("name", BOOKING_SPOILT)
def test_an_answer_about_another_booking_is_looked_up(start_agent: StartAgent, pms: ScriptedPms, name: str) -> None:
    """The room is held: the guest is told what the PMS's order says, never what stands in the answer."""
    agent = start_agent(PMS_CURRENCY="PLN", **PATIENT)

    async def spoilt(request: web.Request, work: Work) -> web.Response:
        del request
        told = json.loads(work().text or "")
        told["booking"] |= BOOKING_SPOILT[name]
        return web.json_response(told)

    pms.next("booking", spoilt)
    answer = agent.book()
    assert (answer.status_code, answer.json()["pms_booking_id"]) == (201, pms.live[0].id)
    assert answer.json()["total"] == {"amount": "2460.00", "currency": "PLN"}
    assert agent.metric("pms_api_errors_total", operation="reservation", kind="bad_answer") == 1


ARI_SPOILT = {
    "a currency in small letters": '"currency": "pln"',
    "a currency of four letters": '"currency": "EURO"',
    "a currency that cannot be written": '"currency": "\\ud800"',
    "rooms beyond every count": '"total_available_rooms": 99999999999999999999',
    "a price beyond every column": '"total_price_with_tax": 1e400000',
}


@pytest.mark.parametrize("name", ARI_SPOILT)
def test_what_no_guest_may_be_told_is_a_bad_answer(start_agent: StartAgent, pms: ScriptedPms, name: str) -> None:
    agent = start_agent(**PATIENT)
    wish = query()
    members = [f'"id_hotel": "1", "date_from": "{wish["check_in"]}", "date_to": "{wish["check_out"]}"']
    good = {"currency": '"PLN"', "total_available_rooms": "4"}
    price = '"total_price_with_tax": 3075'
    field = ARI_SPOILT[name].partition('"')[2].partition('"')[0]
    members += [ARI_SPOILT[name] if field == key else f'"{key}": {value}' for key, value in good.items()]
    spoilt_price = ARI_SPOILT[name] if field == "total_price_with_tax" else price
    members.append(f'"room_types": [{{"id_room_type": 1, {spoilt_price}}}]')
    pms.always("availability", answers(200, f'{{"hotel_ari": {{{", ".join(members)}}}}}', "application/json"))
    assert agent.ask(check_out=day(32)).status_code == 502
    assert agent.metric("pms_api_errors_total", operation="availability", kind="bad_answer") == 1


def test_a_refusal_that_cannot_be_written_or_is_endless_is_told_short(
    start_agent: StartAgent, pms: ScriptedPms
) -> None:
    agent = start_agent(**PATIENT)
    body = '{"errors": [{"code": 85, "message": "\\ud800' + "no " * 10_000 + '"}]}'
    pms.always("availability", answers(400, body, "application/json"))
    answer = agent.ask()
    assert answer.status_code == 502, answer.text
    assert answer.json()["type"] == "pms-refused"
    assert len(answer.json()["detail"]) <= 300


def test_a_cancellation_of_another_order_is_no_cancellation(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_SETTLE="0.4", PMS_CURRENCY="PLN", **PATIENT)
    pms.next("booking", pms.hold())
    other = '{"order_history": {"id": "5", "id_order_state": 4, "id_order": "999"}}'
    pms.next("cancel", answers(201, other, "application/json"))
    reservation = agent.book().json()["reservation_id"]
    agent.becomes(reservation, "confirmed")
    pms.deliver()
    agent.becomes(reservation, "confirmed")

    def counted() -> bool:
        return agent.metric("pms_duplicates_cancelled_total") == 1

    from tests.agent.support import eventually

    eventually(counted, within=15)
    assert len(pms.live) == 1
    assert agent.metric("pms_api_errors_total", operation="cancel", kind="bad_answer") == 1
