"""Parallel bookings: QloApps works without a lock, so does the twin when a race window is set. In virtual time."""

from __future__ import annotations

from collections import Counter

import pytest

from qloapps_twin.answers import Answer
from tests.twin.desk import Desk, Told, booking
from tests.twin.virtual import in_parallel

TRIALS = 60


def race(desk: Desk, guests: int) -> list[Told]:
    """Bookings of different guests for the same stay, all sent at the same moment."""
    works = [
        desk.service.answer(desk.request("POST", "/bookings", booking(email=f"guest{n}@example.com")))
        for n in range(guests)
    ]
    told = in_parallel(works)
    assert all(isinstance(one, Answer) for one in told), told
    return [Told(one) for one in told if isinstance(one, Answer)]


def last_room(seed: int, window: float = 0.1) -> Desk:
    """A hotel with one free room of type 1."""
    desk = Desk(window=window, seed=seed)
    desk.service.set_window(0.0)
    desk.book(booking(count=4, email="before@example.com"))
    desk.service.set_window(window)
    return desk


def live(desk: Desk) -> int:
    """How often the last room is sold."""
    return sum(line.live for line in desk.service.hotel.lines.values() if line.room_id == 5)


@pytest.mark.parametrize("guests", [2, 4, 10])
def test_all_racers_are_told_that_they_have_the_last_room(guests: int) -> None:
    for seed in range(10):
        told = race(last_room(seed), guests)
        assert {(one.status, tuple(one.rooms)) for one in told} == {(200, (5,))}


@pytest.mark.parametrize("guests", [2, 4, 10])
def test_last_room_is_sold_once_or_more_often_in_a_race(guests: int) -> None:
    """Recorded: sold again in 15 of 30 trials with 2 guests, 9 of 30 with 4, 17 of 30 with 10. Both happen here too."""
    sold = Counter()
    for seed in range(TRIALS):
        desk = last_room(seed)
        race(desk, guests)
        sold[live(desk)] += 1
    assert min(sold) == 1
    twice = sum(count for times, count in sold.items() if times > 1)
    assert TRIALS / 5 <= twice <= TRIALS * 9 / 10, sold


def test_loser_is_cancelled_where_only_room_lines_and_histories_show_it() -> None:
    desk = next(one for one in map(last_room, range(100)) if race(one, 2) and live(one) == 1)
    lost = next(line for line in desk.service.hotel.lines.values() if line.back_order)
    assert (lost.room_id, lost.cancelled, lost.refunded) == (5, True, True)
    assert desk.state(lost.order_id) == 1
    path = f"/order_histories?filter[id_order]={lost.order_id}&display=[id_order_state]"
    told = desk.ask("GET", path).json()["order_histories"]
    assert [one["id_order_state"] for one in told] == [1, 4, 1]
    good = desk.ask("GET", f"/bookings/{lost.order_id}").json()["booking"]["associations"]["room_types"]
    assert good[0]["rooms"][0]["id_room"] == 5


def test_with_rooms_left_racers_share_a_room_and_nobody_is_cancelled() -> None:
    shared = 0
    for seed in range(TRIALS):
        desk = Desk(window=0.1, seed=seed)
        rooms = [room for one in race(desk, 2) for room in one.rooms]
        assert all(line.live for line in desk.service.hotel.lines.values())
        shared += len(set(rooms)) == 1
    assert 0 < shared < TRIALS


def test_one_after_the_other_the_last_room_is_sold_once() -> None:
    desk = last_room(0)
    assert race(desk, 1)[0].status == 200
    assert race(desk, 1)[0].status == 400
    assert live(desk) == 1


def test_without_a_window_parallel_bookings_do_not_race() -> None:
    desk = last_room(0, window=0.0)
    assert [one.status for one in race(desk, 4)] == [200, 400, 400, 400]
    assert live(desk) == 1


def test_same_seed_gives_the_same_race() -> None:
    outcomes = []
    for _ in range(2):
        desk = last_room(7)
        race(desk, 10)
        outcomes.append([(line.order_id, line.room_id, line.live) for line in desk.service.hotel.lines.values()])
    assert outcomes[0] == outcomes[1]


def test_order_is_there_before_its_room_lines() -> None:
    desk = last_room(0)
    steps = desk.service.answer(desk.request("POST", "/bookings", booking()))
    next(steps)
    assert 5 not in desk.service.hotel.orders
    next(steps)
    assert 5 in desk.service.hotel.orders
    assert desk.ask("GET", "/room_bookings?filter[id_order]=[5]").json() == []
    with pytest.raises(StopIteration):
        next(steps)
    assert len(desk.lines(5)) == 1


def test_refused_booking_leaves_the_race(desk: Desk) -> None:
    desk.service.set_window(0.1)
    list(desk.service.answer(desk.request("POST", "/bookings", booking(email="nope"))))
    list(desk.service.answer(desk.request("POST", "/bookings", booking(count=9))))
    assert desk.service.race.under_way == 0


def test_silent_cancel_makes_losers_to_order(desk: Desk) -> None:
    desk.service.switches.set({"silent_cancel": 2})
    orders = [desk.book(booking()).order for _ in range(3)]
    assert [desk.lines(order)[0].live for order in orders] == [False, False, True]
    assert [desk.state(order) for order in orders] == [1, 1, 1]
