"""The requests: for each field the values of its type and many that are none. Order counts: bookings come last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.twin.asked import availability, bookings, lists


@dataclass(frozen=True, slots=True)
class Case:
    """A request of the web service, in JSON unless its path says otherwise."""

    method: str
    path: str
    body: bytes = b""


def cases() -> dict[str, Case]:
    """All requests by name, in the order in which they are sent."""
    return dict(_all())


def _all() -> Iterator[tuple[str, Case]]:
    for name, path in lists.paths():
        yield f"list {name}", Case("GET", path)
    for name, body in availability.bodies():
        yield f"ari {name}", Case("POST", "/hotel_ari", body)
    for name, body in bookings.bodies():
        yield f"booking {name}", Case("POST", "/bookings", body)
