"""Service times as recorded."""

from __future__ import annotations

import random
import statistics

import pytest

from qloapps_twin.answers import Request
from qloapps_twin.latency import Latency, kind_of

HOTELS = Request("GET", "/api/hotels")
BOOKING = Request("POST", "/api/bookings")


def drawn(latency: Latency, request: Request) -> list[float]:
    return [latency.draw(request) * 1000 for _ in range(2000)]


@pytest.mark.parametrize(
    ("request_", "kind"),
    [
        (HOTELS, "list"),
        (Request("GET", "/api/hotels/1"), "one"),
        (Request("GET", "/api/bookings/1"), "booking_read"),
        (Request("GET", "/api/orders"), "booking_read"),
        (Request("POST", "/api/hotel_ari", body=b"<x><id_room_type>1</id_room_type></x>"), "ari_one_type"),
        (Request("POST", "/api/hotel_ari", body=b"<x/>"), "ari_all_types"),
        (Request("POST", "/api/hotel_ari", body=b"<date_wise_breakdown>1</x>"), "ari_date_wise"),
        (BOOKING, "booking"),
        (Request("PUT", "/api/bookings/4"), "booking"),
        (Request("POST", "/api/order_histories"), "booking"),
    ],
)
def test_kind_of_request_decides(request_: Request, kind: str) -> None:
    assert kind_of(request_) == kind


def test_without_latency_nothing_waits() -> None:
    assert set(drawn(Latency("none", random.Random(1)), BOOKING)) == {0.0}


@pytest.mark.parametrize(("request_", "p50", "p95"), [(HOTELS, 12.7, 16.3), (BOOKING, 127.3, 159.6)])
def test_one_at_a_time_has_the_recorded_quantiles(request_: Request, p50: float, p95: float) -> None:
    taken = drawn(Latency("recorded", random.Random(1)), request_)
    assert statistics.median(taken) == pytest.approx(p50, rel=0.05)
    assert statistics.quantiles(taken, n=20)[18] == pytest.approx(p95, rel=0.05)


def test_eight_at_a_time_have_the_recorded_quantiles() -> None:
    latency = Latency("recorded", random.Random(1))
    latency.under_way = 8
    taken = drawn(latency, HOTELS)
    assert statistics.median(taken) == pytest.approx(43.4, rel=0.05)
    assert max(taken) <= 120.9


def test_time_in_the_race_is_part_of_a_bookings_time() -> None:
    with_race = drawn(Latency("recorded", random.Random(1), lambda: 0.1), BOOKING)
    assert statistics.median(with_race) == pytest.approx(27.3, rel=0.1)
    assert min(drawn(Latency("recorded", random.Random(1), lambda: 9.0), BOOKING)) == 0.0


def test_same_seed_draws_the_same() -> None:
    assert drawn(Latency("recorded", random.Random(5)), HOTELS) == drawn(Latency("recorded", random.Random(5)), HOTELS)
