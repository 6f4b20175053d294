"""The turns of a hotel, with a clock of the test: who goes when, and who is never kept waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from hotel_agent.turns import Turns

HOTEL = 1


async def take(turns: Turns, name: str, order: list[str], hold: asyncio.Event, **how: float) -> None:
    async with turns.turn(HOTEL, name, **how):
        order.append(name)
        await hold.wait()


async def settle_down() -> None:
    """Let every task go as far as it can without time passing."""
    for _ in range(20):
        await asyncio.sleep(0)


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


def test_guests_who_come_later_go_before_the_one_who_yields() -> None:
    async def story() -> None:
        turns = Turns(settle=10)
        order: list[str] = []
        first, rest = asyncio.Event(), asyncio.Event()
        rest.set()
        async with asyncio.TaskGroup() as group:
            group.create_task(take(turns, "guest 1", order, first))
            await settle_down()
            group.create_task(take(turns, "worker", order, rest, yields=60))
            await settle_down()
            group.create_task(take(turns, "guest 2", order, rest))
            group.create_task(take(turns, "guest 3", order, rest))
            await settle_down()
            first.set()
        assert order == ["guest 1", "guest 2", "guest 3", "worker"]

    run(story())


def test_without_yielding_it_is_first_come_first_served() -> None:
    async def story() -> None:
        turns = Turns(settle=10)
        order: list[str] = []
        first, rest = asyncio.Event(), asyncio.Event()
        rest.set()
        async with asyncio.TaskGroup() as group:
            group.create_task(take(turns, "guest 1", order, first))
            await settle_down()
            group.create_task(take(turns, "worker", order, rest))
            await settle_down()
            group.create_task(take(turns, "guest 2", order, rest))
            await settle_down()
            first.set()
        assert order == ["guest 1", "worker", "guest 2"]

    run(story())


def test_an_endless_stream_of_guests_does_not_starve_the_one_who_yields() -> None:
    async def story() -> None:
        now = 0.0
        turns = Turns(settle=10, clock=lambda: now)
        order: list[str] = []
        first, second = asyncio.Event(), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(take(turns, "guest 1", order, first))
            await settle_down()
            group.create_task(take(turns, "worker", order, second, yields=5))
            await asyncio.sleep(0.2)  # several looks of the worker, with no time passing on its clock
            assert turns._waiting[HOTEL] == 0
            now = 5.0
            async with asyncio.timeout(5):
                while not turns._waiting[HOTEL]:  # noqa: ASYNC110 (the queue has no event, and needs none)
                    await asyncio.sleep(0.01)
            group.create_task(take(turns, "guest 2", order, second))
            await settle_down()
            first.set()
            second.set()
        assert order == ["guest 1", "worker", "guest 2"]

    run(story())


def test_the_intent_that_blocks_the_hotel_does_not_yield_to_those_who_wait_for_it() -> None:
    async def story() -> None:
        turns = Turns(settle=1000)
        turns.block(HOTEL, "doubtful")
        order: list[str] = []
        free = asyncio.Event()
        free.set()
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(take(turns, "guest", order, free))
            await settle_down()
            async with asyncio.timeout(5):
                await take(turns, "doubtful", order, free, yields=1000)
            assert order == ["doubtful"]
            turns.settled(HOTEL, "doubtful")
            await waiting
        assert order == ["doubtful", "guest"]

    run(story())


def test_a_guest_whose_patience_ends_leaves_the_queue_to_others() -> None:
    async def story() -> None:
        turns = Turns(settle=10)
        order: list[str] = []
        hold, free = asyncio.Event(), asyncio.Event()
        free.set()
        async with asyncio.TaskGroup() as group:
            group.create_task(take(turns, "guest 1", order, hold))
            await settle_down()
            with pytest.raises(TimeoutError):
                await take(turns, "guest 2", order, free, patience=0.05)
            worker = group.create_task(take(turns, "worker", order, free, yields=60))
            await settle_down()
            hold.set()
            async with asyncio.timeout(5):
                await worker
        assert order == ["guest 1", "worker"]

    run(story())
