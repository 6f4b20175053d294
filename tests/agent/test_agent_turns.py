"""The turns of a hotel, in virtual time: who goes when, and who is never kept waiting."""

from __future__ import annotations

import asyncio

import pytest

from hotel_agent.turns import Turns
from tests.agent.virtual_time import now, run

HOTEL = 1


async def take(turns: Turns, name: str, order: list[str], hold: asyncio.Event, **how: float) -> None:
    async with turns.turn(HOTEL, name, **how):  # type: ignore[arg-type]
        order.append(name)
        await hold.wait()


async def settle_down() -> None:
    """Let every task go as far as it can without time passing."""
    for _ in range(20):
        await asyncio.sleep(0)


def free() -> asyncio.Event:
    """For those who give the turn back at once."""
    event = asyncio.Event()
    event.set()
    return event


def test_guests_who_come_later_go_before_the_one_who_yields() -> None:
    async def story() -> None:
        turns, order, first = Turns(settle=10, clock=now), [], asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(take(turns, "guest 1", order, first))
            await settle_down()
            group.create_task(take(turns, "worker", order, free(), yields=60))
            await settle_down()
            group.create_task(take(turns, "guest 2", order, free()))
            group.create_task(take(turns, "guest 3", order, free()))
            await settle_down()
            first.set()
        assert order == ["guest 1", "guest 2", "guest 3", "worker"]
        assert now() == 0, "a turn is handed on at once"

    run(story())


def test_without_yielding_it_is_first_come_first_served() -> None:
    async def story() -> None:
        turns, order, first = Turns(settle=10, clock=now), [], asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(take(turns, "guest 1", order, first))
            await settle_down()
            group.create_task(take(turns, "worker", order, free()))
            await settle_down()
            group.create_task(take(turns, "guest 2", order, free()))
            await settle_down()
            first.set()
        assert order == ["guest 1", "worker", "guest 2"]

    run(story())


def test_an_endless_stream_of_guests_does_not_starve_the_one_who_yields() -> None:
    async def story() -> None:
        turns, order, first = Turns(settle=10, clock=now), [], asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(take(turns, "guest 1", order, first))
            await settle_down()
            group.create_task(take(turns, "worker", order, free(), yields=5))
            await asyncio.sleep(4)
            group.create_task(take(turns, "guest 2", order, free()))
            await asyncio.sleep(1)
            first.set()
        assert order == ["guest 1", "worker", "guest 2"]

    run(story())


def test_the_intent_that_blocks_the_hotel_does_not_yield_to_those_who_wait_for_it() -> None:
    async def story() -> None:
        turns, order = Turns(settle=1000, clock=now), []
        turns.block(HOTEL, "doubtful")
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(take(turns, "guest", order, free()))
            await settle_down()
            await take(turns, "doubtful", order, free(), yields=1000)
            assert order == ["doubtful"]
            turns.settled(HOTEL, "doubtful")
            await waiting
        assert order == ["doubtful", "guest"]
        assert now() == 0

    run(story())


def test_a_guest_whose_patience_ends_leaves_the_queue_to_others() -> None:
    async def story() -> None:
        turns, order, hold = Turns(settle=10, clock=now), [], asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(take(turns, "guest 1", order, hold))
            await settle_down()
            with pytest.raises(TimeoutError):
                await take(turns, "guest 2", order, free(), patience=0.05)
            worker = group.create_task(take(turns, "worker", order, free(), yields=60))
            await settle_down()
            hold.set()
            await worker
        assert order == ["guest 1", "worker"]

    run(story())


def test_those_who_wait_for_a_blocked_hotel_keep_their_order() -> None:
    async def story() -> None:
        turns, order = Turns(settle=1000, clock=now), []
        turns.block(HOTEL, "doubtful")
        async with asyncio.TaskGroup() as group:
            for name in ("guest 1", "guest 2", "guest 3", "guest 4"):
                group.create_task(take(turns, name, order, free()))
                await asyncio.sleep(0.013)
            turns.settled(HOTEL, "doubtful")
        assert order == ["guest 1", "guest 2", "guest 3", "guest 4"]

    run(story())


def test_a_blocked_hotel_is_free_at_the_very_end_of_the_settle_time() -> None:
    async def story() -> None:
        turns, order = Turns(settle=7.03, clock=now), []
        turns.block(HOTEL, "doubtful")
        await take(turns, "guest", order, free())
        assert now() == pytest.approx(7.03)

    run(story())


def test_a_second_doubt_blocks_the_hotel_anew() -> None:
    async def story() -> None:
        turns, order = Turns(settle=10, clock=now), []
        turns.block(HOTEL, "doubtful")
        async with asyncio.TaskGroup() as group:
            group.create_task(take(turns, "guest", order, free()))
            await asyncio.sleep(6)
            turns.block(HOTEL, "doubtful")
            await asyncio.sleep(9)
            assert order == []
        assert now() == pytest.approx(16)

    run(story())


def test_what_books_nothing_passes_a_block_but_not_a_turn() -> None:
    async def story() -> None:
        turns, order, hold = Turns(settle=1000, clock=now), [], asyncio.Event()
        turns.block(HOTEL, "doubtful")
        async with asyncio.TaskGroup() as group:
            group.create_task(take(turns, "doubtful", order, hold))
            await settle_down()
            ending = group.create_task(take(turns, "expiry", order, free(), passes=True))
            await settle_down()
            assert order == ["doubtful"]
            hold.set()
            await ending
        assert order == ["doubtful", "expiry"]
        assert turns.blocked(HOTEL, "guest")

    run(story())


def test_one_who_is_cancelled_at_the_moment_of_the_turn_gives_it_on() -> None:
    async def story() -> None:
        turns, order, hold = Turns(settle=10, clock=now), [], asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(take(turns, "guest 1", order, hold))
            await settle_down()
            second = asyncio.create_task(take(turns, "guest 2", order, free()))
            group.create_task(take(turns, "guest 3", order, free()))
            await settle_down()
            hold.set()
            await asyncio.sleep(0)  # guest 1 goes on: it gives the turn to guest 2, who has not run yet
            second.cancel()
        assert order == ["guest 1", "guest 3"]
        assert turns.known() == 0

    run(story())


def test_nothing_is_kept_of_a_hotel_that_nobody_waits_for() -> None:
    async def story() -> None:
        turns, order = Turns(settle=10, clock=now), []
        for hotel in range(100):
            async with turns.turn(hotel, "guest"):
                order.append(str(hotel))
        turns.block(HOTEL, "doubtful")
        assert turns.known() == 1
        await asyncio.sleep(10)
        assert turns.known() == 0

    run(story())
