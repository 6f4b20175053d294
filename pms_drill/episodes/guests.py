"""The workload: guests who ask the agent, each with a stay and an address of their own."""

from __future__ import annotations

import hashlib
import random
import re
import string
import threading
import unicodedata
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import httpx

from pms_drill import clock
from pms_drill.evidence import canaries
from pms_drill.evidence.history import Guest, Kind, Operation
from pms_drill.profile import EndpointsPart, PmsPart
from pms_drill.stack.gate import Hooks

#: Accents, other alphabets, signs and first names of two words: whatever spoils a name on its way shows.
_FIRST = ("Ada King", "Grace", "Åsa", "Edsger W.", "Barbara", "Zoë", "Frances", "José María", "Radia", "Žofie")
_LAST = (
    "Lovelace",
    "Hopper",
    "Ødegård",
    "Dijkstra",
    "Liskov",
    "O'Neill",
    "Allen",
    "Núñez",
    "Perlman-Łuk",
    "Παπαδοπούλου",
)
#: Stays lie this far ahead, in days: beyond the demo bookings and within the agent's 500 days.
_NEAREST, _FARTHEST = 20, 420
#: Nights of a stay at most: stays differ in length, so that another length shows.
_LONGEST = 5
#: Nights that are sold out lie behind all of these, still within the agent's 500 days: nobody else's guest meets one.
_SOLD_OUT_FROM = _FARTHEST + _LONGEST + 1
#: Nights in a row that one experiment may sell out, how many experiments do so, and how often each may begin anew.
SOLD_OUT_NIGHTS, _SELL_OUT, _ANEW = 5, 5, 3


class GuestBook:
    """Makes guests who never share an address, and seldom a night.

    Args:
        seed: decides names and dates.
        label: part of every address, so that entries of others are recognised as foreign.
        pms: the hotel, its time zone (there it is decided which day is today) and the room types to choose from.
        earlier: how many times the experiment has begun before; each time sells out nights of its own.
    """

    def __init__(self, seed: int, label: str, *, pms: PmsPart, earlier: int = 0) -> None:
        self._random = random.Random(f"{seed}/{label}")  # noqa: S311 - reproducible, not secret
        self._label = label
        self._earlier = earlier
        self._timezone = pms.timezone
        self._hotel_id = pms.hotel_id
        self._room_types = tuple(pms.room_types)
        self._count = 0
        self._lock = threading.Lock()

    @property
    def domain(self) -> str:
        """The part of the addresses after the @, unique to this book."""
        return f"{self._label}.example.com"

    def guest(self, *, check_in: date | None = None, nights: int | None = None, room_type: int | None = None) -> Guest:
        """A new guest; what is not given is drawn."""
        with self._lock:
            self._count += 1
            number = self._count
            draw = self._random
            arrival = check_in or self.today() + timedelta(days=draw.randint(_NEAREST, _FARTHEST))
            stay = nights or draw.randint(1, _LONGEST)
            first, last = draw.choice(_FIRST), draw.choice(_LAST)
            kind = room_type or draw.choice(self._room_types)
        return Guest(
            name=f"{first} {last}",
            email=f"{_plain(first)}.{_plain(last)}.{number}@{self.domain}",
            check_in=arrival.isoformat(),
            check_out=(arrival + timedelta(days=stay)).isoformat(),
            room_type=kind,
            hotel_id=self._hotel_id,
        )

    def today(self) -> date:
        """The date at the hotel, read now: guests must not be made on one day and asked for on the next."""
        return clock.today(self._timezone)

    def night_to_sell_out(self, number: int) -> date:
        """The first of `SOLD_OUT_NIGHTS` nights that no other guest asks for.

        Args:
            number: of the experiment among those that sell out nights, from 0; each has nights of its own.
        """
        if not (0 <= number < _SELL_OUT and self._earlier < _ANEW):
            raise ValueError(f"there are no nights to sell out for number {number}, time {self._earlier + 1}")
        block = number + self._earlier * _SELL_OUT
        return self.today() + timedelta(days=_SOLD_OUT_FROM + block * SOLD_OUT_NIGHTS)

    def guests(self, count: int) -> list[Guest]:
        """Several new guests."""
        return [self.guest() for _ in range(count)]


def _plain(name: str) -> str:
    """A name as a part of an e-mail address: its letters from a to z, or `guest` if it has none."""
    return re.sub("[^a-z]", "", unicodedata.normalize("NFKD", name.lower())) or "guest"


class Guests:
    """Sends guests' requests to the agent and keeps what they were told.

    Args:
        agent_url: base URL.
        endpoints: the agent's paths.
        patience: seconds after which a guest gives up.
        hooks: of the stack's gate.
    """

    def __init__(
        self,
        agent_url: str,
        endpoints: EndpointsPart,
        patience: float,
        most_at_once: int = 64,
        hooks: Hooks | None = None,
    ) -> None:
        self._endpoints = endpoints
        self._patience = patience
        self._http = httpx.Client(
            base_url=agent_url,
            timeout=patience,
            trust_env=False,
            event_hooks=canaries.hooks(hooks),
            limits=httpx.Limits(max_connections=most_at_once, max_keepalive_connections=most_at_once),
        )
        self._pool = ThreadPoolExecutor(most_at_once, thread_name_prefix="guest")
        self._lock = threading.Lock()
        self.operations: list[Operation] = []

    @property
    def http(self) -> httpx.Client:
        """The connections to the agent, for what is no guest's request."""
        return self._http

    def close(self) -> None:
        """End the threads and connections."""
        self._pool.shutdown(wait=True)
        self._http.close()

    def ask(self, guest: Guest, phase: str, patience: float | None = None) -> Operation:
        """Ask for availability; with `patience` the guest hangs up after so many seconds."""
        body = guest.availability()
        return self._send(
            guest, Kind.AVAILABILITY, phase, "POST", self._endpoints.availability, body, patience=patience
        )

    def reserve(self, guest: Guest, phase: str, *, key: str = "", patience: float | None = None) -> Operation:
        """Make a reservation.

        Args:
            key: sent as `Idempotency-Key`.
            patience: seconds after which this guest hangs up; None for the patience of all.
        """
        path, body = self._endpoints.reservations, guest.reservation()
        return self._send(guest, Kind.RESERVATION, phase, "POST", path, body, key=key, patience=patience)

    def look_up(self, guest: Guest, reservation_id: str, phase: str) -> Operation:
        """Read a reservation."""
        path = f"{self._endpoints.reservations}/{reservation_id}"
        return self._send(guest, Kind.LOOKUP, phase, "GET", path, None, wanted=reservation_id)

    def at_once(self, calls: Iterable[Callable[[], Operation]]) -> list[Operation]:
        """Run calls concurrently and wait for all of them."""
        return [future.result() for future in [self._pool.submit(call) for call in calls]]

    def _send(
        self,
        guest: Guest,
        kind: Kind,
        phase: str,
        method: str,
        path: str,
        body: Any,
        *,
        key: str = "",
        patience: float | None = None,
        wanted: str = "",
    ) -> Operation:
        started = clock.now()
        status, told, retry_after, error = None, {}, "", ""
        location, media = "", ""
        headers = {"Idempotency-Key": key} if key else {}
        try:
            limit = self._patience if patience is None else patience
            response = self._http.request(method, path, json=body, headers=headers, timeout=limit)
            status = response.status_code
            retry_after = response.headers.get("Retry-After", "")
            location, media = response.headers.get("Location", ""), response.headers.get("Content-Type", "")
            parsed = response.json()
            told = parsed if isinstance(parsed, dict) else {}
        except (httpx.HTTPError, ValueError) as problem:
            error = type(problem).__name__
        operation = Operation(
            guest,
            kind,
            phase,
            started,
            clock.now(),
            status,
            told,
            retry_after,
            error,
            key,
            location=location,
            media=media,
            wanted=wanted,
        )
        with self._lock:
            self.operations.append(operation)
        return operation


#: A part of a host name has at most 63 characters, and an address of QloApps 128.
_LONGEST_LABEL = 50


def label(*parts: str) -> str:
    """A label for a guest book: lower-case letters, digits and hyphens; a long text is cut and hashed."""
    allowed = string.ascii_lowercase + string.digits
    text = "-".join(parts).lower()
    words = "-".join(filter(None, "".join(char if char in allowed else "-" for char in text).split("-")))
    if len(words) <= _LONGEST_LABEL:
        return words
    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
    return f"{words[: _LONGEST_LABEL - len(digest) - 1].rstrip('-')}-{digest}"
