"""Availability, row by row of the table of outcomes."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import httpx
import pytest

from hotel_agent.answers import quote
from hotel_agent.failures import BadAnswer
from hotel_agent.models import Query
from tests.agent.scripted_pms import Act, ScriptedPms, answers, cut, drip, hang, late, refuses, reset
from tests.agent.support import PATIENT, RunningAgent, StartAgent, day, eventually, problem, query

DEADLINE = 1.0


def trip(agent: RunningAgent, pms: ScriptedPms) -> None:
    """Open the breaker with five failures of the PMS, which stays ill."""
    pms.all_fail(answers(500))
    for _ in range(5):
        agent.ask(room_type=3)
    assert agent.state() in {"open", "half_open"}


def ari(**changes: object) -> str:
    """An answer of hotel_ari to `query()`, with changes; None leaves a member out."""
    body: dict[str, object] = {
        "id_hotel": "1",
        "date_from": day(30),
        "date_to": day(32),
        "currency": "PLN",
        "total_rooms": 5,
        "total_available_rooms": 4,
        "room_types": [{"id_room_type": 1, "total_price_with_tax": 3075, "rooms": {"available": []}}],
    }
    kept = {name: value for name, value in (body | changes).items() if value is not None}
    return json.dumps({"hotel_ari": kept})


def test_answer_of_the_pms_is_passed_on_in_full(patient_agent: RunningAgent) -> None:
    begin = datetime.now(UTC).replace(microsecond=0)
    answer = patient_agent.ask()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    as_of = datetime.strptime(body.pop("as_of"), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert begin <= as_of <= datetime.now(UTC)
    assert body == {
        **query(),
        "available": True,
        "rooms_left": 4,
        "total": {"amount": "3075.00", "currency": "PLN"},
        "binding": True,
        "source": "pms",
    }


def test_sold_out_is_an_answer_of_the_pms(patient_agent: RunningAgent, pms: ScriptedPms) -> None:
    pms.sold_out = True
    body = patient_agent.ask().json()
    assert (body["available"], body["rooms_left"], body["source"]) == (False, 0, "pms")
    assert patient_agent.metric("pms_api_calls_total", operation="availability", status="success") == 1


@pytest.mark.parametrize(
    ("act", "status", "slug", "kind"),
    [
        (answers(500), 502, None, "server"),
        (answers(503), 502, None, "server"),
        (reset, 502, None, "lost"),
        (cut, 502, None, "lost"),
        (hang, 504, None, "timeout"),
        (drip, 504, None, "timeout"),
        (answers(200, "Fatal error"), 502, None, "bad_answer"),
        (answers(200, ""), 502, None, "bad_answer"),
        (answers(200, "[" * 100_000, "application/json"), 502, None, "bad_answer"),
        (answers(302, headers={"Location": "http://127.0.0.1:9/"}), 502, None, "bad_answer"),
        (answers(304), 502, None, "bad_answer"),
        (answers(401, "401 Unauthorized"), 502, "pms-auth", "auth"),
        (answers(403), 502, "pms-auth", "auth"),
        (answers(405), 502, "pms-auth", "auth"),
        (answers(200, ari(id_hotel="2"), "application/json"), 502, None, "bad_answer"),
        (answers(200, ari(date_to=day(33)), "application/json"), 502, None, "bad_answer"),
        (answers(200, ari(currency=None), "application/json"), 502, None, "bad_answer"),
        (answers(200, ari(room_types=[]), "application/json"), 502, None, "bad_answer"),
        (answers(200, ari(total_available_rooms="many"), "application/json"), 502, None, "bad_answer"),
        (answers(200, ari(total_available_rooms=float("inf")), "application/json"), 502, None, "bad_answer"),
        (answers(200, ari(room_types=7), "application/json"), 502, None, "bad_answer"),
    ],
    ids=[
        "500",
        "503",
        "reset",
        "cut",
        "hang",
        "drip",
        "Fatal error",
        "empty",
        "nested for ever",
        "302",
        "304",
        "401",
        "403",
        "405",
        "another hotel",
        "other dates",
        "no currency",
        "no offer",
        "rooms as text",
        "infinite rooms",
        "offers as a number",
    ],
)
def test_failures_of_the_pms(
    patient_agent: RunningAgent, pms: ScriptedPms, act: Act, status: int, slug: str | None, kind: str
) -> None:
    pms.always("availability", act)
    begin = time.monotonic()
    answer = patient_agent.ask()
    took = time.monotonic() - begin
    assert answer.status_code == status, answer.text
    told = problem(answer)
    assert slug in (None, told["type"])
    if kind == "timeout":
        assert took >= 0.95 * DEADLINE, "the deadline was cut short"
    assert patient_agent.metric("pms_api_errors_total", operation="availability", kind=kind) == 1
    assert patient_agent.metric("pms_api_calls_total", operation="availability", status="error") == 1
    assert patient_agent.metric("pms_api_latency_seconds_count", operation="availability") == 1
    # A read may go out twice after a connection failure, never more, and nothing else is repeated.
    assert pms.count("availability") <= (2 if kind == "lost" else 1)


def test_a_pms_that_cannot_be_reached_is_502_and_never_looks_sold_out(
    patient_agent: RunningAgent, pms: ScriptedPms
) -> None:
    pms.down()
    answer = patient_agent.ask()
    assert answer.status_code == 502
    problem(answer)
    assert patient_agent.metric("pms_api_errors_total", operation="availability", kind="connect") == 1


def test_a_name_that_does_not_resolve_is_a_connect_failure(start_agent: StartAgent) -> None:
    agent = start_agent(known_up=False, PMS_BASE_URL="http://no-such-host.invalid", PMS_TIMEOUT="10", **PATIENT)
    assert agent.ask().status_code == 502
    assert agent.metric("pms_api_errors_total", operation="availability", kind="connect") == 1


#: QloApps' own refusals of a question: 400 with its errors, warnings of PHP in front of them included.
WARNED = '{"errors": [{"code": 3, "message": "PHP warning"}, {"code": 85, "message": "Validation error: no"}]}'
OWN = {
    "a bad value": refuses('Validation error: "The id_hotel field is invalid."'),
    "behind a warning of PHP": answers(400, WARNED, "application/json"),
    "as text": answers(400, WARNED, "text/html"),
}


@pytest.mark.parametrize("name", OWN)
def test_refusals_of_the_pms_are_no_failures(agent: RunningAgent, pms: ScriptedPms, name: str) -> None:
    pms.always("availability", OWN[name])
    for _ in range(15):
        answer = agent.ask()
        assert answer.status_code == 502, answer.text
        assert problem(answer)["type"] == "pms-refused"
    assert agent.state() == "closed"
    assert pms.count("availability") == 15
    assert agent.metric("pms_api_calls_total", operation="availability", status="success") == 15


#: What QloApps never says to a question: something in front of it has answered.
IN_FRONT = {
    **{str(status): answers(status) for status in (402, 404, 408, 409, 410, 413, 418, 421, 422, 425, 431, 451)},
    "404 with errors": refuses("no such hotel", 404),
    "409 with errors": refuses("conflict", 409),
    "400 of a web server": answers(400, "<html><h1>400 Bad Request</h1></html>"),
    "400 without a body": answers(400),
    "400 with other JSON": answers(400, '{"error": "bad request"}', "application/json"),
    "400 with errors that are none": answers(400, '{"errors": [1, 2]}', "application/json"),
    "400 with no errors": answers(400, '{"errors": []}', "application/json"),
    "400 that nests for ever": answers(400, "[" * 100_000, "application/json"),
}


def test_answers_of_something_in_front_of_the_pms_are_failures(patient_agent: RunningAgent, pms: ScriptedPms) -> None:
    for number, (name, act) in enumerate(IN_FRONT.items(), start=1):
        pms.always("availability", act)
        answer = patient_agent.ask()
        assert answer.status_code == 502, f"{name}: {answer.text}"
        assert problem(answer)["type"] != "pms-refused", name
        counted = patient_agent.metric("pms_api_errors_total", operation="availability", kind="bad_answer")
        assert counted == number, name
    assert patient_agent.metric("pms_api_calls_total", operation="availability", status="success") == 0
    assert patient_agent.pms()["status"] == "degraded"


def told_of(rooms: str = "4", price: str = "3075") -> httpx.Response:
    """An answer of hotel_ari to `query()` with these JSON texts in it."""
    text = ari(total_available_rooms="ROOMS").replace('"ROOMS"', rooms).replace(" 3075,", f" {price},")
    return httpx.Response(200, text=text)


@pytest.mark.parametrize("rooms", ["-1", "-1.5", "1.5", '"-1"', '"1.5"', '"\u0661"', "true", "null", "4.0", "[]"])
def test_a_number_of_rooms_that_is_none_is_a_bad_answer(rooms: str) -> None:
    with pytest.raises(BadAnswer):
        quote(told_of(rooms=rooms), Query(**query()))


@pytest.mark.parametrize("price", ["-1", '"-0.01"', "NaN", '"NaN"', "Infinity", "true", "null", '"free"', "[]"])
def test_a_price_that_is_none_is_a_bad_answer(price: str) -> None:
    with pytest.raises(BadAnswer):
        quote(told_of(price=price), Query(**query()))


@pytest.mark.parametrize("rooms", ["0", '"4"', "4"])
def test_whole_numbers_of_rooms_are_told(rooms: str) -> None:
    found = quote(told_of(rooms=rooms), Query(**query()))
    assert found is not None
    assert found.rooms_left == int(rooms.strip('"'))


def test_minus_one_room_is_not_told_on(patient_agent: RunningAgent, pms: ScriptedPms) -> None:
    pms.always("availability", answers(200, ari(total_available_rooms=-1), "application/json"))
    assert patient_agent.ask().status_code == 502
    assert patient_agent.metric("pms_api_errors_total", operation="availability", kind="bad_answer") == 1


def test_nothing_is_followed_to_another_address(patient_agent: RunningAgent, pms: ScriptedPms) -> None:
    pms.always("availability", answers(302, headers={"Location": f"http://127.0.0.1:{pms.port}/api/hotels"}))
    before = pms.count("probe")
    assert patient_agent.ask().status_code == 502
    assert pms.count("probe") == before


# -- while the breaker is not closed


def test_open_gives_a_stale_answer_with_its_age(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_CIRCUIT_BREAKER_RECOVERY_TIMEOUT="60")
    known = agent.ask().json()
    trip(agent, pms)
    answer = agent.ask()
    assert answer.status_code == 200
    assert answer.json() == {**known, "source": "stale", "binding": False}
    assert agent.metric("pms_failover_answers_total", operation="availability", source="stale") == 1


def test_open_never_gives_the_answer_to_another_question(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_CIRCUIT_BREAKER_RECOVERY_TIMEOUT="60")
    agent.ask()
    trip(agent, pms)
    for other in ({"room_type": 2}, {"check_out": day(33)}, {"check_in": day(31)}):
        assert agent.ask(**other).json()["source"] == "mock"


def test_a_stale_answer_ends_with_its_age(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_CIRCUIT_BREAKER_RECOVERY_TIMEOUT="60", PMS_STALE_MAX="0.5")
    agent.ask()
    trip(agent, pms)
    eventually(lambda: agent.ask().json()["source"] == "mock")


def test_open_gives_an_indicative_answer_of_the_mock(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_CIRCUIT_BREAKER_RECOVERY_TIMEOUT="60")
    trip(agent, pms)
    body = agent.ask(room_type=4).json()
    assert body["source"] == "mock"
    assert body["available"] is True
    assert body["binding"] is False
    assert body["rooms_left"] is None
    assert body["total"] is None
    assert agent.metric("pms_failover_answers_total", operation="availability", source="mock") == 1


@pytest.mark.parametrize("wish", [{"room_type": 5}, {"hotel_id": 2}], ids=["room type", "hotel"])
def test_what_the_mock_does_not_know_is_503(start_agent: StartAgent, pms: ScriptedPms, wish: dict[str, int]) -> None:
    agent = start_agent(PMS_CIRCUIT_BREAKER_RECOVERY_TIMEOUT="60")
    trip(agent, pms)
    answer = agent.ask(**wish)
    assert answer.status_code == 503
    problem(answer)
    assert 1 <= int(answer.headers["retry-after"]) <= 60


def test_without_failover_open_is_503_with_the_remaining_wait(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_FAILOVER="off", PMS_CIRCUIT_BREAKER_RECOVERY_TIMEOUT="60")
    agent.ask()
    trip(agent, pms)
    answer = agent.ask()
    assert answer.status_code == 503
    problem(answer)
    assert 50 <= int(answer.headers["retry-after"]) <= 60


def test_the_pms_answers_again_after_recovery(agent: RunningAgent, pms: ScriptedPms) -> None:
    trip(agent, pms)
    pms.heal()
    eventually(lambda: agent.ask().json()["source"] == "pms")
    assert agent.state() == "closed"


# -- mock adapter


def test_the_mock_adapter_makes_no_call(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(known_up=False, PMS_TYPE="mock", PMS_HEALTH_INTERVAL="0.05")
    body = agent.ask().json()
    assert (body["source"], body["binding"]) == ("mock", False)
    assert agent.ask(room_type=9).status_code == 503
    ready = agent.pms()
    assert (ready["status"], ready["adapter"]) == ("mock", "mock")
    assert "PMS adapter type: mock" in agent.logs()
    assert pms.calls == []


def test_a_slow_answer_in_time_is_an_answer(patient_agent: RunningAgent, pms: ScriptedPms) -> None:
    pms.next("availability", late(0.6 * DEADLINE))
    assert patient_agent.ask().json()["source"] == "pms"
