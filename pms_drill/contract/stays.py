"""Makes generated bodies meet the rules that a schema cannot say, without mending what is wrong in them on purpose.

A schema knows that a date is a date, not that it lies ahead. Whatever keeps to its schema is replaced by something
that will be accepted; what breaks its schema stays, so that a wrong request is refused for its own defect only.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import jsonschema_rs

from pms_drill.contract import document

#: Days ahead and nights, within the agent's 500 days and 30 nights, where guests of other tests do not stay full.
_NEAREST, _FARTHEST, _LONGEST = 20, 410, 5
_NAME_PART = 32
_WITHIN_NAMES = " '-."


@dataclass
class Wishes:
    """Right values for the fields of a request body.

    Args:
        draw: decides dates; seeded by the run.
        today: in the hotel's time zone.
        domain: of the guests' addresses, unique to the run.
        hotel_id, room_types: what exists at the PMS.
    """

    draw: random.Random
    today: date
    domain: str
    hotel_id: int
    room_types: tuple[int, ...] = (1, 2, 3, 4)
    _count: int = field(default=0, init=False)

    def number(self) -> int:
        """A number that was not given before."""
        self._count += 1
        return self._count

    def fitted(self, body: Any) -> Any:
        """The body with every field that keeps to its schema replaced by one that will be accepted."""
        if not isinstance(body, Mapping):
            return body
        arrival = self.today + timedelta(days=self.draw.randint(_NEAREST, _FARTHEST))
        stay = timedelta(days=self.draw.randint(1, _LONGEST))
        right: dict[str, Callable[[Any], Any]] = {
            "hotel_id": lambda _: self.hotel_id,
            "room_type": lambda _: self.draw.choice(self.room_types),
            "check_in": lambda _: arrival.isoformat(),
            "check_out": lambda _: (arrival + stay).isoformat(),
            "guest_name": plain_name,
            "email": lambda _: f"guest.{self.number()}@{self.domain}",
        }
        return {
            name: right[name](value) if name in right and _VALID[name].is_valid(value) else value
            for name, value in body.items()
        }


def plain_name(name: str) -> str:
    """What is left of a name when only letters, spaces, apostrophes, hyphens and full stops are kept.

    The schema allows more (control characters, unassigned ones), which nobody's name needs and no rule promises.
    """
    kept = "".join(char for char in name if (char.isalpha() and ord(char) <= 0xFFFF) or char in _WITHIN_NAMES)
    first, _, last = kept.strip(_WITHIN_NAMES).rpartition(" ")
    first, last = (part.strip(_WITHIN_NAMES)[:_NAME_PART].strip(_WITHIN_NAMES) for part in (first, last))
    return " ".join(filter(None, (first, last))) or "Ada Lovelace"


_VALID = {
    name: jsonschema_rs.validator_for(schema, validate_formats=True)
    for name, schema in (
        document.request_fields("AvailabilityQuery") | document.request_fields("ReservationRequest")
    ).items()
}
