"""The worker's rounds over a real outbox: stale lists, poison, errors of every kind, and the clock of the wall."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from hotel_agent.agent import Agent
from hotel_agent.answers import Found
from hotel_agent.booking import Booker, Confirmed, InDoubt
from hotel_agent.intent import Intent
from hotel_agent.models import Status
from hotel_agent.outbox import Overtaken
from hotel_agent.settings import Settings
from tests.agent.scripted_pms import ScriptedPms, reset
from tests.agent.support import KEY, PATIENT, RunningAgent, StartAgent, eventually

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC).timestamp()
MIDNIGHT = NOON + 12 * 3600


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[Agent]:
    """The parts of an agent whose outbox is open; nothing runs, and it is noon on 2027-03-01."""
    settings = Settings(
        pms_base_url="http://127.0.0.1:9",
        pms_api_key=KEY,  # type: ignore[arg-type]
        outbox_path=tmp_path / "outbox.sqlite",
        pms_currency="PLN",
        pms_pending_ttl=10.0**6,
    )
    parts = Agent(settings)
    parts.worker._clock = lambda: NOON
    await parts.outbox.open()
    yield parts
    await parts.client.close()
    await parts.outbox.close()


def wish(name: str, *, hotel_id: int = 1, **how: object) -> Intent:
    known: dict[str, object] = {"check_in": "2027-03-01", "check_out": "2027-03-02", "created_at": NOON - 60}
    return Intent(name, hotel_id, 1, guest_name="Ada Lovelace", email="ada@example.com", **(known | how))  # type: ignore[arg-type]


class Pms:
    """What the agent's PMS holds, and what goes wrong with it."""

    def __init__(self, agent: Agent) -> None:
        self.held: dict[str, list[Found]] = {}
        self.broken: set[str] = set()
        self.looked: list[str] = []
        self.asked = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        agent.qloapps.find = self.find  # type: ignore[method-assign]

    async def find(self, reference: str, *, rejected_as: str | None = "readback") -> list[Found]:
        self.looked.append(reference)
        self.asked.set()
        await self.gate.wait()
        if reference in self.broken:
            raise RuntimeError("nobody thought of this")
        return self.held.get(reference, [])


async def status(agent: Agent, name: str) -> Status:
    told = await agent.outbox.get(name)
    assert told is not None
    return told.status


async def test_a_guest_confirmed_while_the_round_is_busy_before_midnight_stays_confirmed(agent: Agent) -> None:
    pms = Pms(agent)
    await agent.outbox.add(wish("long", attempts=1, doubtful=True, attempted_at=NOON, check_in="2027-03-05"))
    guest = wish("guest", hotel_id=2, attempts=1, doubtful=True, attempted_at=NOON)
    await agent.outbox.add(guest)
    pms.gate.clear()
    busy = asyncio.create_task(agent.worker.round())
    await pms.asked.wait()
    await agent.outbox.update(guest, status=Status.CONFIRMED, booking_id=4711, amount=Decimal(100), doubtful=True)
    agent.worker._clock = lambda: MIDNIGHT
    pms.gate.set()
    await busy
    told = await agent.outbox.get("guest")
    assert told is not None
    assert (told.status, told.booking_id, told.doubtful) == (Status.CONFIRMED, 4711, True)


async def test_what_was_sent_expires_after_a_read_back_even_if_it_is_not_in_doubt(agent: Agent) -> None:
    """A kill between two writes left an attempt without its outcome: the PMS may hold the room."""
    pms = Pms(agent)
    pms.held["cut off"] = [Found(4711, Decimal(100), live=True)]
    await agent.outbox.add(wish("cut off", attempts=1, doubtful=False, attempted_at=NOON))
    agent.worker._clock = lambda: MIDNIGHT
    await agent.worker.round()
    told = await agent.outbox.get("cut off")
    assert told is not None
    assert (told.status, told.booking_id) == (Status.CONFIRMED, 4711)


async def test_a_booking_under_way_at_midnight_is_not_expired_meanwhile(agent: Agent) -> None:
    Pms(agent)
    guest = wish("guest", attempts=1, doubtful=True, attempted_at=NOON)
    await agent.outbox.add(guest)
    agent.worker._clock = lambda: MIDNIGHT
    async with agent.turns.turn(1, "guest"):
        busy = asyncio.create_task(agent.worker.round())
        while not agent.turns.waiting(1) and not busy.done():  # noqa: ASYNC110 (a queue has no event)
            await asyncio.sleep(0.001)
        await agent.outbox.update(guest, status=Status.CONFIRMED, booking_id=4711, amount=Decimal(100))
    await busy
    assert await status(agent, "guest") is Status.CONFIRMED


async def test_no_write_overwrites_what_another_wrote_since_it_read(agent: Agent) -> None:
    stale = wish("guest")
    await agent.outbox.add(stale)
    await agent.outbox.update(stale, status=Status.CONFIRMED, booking_id=4711)
    with pytest.raises(Overtaken):
        await agent.outbox.update(stale, status=Status.EXPIRED)
    assert await status(agent, "guest") is Status.CONFIRMED


@pytest.mark.parametrize(
    ("meanwhile", "then", "in_doubt"),
    [
        (Status.EXPIRED, Status.EXPIRED, True),  # so that the late booking is looked up and cancelled
        (Status.UNRESOLVED, Status.CONFIRMED, False),
    ],
)
async def test_what_comes_of_an_attempt_respects_what_another_did_meanwhile(
    agent: Agent, meanwhile: Status, then: Status, in_doubt: bool
) -> None:
    sent = wish("guest", attempts=1, doubtful=True, attempted_at=NOON)
    await agent.outbox.add(sent)
    await agent.outbox.update(sent, status=meanwhile)
    booker: Booker = agent.booker
    _, outcome = await booker._conclude(sent, Confirmed(4711, Decimal(100)), doubtful=False)
    told = await agent.outbox.get("guest")
    assert told is not None
    assert (told.status, told.doubtful) == (then, in_doubt)
    assert isinstance(outcome, InDoubt if in_doubt else Confirmed)


async def test_one_poisoned_reservation_holds_up_nobody_and_does_not_make_the_worker_spin(agent: Agent) -> None:
    pms = Pms(agent)
    pms.broken.add("poison")
    pms.held["guest"] = [Found(4711, Decimal(100), live=True)]
    await agent.outbox.add(wish("poison"))
    await agent.outbox.add(wish("guest"))
    await agent.worker.round()
    assert await status(agent, "guest") is Status.CONFIRMED
    for _ in range(100):
        await agent.worker.round()
    assert 3 <= pms.looked.count("poison") <= 8
    pms.broken.clear()
    pms.held["poison"] = [Found(4712, Decimal(100), live=True)]
    for _ in range(100):
        await agent.worker.round()
    assert await status(agent, "poison") is Status.CONFIRMED, "it is tried again in the end"


async def test_a_row_that_cannot_be_read_hides_no_other(agent: Agent, tmp_path: Path) -> None:
    pms = Pms(agent)
    pms.held["guest"] = [Found(4711, Decimal(100), live=True)]
    await agent.outbox.add(wish("spoilt", attempts=1))
    await agent.outbox.add(wish("guest"))
    with sqlite3.connect(tmp_path / "outbox.sqlite") as other:
        other.execute("UPDATE intent SET amount = 'many' WHERE id = 'spoilt'")
    await agent.worker.round()
    assert await status(agent, "guest") is Status.CONFIRMED


async def test_an_unexpected_error_after_the_booking_left_keeps_the_hotel_and_the_guest_waiting(agent: Agent) -> None:
    async def book(*_: object, **__: object) -> None:
        raise RuntimeError("nobody thought of this")

    agent.qloapps.book = book  # type: ignore[method-assign, assignment]
    await agent.outbox.add(wish("guest"))
    outcome = await agent.reservations._book_in_turn(wish("guest"))
    assert isinstance(outcome, InDoubt)
    assert agent.turns.blocked(1, "another")
    told = await agent.outbox.get("guest")
    assert told is not None
    assert (told.status, told.doubtful, told.attempts) == (Status.PENDING, True, 1)


async def test_the_worker_outlives_an_error_of_a_whole_round(agent: Agent) -> None:
    rounds = asyncio.Semaphore(0)

    async def fails() -> None:
        rounds.release()
        raise RuntimeError("nobody thought of this")

    agent.worker.round = fails  # type: ignore[method-assign]
    agent.worker._settings = agent.settings.model_copy(update={"pms_outbox_interval": 0.001})
    working = asyncio.create_task(agent.worker.run())
    async with asyncio.timeout(20):
        for _ in range(3):
            await rounds.acquire()
    agent.worker.stop()
    await working


def in_the_future(agent: RunningAgent, column: str) -> None:
    """What the wall clock leaves behind when it is set back by an hour while the agent is down."""
    agent.program.stop()
    with sqlite3.connect(agent.folder / "outbox.sqlite") as other:
        other.execute(f"UPDATE intent SET {column} = {column} + 3600")
    agent.restart()


def test_a_wall_clock_that_was_set_back_blocks_no_hotel(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_CURRENCY="PLN", PMS_TIMEOUT="3", **PATIENT)
    pms.next("booking", reset)
    first = agent.book()
    assert first.status_code == 202
    in_the_future(agent, "attempted_at")
    assert agent.book(email="second@example.com").status_code == 201
    agent.becomes(first.json()["reservation_id"], "confirmed")


def test_a_wall_clock_that_was_set_back_loses_no_expiry(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_CURRENCY="PLN", PMS_PENDING_TTL="3")
    pms.down()
    reservation = agent.book().json()["reservation_id"]
    in_the_future(agent, "created_at")
    assert agent.look_up(reservation)["status"] == "pending"
    agent.becomes(reservation, "expired")


def test_an_outbox_of_an_earlier_version_is_taken_over(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_TYPE="mock", known_up=False)
    reservation = agent.book().json()["reservation_id"]
    agent.program.stop()
    with sqlite3.connect(agent.folder / "outbox.sqlite") as other:
        other.execute("ALTER TABLE intent DROP COLUMN version")
    agent.restart(PMS_TYPE="qloapps")
    agent.becomes(reservation, "confirmed")
    eventually(lambda: len(pms.live) == 1)
