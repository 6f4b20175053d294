"""Input that breaks a rule is 422 and never reaches the PMS; at the edges it is still taken."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from pms_drill.checks.problems import is_problem
from pms_drill.checks.verdict import claim
from pms_drill.contract.agent import Agent
from pms_drill.contract.calls import Calls
from pms_drill.contract.days import Stay, within_one_day
from pms_drill.contract.qloapps import QloApps
from pms_drill.episodes.guests import GuestBook
from pms_drill.evidence.history import Guest

MISSING = object()


#: Broken rules that both operations share.
WRONG_STAYS: dict[str, Stay | dict[str, Any]] = {
    "yesterday": Stay(-1, 3),
    "leaves when it comes": Stay(30, 0),
    "leaves before it comes": Stay(30, -1),
    "31 nights": Stay(30, 31),
    "501 days ahead": Stay(501, 1),
    "room type true": {"room_type": True},
    "room type in quotes": {"room_type": "1"},
    "room type 1.5": {"room_type": 1.5},
    "room type 0": {"room_type": 0},
    "room type below 0": {"room_type": -1},
    "hotel true": {"hotel_id": True},
    "hotel null": {"hotel_id": None},
    "date as number": {"check_in": 20270301},
    "date with time": {"check_in": "2027-03-01T00:00:00"},
    "date in short": {"check_in": "2027-3-1"},
    "date without hyphens": {"check_in": "20270301"},
    "no such date": {"check_in": "2027-02-30"},
    "a week": {"check_in": "2027-W09-1"},
    "unknown field": {"rooms": 1},
    "no room type": {"room_type": MISSING},
    "no check_in": {"check_in": MISSING},
}
WRONG_GUESTS: dict[str, dict[str, Any]] = {
    "no name": {"guest_name": MISSING},
    "empty name": {"guest_name": ""},
    "blank name": {"guest_name": "  "},
    "name as list": {"guest_name": ["Ada", "Lovelace"]},
    "33 characters before the last space": {"guest_name": "A" * 33 + " B"},
    "33 characters after it": {"guest_name": "A " + "B" * 33},
    "an emoji": {"guest_name": "Ada 😀"},
    "no e-mail": {"email": MISSING},
    "e-mail without @": {"email": "ada.example.com"},
    "two @": {"email": "a@b@example.com"},
    "129 characters": {"email": "a" * 60 + "@" + "b" * 60 + ".exam.com"},
    "dot in front": {"email": ".ada@example.com"},
    "host without dot": {"email": "ada@example"},
    "quoted local part": {"email": '"a b"@example.com'},
    "address as host": {"email": "ada@[127.0.0.1]"},
    "two dots in the host": {"email": "ada@ex..com"},
    "pipe in the local part": {"email": "a|b@example.com"},
    "hyphen in the last label": {"email": "ada@example.xn--p1ai"},
    "blank around": {"email": " ada@example.com"},
}
#: What QloApps refuses or spoils in the name of a guest.
BAD_IN_NAMES = '!<>,;?=+()@#"°{}_$%:|¤0123456789'
NOT_JSON = {
    "cut": b'{"hotel_id": 1',
    "empty": b"",
    "a list": b"[]",
    "a word": b'"stay"',
    "null": b"null",
    "UTF-16": b"\xff\xfe{\x00}\x00",
    "not UTF-8": b"\x8a",
}
RIGHT_STAYS = {"today": Stay(0, 1), "30 nights": Stay(40, 30), "500 days ahead": Stay(500, 1)}


def wrong(body: dict[str, Any], case: Stay | dict[str, Any], today: date) -> dict[str, Any]:
    """The body with the case's changes; what is MISSING is left out."""
    changes = case.on(today) if isinstance(case, Stay) else case
    return {name: value for name, value in (body | changes).items() if value is not MISSING}


@pytest.mark.property("API-16")
@pytest.mark.parametrize("case", WRONG_STAYS)
def test_wrong_stay_is_422_for_availability_and_never_sent(
    agent: Agent, guest_book: GuestBook, calls: Calls, case: str
) -> None:
    body = guest_book.guest().availability()
    answer = within_one_day(guest_book.today, lambda today: agent.ask(wrong(body, WRONG_STAYS[case], today)))
    claim(is_problem(answer.status_code, answer.headers["Content-Type"], answer.text, wanted=422))
    assert calls.made() == []


@pytest.mark.property("API-17")
@pytest.mark.parametrize("case", WRONG_STAYS | WRONG_GUESTS)
def test_wrong_reservation_is_422_and_never_sent(agent: Agent, guest_book: GuestBook, calls: Calls, case: str) -> None:
    body, changes = guest_book.guest().reservation(), (WRONG_STAYS | WRONG_GUESTS)[case]
    answer = within_one_day(guest_book.today, lambda today: agent.reserve(wrong(body, changes, today)))
    claim(is_problem(answer.status_code, answer.headers["Content-Type"], answer.text, wanted=422))
    assert calls.made() == []


@pytest.mark.property("API-18")
def test_no_character_that_the_pms_spoils_is_taken_in_a_name(agent: Agent, guest_book: GuestBook, calls: Calls) -> None:
    body = guest_book.guest().reservation()
    taken = [
        sign for sign in BAD_IN_NAMES if agent.reserve(body | {"guest_name": f"Ada Love{sign}ce"}).status_code != 422
    ]
    assert taken == []
    assert calls.made() == []


@pytest.mark.property("API-19")
@pytest.mark.parametrize("case", NOT_JSON)
@pytest.mark.parametrize("operation", ["availability", "reservations"])
def test_body_that_is_no_json_object_is_422_and_never_sent(
    agent: Agent, calls: Calls, operation: str, case: str
) -> None:
    answer = agent.send(operation, NOT_JSON[case])
    claim(is_problem(answer.status_code, answer.headers["Content-Type"], answer.text, wanted=422))
    assert calls.made() == []


@pytest.mark.property("API-20")
@pytest.mark.parametrize("case", RIGHT_STAYS)
def test_stay_at_the_edge_of_a_rule_is_taken(agent: Agent, guest_book: GuestBook, case: str) -> None:
    body = guest_book.guest().availability()
    answer = within_one_day(guest_book.today, lambda today: agent.ask(wrong(body, RIGHT_STAYS[case], today)))
    assert answer.status_code == 200


@pytest.mark.property("API-21")
@pytest.mark.parametrize(
    "name",
    [
        "Ada",
        "Ada King Lovelace",
        "Jean-Luc O'Neill",
        "Åsa Ødegård",
        "Ζωή Παπαδοπούλου",
        "山田 太郎",
        "A" * 32 + " " + "B" * 32,
    ],
)
def test_name_of_a_guest_that_the_pms_takes_is_taken_and_stored_as_it_is(
    agent: Agent, pms: QloApps, guest_book: GuestBook, name: str
) -> None:
    answer = agent.reserve(guest_book.guest().reservation() | {"guest_name": name})
    assert (answer.status_code, answer.json()["guest_name"]) == (201, name)
    booking = pms.get(f"bookings/{answer.json()['pms_booking_id']}").json()["booking"]
    customer = booking["associations"]["customer_detail"]
    first, _, last = name.rpartition(" ")
    assert (customer["firstname"], customer["lastname"]) == (first or last, last)


@pytest.mark.property("API-22")
def test_body_may_spell_its_characters_in_any_way_of_json(agent: Agent, guest_book: GuestBook) -> None:
    guest: Guest = guest_book.guest()
    body = json.dumps(guest.reservation() | {"guest_name": "Åsa Ødegård"}, ensure_ascii=True).encode()
    answer = agent.send("reservations", body)
    assert (answer.status_code, answer.json()["guest_name"]) == (201, "Åsa Ødegård")
