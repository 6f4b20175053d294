"""A bulkhead: only so many guests are with the PMS at once, so that a PMS that hangs does not collect all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Full(Exception):
    """No place is free, and none became free in time: the PMS was not asked."""


class Bulkhead:
    """Places for guests whose request needs the PMS; each makes one call at a time.

    As many again wait for a place, first come first served. Whoever comes when those are taken, too, is told at once.
    The probe and the outbox worker, one call each, have no part in it.

    Args:
        places: how many guests are with the PMS at once, and how many wait.
        patience: seconds that a guest waits for a place at most.
    """

    def __init__(self, places: int, patience: float) -> None:
        self._places = asyncio.Semaphore(places)
        self._patience = patience
        self._most_waiting = places
        self._waiting = 0

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Take a place and keep it.

        Raises:
            Full: there is none.
        """
        if self._places.locked():
            await self._wait()
        else:
            await self._places.acquire()
        try:
            yield
        finally:
            self._places.release()

    async def _wait(self) -> None:
        if self._waiting >= self._most_waiting:
            raise Full
        self._waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._places.acquire()
        except TimeoutError:
            raise Full from None
        finally:
            self._waiting -= 1
