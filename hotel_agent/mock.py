"""The mock adapter: what guests are told without the PMS. It never confirms anything."""

from __future__ import annotations

from datetime import UTC, datetime

from hotel_agent.models import Availability, Query

ROOM_TYPES = frozenset({1, 2, 3, 4})


class Mock:
    """Indicative answers from a fixed catalogue.

    Args:
        hotel_id: the only hotel that the catalogue knows.
    """

    def __init__(self, hotel_id: int) -> None:
        self._hotel_id = hotel_id

    def knows(self, hotel_id: int, room_type: int) -> bool:
        """Whether the catalogue has the room type."""
        return hotel_id == self._hotel_id and room_type in ROOM_TYPES

    def availability(self, query: Query) -> Availability | None:
        """An indicative answer, or None for a room type that the catalogue lacks."""
        if not self.knows(query.hotel_id, query.room_type):
            return None
        return Availability(
            **query.model_dump(),
            available=True,
            rooms_left=None,
            total=None,
            binding=False,
            source="mock",
            as_of=datetime.now(UTC),
        )
