"""Ages that no step of the wall clock cuts or stretches, with clocks of the test."""

from __future__ import annotations

from hotel_agent.elapsed import Elapsed


class Clocks:
    """A wall clock that can be set, and a monotonic one that cannot."""

    def __init__(self) -> None:
        self.wall = 1_000_000.0
        self.monotonic = 50.0

    def pass_time(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds

    def ages(self) -> Elapsed:
        return Elapsed(lambda: self.wall, lambda: self.monotonic)


def test_an_age_grows_with_time() -> None:
    clocks = Clocks()
    ages = clocks.ages()
    assert ages.since("a", clocks.wall - 7) == 7
    clocks.pass_time(3)
    assert ages.since("a", clocks.wall - 10) == 10


def test_a_step_of_the_wall_clock_changes_no_age() -> None:
    for step in (-3600.0, 3600.0):
        clocks = Clocks()
        ages, at = clocks.ages(), clocks.wall
        ages.since("a", at)
        clocks.wall += step
        clocks.pass_time(5)
        assert ages.since("a", at) == 5


def test_what_lies_in_the_future_at_first_sight_is_new() -> None:
    clocks = Clocks()
    ages, at = clocks.ages(), clocks.wall + 3600
    assert ages.since("a", at) == 0
    clocks.pass_time(5)
    assert ages.since("a", at) == 5


def test_a_later_attempt_of_the_same_intent_has_an_age_of_its_own() -> None:
    clocks = Clocks()
    ages, first = clocks.ages(), clocks.wall
    ages.since("a", first)
    clocks.pass_time(10)
    assert ages.since("a", clocks.wall) == 0
    assert ages.since("a", first) == 10


def test_what_is_not_kept_is_forgotten() -> None:
    clocks = Clocks()
    ages, at = clocks.ages(), clocks.wall
    ages.since("a", at), ages.since("b", at)
    clocks.pass_time(4)
    ages.keep_only(["b"])
    clocks.wall += 100
    assert ages.since("a", at) == 104
    assert ages.since("b", at) == 4
