"""Requests that are about today: at the hotel, and on one and the same day when they are made and when answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import httpx

from pms_drill.checks.verdict import Unproven


@dataclass(frozen=True)
class Stay:
    """A stay that begins so many days from today at the hotel (a negative number: before it) and has so many nights."""

    first: int
    nights: int

    def on(self, today: date) -> dict[str, str]:
        """Its fields in a request that is sent on that day."""
        arrival = today + timedelta(days=self.first)
        return {"check_in": arrival.isoformat(), "check_out": (arrival + timedelta(days=self.nights)).isoformat()}


def within_one_day(today: Callable[[], date], send: Callable[[date], httpx.Response]) -> httpx.Response:
    """Make a request from today's date and send it; once more if midnight came at the hotel before the answer.

    What was today when the request was made is yesterday then, and a right answer to it says nothing.

    Args:
        today: the date at the hotel now.
        send: makes the request for a date and gives its answer.

    Raises:
        Unproven: midnight came a second time: the clock of this machine is not to be relied on.
    """
    for _ in range(2):
        day = today()
        answer = send(day)
        if today() == day:
            return answer
    raise Unproven(f"the date at the hotel changed twice while two requests were sent, last from {day} to {today()}")
