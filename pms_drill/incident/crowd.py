"""Guests who keep coming, one every so often, whatever the agent does."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from pms_drill import clock
from pms_drill.episodes.guests import GuestBook, Guests, label
from pms_drill.evidence.history import Kind, Operation
from pms_drill.stack.base import Stack

#: Every so many guests one makes a reservation.
_EACH_RESERVES = 5
_MOST_AT_ONCE = 128


class Crowd:
    """Sends `per_second` guests between enter and exit.

    Attributes:
        book: makes the guests.
    """

    def __init__(self, stack: Stack, name: str, seed: int, per_second: float) -> None:
        self.book = GuestBook(seed, label(name), pms=stack.profile.pms)
        self._every = 1 / per_second
        self._guests = Guests(
            stack.addresses.agent, stack.profile.endpoints, stack.profile.guest_patience, _MOST_AT_ONCE
        )
        self._pool = ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="crowd")
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._send, name="crowd", daemon=True)

    def __enter__(self) -> Self:
        """The first guest comes."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """No more guests; those who wait get their answers or give up."""
        with ExitStack() as ends:
            ends.callback(self._guests.close)
            ends.callback(self._pool.shutdown, wait=True, cancel_futures=True)
            self._over.set()
            self._thread.join(timeout=5)

    def answers(self, since: int = 0) -> list[Operation]:
        """What guests were told, in order of the answers, after the first `since` ones."""
        return self._guests.operations[since:]

    def questions_after(self, moment: float) -> list[Operation]:
        """Answered questions that were asked after the moment, in order of their asking."""
        asked = [op for op in self.answers() if op.kind is Kind.AVAILABILITY and op.started >= moment]
        return sorted(asked, key=lambda op: op.started)

    def _send(self) -> None:
        began, number = clock.now(), 0
        while not self._over.wait(max(0.0, began + number * self._every - clock.now())):
            number += 1
            call = self._guests.reserve if number % _EACH_RESERVES == 0 else self._guests.ask
            self._pool.submit(call, self.book.guest(), "incident")
