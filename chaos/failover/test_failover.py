"""What guests get while the PMS is not asked: marked, true about its age, never a confirmation."""

from __future__ import annotations

import pytest

from pms_drill.checks import breaker, breaker_statuses, failover
from pms_drill.checks.verdict import claim
from pms_drill.evidence.bundle import Evidence


@pytest.mark.property("FAIL-01")
def test_answers_of_an_open_breaker_say_where_they_come_from(outage: Evidence) -> None:
    claim(failover.answers_are_marked(outage))


@pytest.mark.property("FAIL-02")
def test_guests_get_the_pms_back_soon_after_it_works(outage: Evidence) -> None:
    claim(breaker.recovers_after_the_heal(outage))


@pytest.mark.property("FAIL-03")
def test_reservation_while_the_breaker_is_open_is_pending_or_refused_never_confirmed(outage: Evidence) -> None:
    claim(failover.writes_are_pending_while_open(outage))


@pytest.mark.property("FAIL-04")
def test_question_that_was_answered_before_gets_the_last_answer_with_its_age(outage: Evidence) -> None:
    claim(failover.stale_answer_tells_its_age(outage))


@pytest.mark.property("FAIL-05")
def test_mock_answer_has_no_figures_and_the_time_of_the_answer(outage: Evidence) -> None:
    claim(failover.mock_answer_is_not_from_the_past(outage))


@pytest.mark.property("FAIL-06")
def test_failed_question_is_told_as_the_failure_it_is(outage: Evidence) -> None:
    claim(failover.failures_are_told(outage))


@pytest.mark.property("FAIL-09")
def test_refusal_of_the_pms_is_told_as_the_refusal_it_is(refusal: Evidence) -> None:
    claim(failover.refusals_are_told(refusal))


@pytest.mark.property("FAIL-10")
def test_every_answer_that_the_pms_itself_would_not_give_is_told_as_a_failure(what_counts: Evidence) -> None:
    claim(breaker_statuses.each_is_told_as_a_failure(what_counts))
