"""How long the recorded QloApps took, by kind of request and by how many were under way."""

from __future__ import annotations

import json
import random
from bisect import bisect_left
from importlib.resources import files
from typing import Any

from qloapps_twin.answers import Request

MODES = ("none", "recorded")
_QUANTILES = (0.0, 0.5, 0.95, 0.99, 1.0)
_FASTEST = 0.8
"""The shortest time as a share of the median; it was not recorded."""
_MANY = 8


class Latency:
    """Draws service times. With mode `none` all are 0."""

    def __init__(self, mode: str, rng: random.Random) -> None:
        self._rng = rng
        self._table: dict[str, Any] = json.loads(files("qloapps_twin").joinpath("data/latency.json").read_text("utf-8"))
        self.under_way = 0
        self.set_mode(mode)

    def set_mode(self, mode: str) -> None:
        """Switch between `none` and `recorded`.

        Raises:
            ValueError: another mode.
        """
        if mode not in MODES:
            raise ValueError(f"latency must be one of {', '.join(MODES)}")
        self.mode = mode

    def draw(self, request: Request) -> float:
        """Seconds to wait before this request is carried out."""
        if self.mode == "none":
            return 0.0
        kind = kind_of(request)
        at_one, at_many = self._table[kind]["1"], self._table[kind]["8"]
        quantile = self._rng.random()
        one, many = _at(at_one, quantile), _at(at_many, quantile)
        share = min(max(self.under_way - 1, 0) / (_MANY - 1), 1.0)
        return (one + (many - one) * share) / 1000


def kind_of(request: Request) -> str:
    """The recorded kind of request that is nearest to this one."""
    path = request.path.removeprefix("/api/").strip("/")
    if path.startswith("hotel_ari"):
        if b"date_wise_breakdown>1" in request.body:
            return "ari_date_wise"
        return "ari_one_type" if b"<id_room_type>" in request.body else "ari_all_types"
    if request.method in ("POST", "PUT") and path.split("/")[0] in ("bookings", "order_histories"):
        return "booking"
    if path.split("/")[0] in ("bookings", "orders", "room_bookings"):
        return "booking_read"
    return "one" if "/" in path else "list"


def _at(recorded: list[float], quantile: float) -> float:
    """A quantile of a recorded distribution (median, p95, p99, longest), in ms, straight lines in between."""
    values = [recorded[0] * _FASTEST, *recorded]
    place = max(bisect_left(_QUANTILES, quantile), 1)
    low, high = _QUANTILES[place - 1], _QUANTILES[place]
    return values[place - 1] + (values[place] - values[place - 1]) * (quantile - low) / (high - low)
