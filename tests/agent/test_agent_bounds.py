"""What others may make the agent keep: bodies of guests, answers of the PMS, places in the queue."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import httpx
import pytest
from aiohttp import web

from hotel_agent.bulkhead import Bulkhead, Full
from tests.agent.scripted_pms import Act, ScriptedPms, Work, answers, hang, late, refuses
from tests.agent.support import (
    AVAILABILITY,
    PATIENT,
    RESERVATIONS,
    RESET,
    RunningAgent,
    StartAgent,
    day,
    eventually,
    guest,
    problem,
    query,
)

MEGABYTE = 1024 * 1024
JSON = {"Content-Type": "application/json"}


def most_memory(agent: RunningAgent) -> int:
    """The most memory that the agent's process has had so far, in bytes (Linux)."""
    status = Path(f"/proc/{agent.program.pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


# -- bodies of guests


@pytest.mark.parametrize("path", [AVAILABILITY, RESERVATIONS, RESET, "/nowhere"])
def test_a_body_that_is_too_long_is_413_and_nothing_is_asked(
    shared_agent: RunningAgent, quiet_pms: ScriptedPms, path: str
) -> None:
    before = quiet_pms.count()
    answer = shared_agent.client.post(path, content=b" " * MEGABYTE, headers=JSON)
    assert answer.status_code == 413, answer.text
    assert problem(answer)["type"] == "too-large"
    assert quiet_pms.count() == before
    assert shared_agent.ask().status_code == 200


def test_a_body_without_end_is_refused_long_before_it_ends(shared_agent: RunningAgent) -> None:
    before, sent = most_memory(shared_agent), [0]

    def endless() -> Iterator[bytes]:
        while sent[0] < 400 * MEGABYTE:
            sent[0] += MEGABYTE
            yield b" " * MEGABYTE

    answer = shared_agent.client.post(AVAILABILITY, content=endless(), headers=JSON)
    assert answer.status_code == 413, answer.text
    assert sent[0] < 100 * MEGABYTE
    assert most_memory(shared_agent) - before < 50 * MEGABYTE


def test_a_body_whose_length_nobody_declared_is_read(shared_agent: RunningAgent) -> None:
    body = json.dumps(query()).encode()
    answer = shared_agent.client.post(AVAILABILITY, content=iter([body[:20], body[20:]]), headers=JSON)
    assert answer.status_code == 200, answer.text


def test_the_longest_body_that_is_right_is_taken(shared_agent: RunningAgent) -> None:
    spelt = "".join(f"\\u{ord(char):04x}" for char in "A" * 32 + " " + "B" * 32)
    body = json.dumps(guest(guest_name="NAME")).replace("NAME", spelt)
    assert shared_agent.client.post(RESERVATIONS, content=body, headers=JSON).status_code == 201


# -- bodies of the PMS


async def endless(request: web.Request, _work: Work) -> web.StreamResponse:
    """An answer that goes on and on, as fast as it is read."""
    answer = web.StreamResponse(headers=JSON)
    await answer.prepare(request)
    while True:
        await answer.write(b" " * MEGABYTE)
        await asyncio.sleep(0)


def encoded(body: bytes, encoding: str, status: int = 200) -> Act:
    """A body that is encoded already."""

    async def act(_request: web.Request, _work: Work) -> web.Response:
        return web.Response(status=status, body=body, headers={**JSON, "Content-Encoding": encoding})

    return act


BOMB = gzip.compress(b" " * (300 * MEGABYTE), 9)
HUGE: dict[str, Act] = {
    "two megabytes": answers(200, "[" * (2 * MEGABYTE), "application/json"),
    "no end": endless,
    "a bomb": encoded(BOMB, "gzip"),
    "half a gzip": encoded(gzip.compress(b'{"hotel_ari": {}}')[:12], "gzip"),
    "no gzip": encoded(b'{"hotel_ari": {}}', "gzip"),
    "an encoding that was not asked for": encoded(b"\x00", "br"),
}


@pytest.mark.parametrize("name", HUGE)
def test_a_body_of_the_pms_that_cannot_be_kept_is_a_bad_answer(
    start_agent: StartAgent, pms: ScriptedPms, name: str
) -> None:
    agent = start_agent(PMS_TIMEOUT="20", **PATIENT)
    before = most_memory(agent)
    pms.always("availability", HUGE[name])
    answer = agent.ask()
    assert answer.status_code == 502, answer.text
    assert agent.metric("pms_api_errors_total", operation="availability", kind="bad_answer") == 1
    assert most_memory(agent) - before < 50 * MEGABYTE
    pms.heal()
    assert agent.ask().json()["source"] == "pms"


@pytest.mark.parametrize(
    ("status", "kind"), [(500, "server"), (401, "auth"), (429, "rate_limit"), (400, "bad_answer"), (302, "bad_answer")]
)
def test_a_status_counts_as_what_it_is_however_long_its_page(
    start_agent: StartAgent, pms: ScriptedPms, status: int, kind: str
) -> None:
    agent = start_agent(**PATIENT)
    pms.always("availability", answers(status, "x" * (2 * MEGABYTE)))
    agent.ask()
    assert agent.metric("pms_api_errors_total", operation="availability", kind=kind) == 1


@pytest.mark.parametrize(("encoding", "encode"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_refusals_that_are_compressed_are_read(
    start_agent: StartAgent, pms: ScriptedPms, encoding: str, encode: object
) -> None:
    agent = start_agent(**PATIENT)
    body = encode(b'{"errors": [{"code": 85, "message": "in QloApps\' words"}]}')  # type: ignore[operator]
    pms.always("availability", encoded(body, encoding, 400))
    assert problem(agent.ask())["type"] == "pms-refused"


# -- what guests were answered


def test_answers_to_guests_are_counted_by_operation_and_class(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(**PATIENT)
    for operation in ("availability", "reservation", "lookup", "admin", "other"):
        for status in ("2xx", "4xx", "5xx"):
            assert agent.metric("http_requests_total", operation=operation, status=status) == 0
    pms.next("availability", refuses("no"))
    agent.ask(), agent.ask(), agent.ask(room_type=0)
    found = agent.book().json()["reservation_id"]
    agent.look_up(found), agent.reset(), agent.reset(token="wrong")
    agent.client.get("/nowhere"), agent.client.get(f"{RESERVATIONS}/nobodys"), agent.client.get(AVAILABILITY)
    seen = {
        (operation, status): agent.metric("http_requests_total", operation=operation, status=status)
        for operation in ("availability", "reservation", "lookup", "admin", "other")
        for status in ("2xx", "4xx", "5xx")
    }
    assert {key: value for key, value in seen.items() if value} == {
        ("availability", "2xx"): 1,
        ("availability", "4xx"): 2,
        ("availability", "5xx"): 1,
        ("reservation", "2xx"): 1,
        ("lookup", "2xx"): 1,
        ("lookup", "4xx"): 1,
        ("admin", "2xx"): 1,
        ("admin", "4xx"): 1,
        ("other", "4xx"): 1,
    }


# -- guests who are with the PMS at once


def many(agent: RunningAgent, number: int, **wish: object) -> list[httpx.Response]:
    """So many guests at once, each with a question of its own."""
    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(lambda n: agent.ask(check_out=day(31 + n), **wish), range(number)))


def test_a_pms_that_hangs_collects_no_more_guests_than_have_a_place(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_MAX_GUESTS="3", PMS_TIMEOUT="4", PMS_FAILOVER="off", **PATIENT)
    pms.always("availability", hang)
    begin = time.monotonic()
    told = many(agent, 12)
    counted = Counter(answer.status_code for answer in told)
    assert counted[503] >= 6, counted
    assert pms.count("availability") <= 6
    for answer in told:
        if answer.status_code == 503:
            assert problem(answer)["type"] == "pms-busy"
            assert answer.headers["retry-after"] == "1"
    assert time.monotonic() - begin < 2 * 4 + 2
    away = agent.metric("pms_bulkhead_rejections_total", service="pms", operation="availability")
    assert away == counted[503]
    assert agent.metric("pms_circuit_breaker_rejections_total", operation="availability") == 0
    assert agent.metric("pms_api_calls_total", operation="availability", status="error") == pms.count("availability")


def test_guests_without_a_place_get_failover_answers_and_the_breaker_does_not_count_them(
    start_agent: StartAgent, pms: ScriptedPms
) -> None:
    agent = start_agent(PMS_MAX_GUESTS="1", PMS_TIMEOUT="4")
    pms.next("availability", hang, hang)
    told = many(agent, 8)
    # Who waits for the place of a call that meets its deadline may get it at the last moment, or not.
    counted = Counter(answer.status_code for answer in told)
    assert counted in ({504: 1, 200: 7}, {504: 2, 200: 6}), counted
    assert {answer.json()["source"] for answer in told if answer.status_code == 200} == {"mock"}
    assert agent.state() == "closed"
    pms.heal()
    assert agent.ask().json()["source"] == "pms"


def test_a_crowd_that_the_pms_answers_quickly_waits_its_turn(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_MAX_GUESTS="4", PMS_TIMEOUT="5", **PATIENT)
    pms.always("availability", late(0.05))
    assert {answer.json()["source"] for answer in many(agent, 8)} == {"pms"}


def test_a_reservation_without_a_place_is_pending_and_carried_out_later(
    start_agent: StartAgent, pms: ScriptedPms
) -> None:
    agent = start_agent(PMS_MAX_GUESTS="1", PMS_TIMEOUT="3", PMS_CURRENCY="PLN", **PATIENT)
    pms.always("availability", hang)
    with ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(agent.ask, room_type=n) for n in (1, 2)]
        eventually(lambda: pms.count("availability") == 1)
        eventually(lambda: agent.book().status_code == 202, within=3)
        pending = agent.metric("pms_reservations_pending")
        assert pending is not None
        assert [answer.result().status_code for answer in asking]
    eventually(lambda: agent.metric("pms_reservations_pending") == 0)
    assert agent.metric("pms_bulkhead_rejections_total", operation="reservation") == 1


def test_a_reservation_without_a_place_is_told_so_when_failover_is_off(
    start_agent: StartAgent, pms: ScriptedPms
) -> None:
    agent = start_agent(PMS_MAX_GUESTS="1", PMS_TIMEOUT="3", PMS_FAILOVER="off", PMS_CURRENCY="PLN", **PATIENT)
    pms.always("availability", hang)
    with ThreadPoolExecutor(8) as pool:
        asking = [pool.submit(agent.ask, room_type=n) for n in (1, 2, 3, 4, 1, 2, 3, 4)]
        # One is with the PMS and one waits for its place, both until the deadline; the first of the others is told so.
        busy(next(as_completed(asking)).result())
        told = busy(agent.book())
    assert told.headers["retry-after"] == "1"
    assert agent.metric("pms_reservations_pending") == 0
    assert not pms.orders


def busy(answer: httpx.Response) -> httpx.Response:
    """The answer, which must be that no place was free."""
    assert (answer.status_code, problem(answer)["type"]) == (503, "pms-busy")
    return answer


def test_a_crowd_does_not_make_more_reservations_pending_than_may_be(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_PENDING_MAX="5", PMS_CIRCUIT_BREAKER_RECOVERY_TIMEOUT="60")
    pms.down()
    eventually(lambda: agent.ask().json().get("source") == "mock")
    with ThreadPoolExecutor(20) as pool:
        told = list(pool.map(lambda n: agent.book(email=f"{n}@example.com"), range(20)))
    assert Counter(answer.status_code for answer in told) == {202: 5, 503: 15}
    assert agent.metric("pms_reservations_pending") == 5


def test_places_are_given_in_order_and_never_lost() -> None:
    async def story() -> None:
        bulkhead, order = Bulkhead(1, patience=60), list[int]()
        go = asyncio.Event()

        async def guest_number(n: int) -> None:
            async with bulkhead.place():
                order.append(n)
                await go.wait()

        first = asyncio.create_task(guest_number(1))
        await asyncio.sleep(0)
        second = asyncio.create_task(guest_number(2))
        await asyncio.sleep(0)
        with pytest.raises(Full):
            await guest_number(3)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        fourth = asyncio.create_task(guest_number(4))
        await asyncio.sleep(0)
        first.cancel()
        go.set()
        await asyncio.gather(first, fourth, return_exceptions=True)
        await guest_number(5)
        assert order == [1, 4, 5]

    asyncio.run(story())


def test_a_guest_waits_for_a_place_no_longer_than_its_patience() -> None:
    async def story() -> None:
        bulkhead = Bulkhead(1, patience=0.01)
        async with bulkhead.place():
            with pytest.raises(Full):
                async with bulkhead.place():
                    raise AssertionError("two in one place")
        async with bulkhead.place():
            pass

    asyncio.run(story())
