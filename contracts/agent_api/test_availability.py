"""Availability through the agent says what the PMS says, and who said it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pms_drill import clock
from pms_drill.contract.agent import Agent
from pms_drill.contract.qloapps import QloApps
from pms_drill.episodes.guests import GuestBook
from pms_drill.money import written

#: A night that no other guest asks for, so that it may be sold out.
SOLD_OUT_NIGHT = 470


@pytest.mark.property("API-05")
def test_availability_answer_repeats_the_question_and_is_binding(agent: Agent, guest_book: GuestBook) -> None:
    guest = guest_book.guest()
    answer = agent.ask(guest.availability())
    assert answer.status_code == 200
    told = answer.json()
    assert answer.headers["Content-Type"] == "application/json"
    assert {name: told.get(name) for name in guest.availability()} == guest.availability()
    assert [told.get(name) for name in ("available", "binding", "source")] == [True, True, "pms"]


@pytest.mark.property("API-06")
def test_rooms_and_price_are_those_of_the_pms(agent: Agent, pms: QloApps, guest_book: GuestBook) -> None:
    guest = guest_book.guest()
    told = agent.ask(guest.availability()).json()
    ari = pms.quote(guest)
    [offer] = ari["room_types"]
    assert told["rooms_left"] == ari["total_available_rooms"]
    amount = written(offer["total_price_with_tax"], ari["currency"])
    assert told["total"] == {"amount": amount, "currency": ari["currency"]}


@pytest.mark.property("API-07")
def test_as_of_is_the_time_of_the_answer_in_utc(agent: Agent, guest_book: GuestBook) -> None:
    before = clock.utc().replace(microsecond=0)
    told = agent.ask(guest_book.guest().availability()).json()
    as_of = datetime.fromisoformat(told["as_of"])
    assert as_of.tzinfo is not None
    assert before <= as_of.astimezone(UTC) <= clock.utc()


@pytest.mark.property("API-08")
def test_sold_out_is_an_answer_of_the_pms_and_no_error(agent: Agent, pms: QloApps, guest_book: GuestBook) -> None:
    night = guest_book.today() + timedelta(days=SOLD_OUT_NIGHT)
    guest = guest_book.guest(check_in=night, nights=1, room_type=1)
    pms.fill(guest)
    before = clock.utc().replace(microsecond=0)
    answer = agent.ask(guest.availability())
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    told = answer.json()
    assert told | guest.availability() == told
    assert told | {"available": False, "rooms_left": 0, "source": "pms", "binding": True} == told
    as_of = told.get("as_of")
    assert isinstance(as_of, str)
    assert before <= datetime.fromisoformat(as_of) <= clock.utc()
    ari = pms.quote(guest)
    offers = [offer["total_price_with_tax"] for offer in ari["room_types"]]
    # Where the PMS quotes no price for what nobody can have, there is none to tell.
    quoted = [{"amount": written(price, ari["currency"]), "currency": ari["currency"]} for price in offers] or [None]
    assert told.get("total", "missing") in quoted
