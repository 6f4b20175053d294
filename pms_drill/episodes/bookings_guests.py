"""Guests of the bookings workload: each of a kind, and what a guest of that kind does."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from enum import StrEnum

from pms_drill.episodes.guests import GuestBook, Guests
from pms_drill.evidence.history import Guest, Operation

_PHASE = "storm"
#: How soon somebody asks again who got no answer, or was told that the first request is under way, in seconds.
_AGAIN_S = 0.15
_MOST_REPEATS = 3
#: After how long an impatient guest hangs up, in seconds: in the middle of a booking.
_HANGS_UP_S = (0.01, 0.12)


class Kind(StrEnum):
    """What a guest does.

    ASKS: asks for availability. BOOKS: reserves. BOOKS_WITH_KEY: the same with an `Idempotency-Key`. REPEATS: sends the
    same request with the same key again, whatever was answered. HANGS_UP: leaves in the middle and does not come back.
    HANGS_UP_AND_REPEATS: leaves in the middle and sends the request again with its key.
    """

    ASKS = "asks"
    BOOKS = "books"
    BOOKS_WITH_KEY = "books with a key"
    REPEATS = "repeats"
    HANGS_UP = "hangs up"
    HANGS_UP_AND_REPEATS = "hangs up and repeats"


#: Kinds of those who book, with their weights.
_BOOKING = {
    Kind.BOOKS: 4,
    Kind.BOOKS_WITH_KEY: 3,
    Kind.REPEATS: 3,
    Kind.HANGS_UP: 1,
    Kind.HANGS_UP_AND_REPEATS: 2,
}
_WITH_KEY = (Kind.BOOKS_WITH_KEY, Kind.REPEATS, Kind.HANGS_UP_AND_REPEATS)


class Crowd:
    """Makes guests of all kinds, and lets them act.

    Args:
        seed: decides who comes and what they do.
        bookings: part of the guests who book.
        today: part of the guests who come today, whose stay ends to be possible at midnight.
    """

    def __init__(self, seed: int, book: GuestBook, guests: Guests, bookings: float, today: float = 0.0) -> None:
        self._draw = random.Random(f"{seed}/crowd")  # noqa: S311 - reproducible, not secret
        self._book = book
        self._guests = guests
        self._bookings = bookings
        self._today = today
        self._over = threading.Event()
        #: Guests with a key, who may ask once more at the end.
        self.keys: dict[str, Guest] = {}

    def next(self) -> Callable[[], None]:
        """The next guest, as something to run; everything about the guest is drawn now."""
        draw = self._draw
        comes_today = self._today > 0 and draw.random() < self._today
        guest = self._book.guest(check_in=self._book.today() if comes_today else None)
        if draw.random() >= self._bookings:
            return lambda: self._ask(guest)
        kind = draw.choices(list(_BOOKING), list(_BOOKING.values()))[0]
        patience = draw.uniform(*_HANGS_UP_S) if kind in (Kind.HANGS_UP, Kind.HANGS_UP_AND_REPEATS) else None
        looks_after = draw.uniform(0.2, 1.0) if draw.random() < 0.5 else None
        key = f"key-{guest.email}" if kind in _WITH_KEY else ""
        if key:
            self.keys[key] = guest
        return lambda: self._reserve(guest, kind, key, patience, looks_after)

    def repeat_all(self, phase: str) -> list[Callable[[], Operation]]:
        """Everybody with a key sends the same request once more."""
        return [lambda key=key, guest=guest: self._guests.reserve(guest, phase, key=key)  # type: ignore[misc]
                for key, guest in self.keys.items()]  # fmt: skip

    def go_home(self) -> None:
        """Nobody who waits sends anything more."""
        self._over.set()

    def _ask(self, guest: Guest) -> None:
        self._guests.ask(guest, _PHASE)

    def _reserve(self, guest: Guest, kind: Kind, key: str, patience: float | None, looks_after: float | None) -> None:
        told = self._guests.reserve(guest, _PHASE, key=key, patience=patience)
        if kind in (Kind.REPEATS, Kind.HANGS_UP_AND_REPEATS):
            for _ in range(_MOST_REPEATS):
                if self._over.wait(_AGAIN_S):
                    return
                told = self._guests.reserve(guest, _PHASE, key=key)
                if told.body.get("reservation_id"):
                    break
        reservation = told.body.get("reservation_id")
        if isinstance(reservation, str) and looks_after is not None and not self._over.wait(looks_after):
            self._guests.look_up(guest, reservation, _PHASE)
