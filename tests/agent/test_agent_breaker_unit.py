"""The breaker alone, on a clock that only the test moves. Bounds come in pairs: just before, and at."""

from __future__ import annotations

import itertools
import random

import pytest

from hotel_agent.breaker import Breaker, Permit, State, Transition

THRESHOLD = 3
RECOVERY = 30.0
LEGAL = {
    (State.CLOSED, State.OPEN),
    (State.OPEN, State.HALF_OPEN),
    (State.HALF_OPEN, State.OPEN),
    (State.HALF_OPEN, State.CLOSED),
    (State.OPEN, State.CLOSED),
}


class Bench:
    """A breaker, its clock and what it told about itself."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.transitions: list[Transition] = []
        self.breaker = Breaker(THRESHOLD, RECOVERY, lambda: self.now, self.transitions.append)

    def call(self) -> Permit:
        permit = self.breaker.permit()
        assert permit is not None, "a closed breaker lets calls pass"
        return permit

    def probe(self) -> Permit:
        permit = self.breaker.probe_permit()
        assert permit is not None, "a probe was due"
        return permit

    def fail(self, times: int = 1) -> None:
        for _ in range(times):
            self.breaker.failure(self.call())

    def trip(self) -> None:
        self.fail(THRESHOLD)
        assert self.breaker.state is State.OPEN

    def half_open(self) -> None:
        self.trip()
        self.now += RECOVERY
        assert self.breaker.state is State.HALF_OPEN

    def moves(self) -> list[tuple[State, State]]:
        return [(move.before, move.after) for move in self.transitions]


@pytest.fixture
def bench() -> Bench:
    return Bench()


# -- closed


def test_starts_closed(bench: Bench) -> None:
    assert bench.breaker.state is State.CLOSED
    assert bench.breaker.failures == 0
    assert bench.breaker.remaining == 0
    assert bench.transitions == []


def test_one_failure_less_than_the_threshold_keeps_it_closed(bench: Bench) -> None:
    bench.fail(THRESHOLD - 1)
    assert bench.breaker.state is State.CLOSED
    assert bench.transitions == []


def test_the_failure_at_the_threshold_opens_it(bench: Bench) -> None:
    bench.fail(THRESHOLD)
    assert bench.breaker.state is State.OPEN
    [move] = bench.transitions
    assert (move.before, move.after, move.count, move.wait) == (State.CLOSED, State.OPEN, THRESHOLD, RECOVERY)
    assert move.reason


def test_a_success_starts_the_count_again(bench: Bench) -> None:
    bench.fail(THRESHOLD - 1)
    bench.breaker.success(bench.call())
    assert bench.breaker.failures == 0
    bench.fail(THRESHOLD - 1)
    assert bench.breaker.state is State.CLOSED
    bench.fail()
    assert bench.breaker.state is State.OPEN


def test_failures_count_in_the_order_in_which_they_end(bench: Bench) -> None:
    first, *others = [bench.call() for _ in range(THRESHOLD + 1)]
    for permit in others[:-1]:
        bench.breaker.failure(permit)
    bench.breaker.success(first)
    bench.breaker.failure(others[-1])
    assert bench.breaker.state is State.CLOSED
    assert bench.breaker.failures == 1


def test_a_business_answer_neither_counts_nor_resets(bench: Bench) -> None:
    bench.fail(THRESHOLD - 1)
    for _ in range(3 * THRESHOLD):
        bench.breaker.no_verdict(bench.call())
    assert bench.breaker.failures == THRESHOLD - 1
    assert bench.breaker.state is State.CLOSED


def test_failures_never_grow_old(bench: Bench) -> None:
    for _ in range(THRESHOLD):
        bench.fail()
        bench.now += 100 * RECOVERY
    assert next(move.after for move in bench.transitions) is State.OPEN


def test_failures_that_end_together_open_it_once(bench: Bench) -> None:
    permits = [bench.call() for _ in range(10 * THRESHOLD)]
    for permit in permits:
        bench.breaker.failure(permit)
    assert bench.moves() == [(State.CLOSED, State.OPEN)]


# -- open


def test_open_gives_no_permit_of_either_kind(bench: Bench) -> None:
    bench.trip()
    assert bench.breaker.permit() is None
    assert bench.breaker.probe_permit() is None


@pytest.mark.parametrize("early", [1e-6, 1.0, RECOVERY])
def test_open_until_the_last_moment_of_the_wait(bench: Bench, early: float) -> None:
    bench.trip()
    bench.now += RECOVERY - early
    assert bench.breaker.state is State.OPEN
    assert bench.breaker.probe_permit() is None
    assert bench.breaker.remaining == pytest.approx(early)


def test_half_open_exactly_when_the_wait_is_over(bench: Bench) -> None:
    bench.trip()
    bench.now += RECOVERY
    assert bench.breaker.state is State.HALF_OPEN
    assert bench.breaker.remaining == 0


def test_a_late_success_does_not_close_it(bench: Bench) -> None:
    slow = bench.call()
    bench.trip()
    bench.breaker.success(slow)
    assert bench.breaker.state is State.OPEN


def test_a_late_failure_neither_lengthens_the_wait_nor_fires_again(bench: Bench) -> None:
    slow = bench.call()
    bench.trip()
    bench.now += RECOVERY / 2
    bench.breaker.failure(slow)
    assert bench.breaker.remaining == pytest.approx(RECOVERY / 2)
    assert bench.moves() == [(State.CLOSED, State.OPEN)]


def test_a_late_429_does_not_lengthen_the_wait(bench: Bench) -> None:
    slow = bench.call()
    bench.trip()
    bench.breaker.rate_limited(slow, 300.0)
    assert bench.breaker.remaining == pytest.approx(RECOVERY)


# -- 429


def test_one_429_opens_at_once_for_its_own_wait(bench: Bench) -> None:
    bench.breaker.rate_limited(bench.call(), 120.0)
    assert bench.breaker.state is State.OPEN
    bench.now += 120.0 - 1e-6
    assert bench.breaker.state is State.OPEN
    bench.now += 1e-6
    assert bench.breaker.state is State.HALF_OPEN


def test_a_429_that_asks_for_less_than_the_recovery_time_gets_it(bench: Bench) -> None:
    bench.breaker.rate_limited(bench.call(), 1.0)
    bench.now += 1.0
    assert bench.breaker.state is State.HALF_OPEN


def test_a_429_without_a_wait_opens_for_the_recovery_time(bench: Bench) -> None:
    bench.breaker.rate_limited(bench.call(), None)
    assert bench.breaker.remaining == pytest.approx(RECOVERY)
    assert bench.transitions[0].wait == pytest.approx(RECOVERY)


def test_a_probe_that_meets_429_opens_for_its_wait(bench: Bench) -> None:
    bench.half_open()
    bench.breaker.rate_limited(bench.probe(), 7.0)
    assert bench.breaker.remaining == pytest.approx(7.0)


# -- half-open


def test_half_open_admits_one_probe_when_fifty_ask(bench: Bench) -> None:
    bench.half_open()
    permits = [bench.breaker.probe_permit() for _ in range(50)]
    assert sum(permit is not None for permit in permits) == 1
    assert bench.breaker.permit() is None


def test_the_probe_is_alone_however_long_it_takes(bench: Bench) -> None:
    bench.half_open()
    bench.probe()
    bench.now += 100 * RECOVERY
    assert bench.breaker.probe_permit() is None


def test_a_good_probe_closes_and_clears(bench: Bench) -> None:
    bench.half_open()
    bench.breaker.success(bench.probe())
    assert bench.breaker.state is State.CLOSED
    assert bench.breaker.failures == 0
    bench.fail(THRESHOLD - 1)
    assert bench.breaker.state is State.CLOSED
    bench.fail()
    assert bench.breaker.state is State.OPEN


@pytest.mark.parametrize("bad_end", ["failure", "no_verdict"])
def test_a_probe_without_success_opens_for_a_full_new_wait(bench: Bench, bad_end: str) -> None:
    bench.half_open()
    probe = bench.probe()
    bench.now += 5.0
    getattr(bench.breaker, bad_end)(probe)
    assert bench.breaker.state is State.OPEN
    assert bench.breaker.remaining == pytest.approx(RECOVERY)
    bench.now += RECOVERY
    bench.breaker.success(bench.probe())
    assert bench.breaker.state is State.CLOSED


def test_a_failed_probe_needs_no_threshold(bench: Bench) -> None:
    bench.half_open()
    bench.breaker.failure(bench.probe())
    assert bench.moves()[-1] == (State.HALF_OPEN, State.OPEN)


@pytest.mark.parametrize("end", ["success", "failure"])
def test_a_call_from_before_the_trip_decides_nothing_in_half_open(bench: Bench, end: str) -> None:
    slow = bench.call()
    bench.half_open()
    getattr(bench.breaker, end)(slow)
    assert bench.breaker.state is State.HALF_OPEN
    assert bench.breaker.probe_permit() is not None


@pytest.mark.parametrize("end", ["success", "failure", "no_verdict"])
def test_a_probe_counts_once(bench: Bench, end: str) -> None:
    bench.half_open()
    probe = bench.probe()
    getattr(bench.breaker, end)(probe)
    seen = bench.moves()
    bench.breaker.failure(probe)
    bench.breaker.success(probe)
    assert bench.moves() == seen


# -- idle probe while closed


def test_a_probe_while_closed_counts_like_a_call(bench: Bench) -> None:
    bench.fail(THRESHOLD - 1)
    bench.breaker.failure(bench.probe())
    assert bench.breaker.state is State.OPEN


def test_a_probe_begun_while_closed_does_not_decide_half_open(bench: Bench) -> None:
    idle = bench.probe()
    bench.half_open()
    bench.breaker.success(idle)
    assert bench.breaker.state is State.HALF_OPEN
    assert bench.breaker.probe_permit() is not None


# -- reset


def test_reset_closes_an_open_breaker(bench: Bench) -> None:
    bench.trip()
    bench.breaker.reset()
    assert bench.breaker.state is State.CLOSED
    assert bench.moves()[-1] == (State.OPEN, State.CLOSED)
    bench.fail(THRESHOLD - 1)
    assert bench.breaker.state is State.CLOSED
    bench.fail()
    assert bench.breaker.state is State.OPEN


def test_reset_ends_a_wait_that_a_429_asked_for(bench: Bench) -> None:
    bench.breaker.rate_limited(bench.call(), 300.0)
    bench.breaker.reset()
    assert bench.breaker.state is State.CLOSED
    bench.trip()
    assert bench.breaker.remaining == pytest.approx(RECOVERY)


def test_reset_is_idempotent_and_clears_the_count(bench: Bench) -> None:
    bench.fail(THRESHOLD - 1)
    bench.breaker.reset()
    bench.breaker.reset()
    assert bench.breaker.failures == 0
    assert bench.transitions == []


@pytest.mark.parametrize("end", ["success", "failure", "no_verdict"])
def test_calls_begun_before_a_reset_have_no_effect(bench: Bench, end: str) -> None:
    early = [bench.call() for _ in range(2 * THRESHOLD)]
    bench.breaker.reset()
    bench.fail()
    for permit in early:
        getattr(bench.breaker, end)(permit)
    assert bench.breaker.failures == 1
    assert bench.breaker.state is State.CLOSED


def test_a_probe_begun_before_a_reset_does_not_open_it(bench: Bench) -> None:
    bench.half_open()
    probe = bench.probe()
    bench.breaker.reset()
    bench.breaker.failure(probe)
    assert bench.breaker.state is State.CLOSED
    assert bench.breaker.failures == 0


# -- whatever happens


@pytest.mark.parametrize("seed", range(20))
def test_transitions_are_legal_and_chained_whatever_happens(bench: Bench, seed: int) -> None:
    chance = random.Random(seed)
    out: list[Permit] = []
    for _ in range(500):
        step = chance.choice(["call", "call", "probe", "end", "end", "end", "wait", "reset"])
        before = bench.breaker.state
        if step in ("call", "probe"):
            permit = bench.breaker.permit() if step == "call" else bench.breaker.probe_permit()
            assert permit is None or before is State.CLOSED or (step == "probe" and before is State.HALF_OPEN)
            out += [permit] if permit else []
        elif step == "end" and out:
            permit = out.pop(chance.randrange(len(out)))
            end = chance.choice(["success", "failure", "failure", "no_verdict", "rate_limited"])
            if end == "rate_limited":
                bench.breaker.rate_limited(permit, chance.choice([None, 5.0, 300.0]))
            else:
                getattr(bench.breaker, end)(permit)
        elif step == "wait":
            bench.now += chance.uniform(0, 2 * RECOVERY)
        elif step == "reset":
            bench.breaker.reset()
            assert bench.breaker.state is State.CLOSED
        if before is State.OPEN and step in ("call", "probe", "end"):
            assert bench.breaker.state is State.OPEN, "nothing but time and reset ends the wait"
    assert bench.transitions, "the walk moved the breaker"
    assert set(bench.moves()) <= LEGAL
    chain = [State.CLOSED, *(move.after for move in bench.transitions)]
    assert list(itertools.pairwise(chain)) == bench.moves()


# -- who is told


def test_whoever_is_told_of_changes_cannot_break_the_breaker() -> None:
    now = 1000.0

    def fails(_: Transition) -> None:
        raise OSError("No space left on device")

    breaker = Breaker(THRESHOLD, RECOVERY, lambda: now, fails)
    for _ in range(THRESHOLD):
        permit = breaker.permit()
        assert permit is not None
        breaker.failure(permit)
    assert breaker.state is State.OPEN
    now += RECOVERY
    assert breaker.state is State.HALF_OPEN
    probe = breaker.probe_permit()
    assert probe is not None
    breaker.success(probe)
    assert breaker.state is State.CLOSED
