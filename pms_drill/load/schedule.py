"""The seeded schedule: when which guest arrives and asks what. Pure: generator and judge compute it alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Literal

from pms_drill.load.plan import LoadPlan, Segment, Waits

Endpoint = Literal["availability", "reservations"]
ENDPOINTS: tuple[Endpoint, ...] = ("availability", "reservations")

#: Check-in days that are used, from tomorrow on. The agent accepts 500 days ahead; the rest is room for
#: the clock.
DAYS = 490


@dataclass(frozen=True)
class Arrival:
    """One guest.

    Attributes:
        number: place in the order of arrival, from 0, over both endpoints.
        at: seconds after the start of the generator.
        endpoint: what they ask for.
        turn: place among the arrivals at the same endpoint, from 0.
    """

    number: int
    at: float
    endpoint: Endpoint
    turn: int


def arrivals(plan: LoadPlan, waits: Waits, seed: int) -> list[Arrival]:
    """The whole schedule in order of time.

    The number of arrivals per segment and endpoint is fixed (rate x seconds, rounded); "poisson" draws
    their times independently and evenly over the segment, which is a Poisson process given its count. So
    a short phase never ends up with too few samples by chance. The same arguments give the same schedule.
    """
    dice = Random(seed)  # noqa: S311 - reproducible load, no secret
    drawn: list[tuple[float, Endpoint]] = []
    for segment in plan.segments(waits):
        for endpoint in ENDPOINTS:
            rate = plan.rate(endpoint, segment.name)
            drawn += [(at, endpoint) for at in _times(segment, rate, plan, dice)]
    drawn.sort()
    turns = dict.fromkeys(ENDPOINTS, 0)
    result: list[Arrival] = []
    for number, (at, endpoint) in enumerate(drawn):
        result.append(Arrival(number, at, endpoint, turns[endpoint]))
        turns[endpoint] += 1
    return result


def _times(segment: Segment, rate: float, plan: LoadPlan, dice: Random) -> list[float]:
    count = round(rate * segment.seconds)
    if plan.arrivals == "uniform":
        return [segment.begin + (i + 0.5) * segment.seconds / count for i in range(count)]
    return [segment.begin + dice.random() * segment.seconds for _ in range(count)]


@dataclass(frozen=True)
class Guests:
    """Builds the body of each request.

    Attributes:
        seed: where in the calendar the stays begin.
        token: letters and digits of this run, so that guests are new even on a PMS that was used before.
        first_night: the first day that may be booked.
        hotel_id, room_type: a hotel and a room type that exist, from the profile.
    """

    seed: int
    token: str
    first_night: date
    hotel_id: int
    room_type: int

    def body(self, arrival: Arrival) -> dict[str, object]:
        """The JSON body for one arrival: one night, each time another one until all days were used."""
        # A step that shares no factor with DAYS visits every day once before any day comes again.
        day = (self.seed * 31 + arrival.turn * 11) % DAYS
        check_in = self.first_night + timedelta(days=day)
        body: dict[str, object] = {
            "hotel_id": self.hotel_id,
            "check_in": check_in.isoformat(),
            "check_out": (check_in + timedelta(days=1)).isoformat(),
            "room_type": self.room_type,
        }
        if arrival.endpoint == "reservations":
            body["guest_name"] = f"Load {letters(arrival.turn)}"
            body["email"] = f"load-{self.token}-{arrival.turn}@example.com"
        return body


def letters(number: int) -> str:
    """A number as a word: QloApps refuses digits in names. Different numbers give different words."""
    word = ""
    while True:
        number, digit = divmod(number, 26)
        word = chr(ord("a") + digit) + word
        if number == 0:
            return f"G{word}"
