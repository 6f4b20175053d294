"""Readiness against the evidence: each of its words told otherwise, alone, fails."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pms_drill.checks import readiness
from pms_drill.checks.verdict import Outcome
from pms_drill.evidence.journal import Event
from pms_drill.evidence.machine import Delay, Machine
from tests.checks import literal
from tests.checks.literal import ask, call, outage, policy, wall

ALL = [readiness.tells_state_and_status, readiness.tells_the_last_call, readiness.tells_what_is_pending]
TOLD = literal.readiness()


def during(begin, end, **changes):
    """The outage in which readiness says something else for a while."""
    return outage(readiness=[(at, pms | changes if begin <= at < end else pms) for at, pms in TOLD])


@pytest.mark.parametrize("check", ALL)
def test_a_good_outage_passes(check):
    found = check(outage())
    assert found.outcome is Outcome.PASSED, found.why


@pytest.mark.parametrize("check", ALL)
def test_what_was_never_read_is_unknown(check):
    assert check(outage(readiness=[], ready=[])).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("begin", "end", "changes"),
    [
        (0.3, 2.9, {"status": "degraded"}),
        (0.3, 2.9, {"breaker": "open"}),
        (0.3, 2.9, {"adapter": "mock"}),
        (3.2, 3.9, {"status": "up"}),
        (3.2, 3.9, {"status": "auth_failed"}),
        (3.2, 3.9, {"status": None}),
        (3.2, 3.9, {"breaker": "closed"}),
        (3.2, 3.9, {"breaker": "half_open"}),
        (6.5, 7.5, {"status": "down"}),
        (6.5, 7.5, {"breaker": "open"}),
        (8.2, 8.5, {"status": "up"}),
    ],
)
def test_a_wrong_word_of_readiness_fails(begin, end, changes):
    found = readiness.tells_state_and_status(during(begin, end, **changes))
    assert found.outcome is Outcome.FAILED
    assert repr(next(iter(changes.values()))) in found.seen["health"]


def test_a_single_reading_before_the_fault_is_enough_where_it_is_known_when_it_was_answered():
    """On a quick machine the guests before the fault take 0.1 s, in which readiness is read once or twice."""
    read = [(at, pms) for at, pms in TOLD if at > 3.0]
    once = [(0.4, {**TOLD[5][1], "status": "degraded"}), *read]
    answered = [("/health/ready", 0.4, 0.41)]
    assert readiness.tells_state_and_status(outage(readiness=once)).outcome is Outcome.PASSED
    assert readiness.tells_state_and_status(outage(readiness=once, health=answered)).outcome is Outcome.FAILED


def test_an_agent_that_is_not_ready_fails():
    assert readiness.tells_state_and_status(outage(ready=[(1.0, "not_ready")])).outcome is Outcome.FAILED


@pytest.mark.parametrize("told", [None, "soon", wall(-3.0), wall(12.0), "2027-01-15T08:00:03"])
def test_a_wrong_time_of_the_last_call_fails(told):
    assert readiness.tells_the_last_call(during(3.5, 3.9, checked_at=told)).outcome is Outcome.FAILED


def test_the_time_of_the_question_is_no_time_of_a_call():
    """While the breaker waits nothing is called, and a time that goes on all the same is not that of a call."""
    always = [(at, pms | {"checked_at": wall(at)}) for at, pms in TOLD]
    found = readiness.tells_the_last_call(outage(readiness=always, policy=policy(timeout=0.5)))
    assert found.outcome is Outcome.FAILED


@pytest.mark.parametrize(("at", "told", "outcome"), [(2.3, 2.0, Outcome.PASSED), (3.1, 3.0, Outcome.FAILED)])
def test_the_time_of_the_question_in_whole_seconds_is_found_out_in_a_longer_pause(at, told, outcome):
    last = [call(1.5, delivered=1.51)]
    said = [(at, {"checked_at": wall(told)})]
    found = readiness.tells_the_last_call(outage(ledger=last, readiness=said, policy=policy(timeout=0.5)))
    assert found.outcome is outcome


def test_from_the_heal_on_the_pms_may_be_up_again():
    """The second strike is healed at 8.3 s, and a read-back finds the PMS at work before the phase has ended."""
    healed = [Event(8.3, "fault", "server_error", "healing")]
    up = during(8.35, 8.6, status="up")
    assert readiness.tells_state_and_status(up).outcome is Outcome.FAILED
    assert readiness.tells_state_and_status(replace(up, events=healed)).outcome is Outcome.PASSED


def test_a_call_whose_answer_is_held_back_ends_for_the_agent_at_its_deadline_only():
    """The ledger saw an answer at 10.01 s; under a hang the agent gives that call up half a second later."""
    before = wall(8.802)
    assert readiness.tells_the_last_call(during(10.0, 10.5, checked_at=before)).outcome is Outcome.PASSED
    assert readiness.tells_the_last_call(during(10.0, 11.5, checked_at=before)).outcome is Outcome.FAILED


def test_a_time_in_whole_seconds_of_a_call_that_ended_a_little_before_it_should_have_passes():
    """An agent's deadline begins before the PMS side sees the call; 1.98 s, cut to 1 s, is no wrong 2.02 s."""
    hung = [call(1.52, status=None, delivered=4.0)]
    told = [(2.5, {"checked_at": wall(1.0)})]
    found = readiness.tells_the_last_call(outage(ledger=hung, readiness=told, policy=policy(timeout=0.5)))
    assert found.outcome is Outcome.PASSED, found.why


@pytest.mark.parametrize("check", ALL)
def test_what_readiness_tells_on_a_machine_that_was_late_is_unknown_and_not_wrong(check):
    wrong = during(0.3, 9.0, status=None, checked_at=None, pending=7)
    assert check(wrong).outcome is Outcome.FAILED
    assert check(replace(wrong, machine=Machine(stalls=(Delay(4.6, 14.6, 10.0),)))).outcome is Outcome.UNKNOWN


def test_without_a_clock_the_time_of_the_last_call_is_unknown():
    assert readiness.tells_the_last_call(outage(epoch=None)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(("begin", "end", "pending"), [(3.5, 6.0, 0), (3.5, 6.0, 2), (0.0, 2.0, 1), (3.5, 6.0, None)])
def test_a_gauge_that_differs_from_readiness_fails(begin, end, pending):
    assert readiness.tells_what_is_pending(during(begin, end, pending=pending)).outcome is Outcome.FAILED


def test_a_number_that_never_changes_shows_nothing():
    counts = literal.counted()
    counts.pending = counts.pending[:1]
    never = [(at, pms | {"pending": 0}) for at, pms in TOLD]
    found = readiness.tells_what_is_pending(outage(readiness=never, scrapes=counts.scrapes(-0.5, 11.5)))
    assert found.outcome is Outcome.UNKNOWN


def waiting(*slow, reads=True):
    """Guests who wait for the whole deadline, and health, which answers in 5 ms; longer while guests `slow` wait."""
    asked = [ask(3.0 + 0.6 * n, f"w{n}", "impact", status=504, took=0.5) for n in range(5)]
    took = [0.45 if n in slow else 0.005 for n in range(5)]
    health = [("/health/ready", op.started + 0.05, op.started + 0.05 + took[n]) for n, op in enumerate(asked)]
    return outage(operations=asked, health=health if reads else [], policy=policy(timeout=0.5))


def test_health_that_is_answered_while_guests_wait_passes():
    assert readiness.answers_at_once(waiting()).outcome is Outcome.PASSED
    assert readiness.answers_at_once(waiting(3)).outcome is Outcome.PASSED


def test_health_that_waits_with_the_guests_fails():
    found = readiness.answers_at_once(waiting(0, 1, 3))
    assert found.outcome is Outcome.FAILED
    assert "waited with 3 of them, 450 ms" in found.why


def test_health_that_nobody_read_while_guests_waited_is_unknown():
    assert readiness.answers_at_once(waiting(reads=False)).outcome is Outcome.UNKNOWN
    assert readiness.answers_at_once(outage()).outcome is Outcome.UNKNOWN
