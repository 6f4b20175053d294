"""What counts and what does not: just below the threshold, a success in between, guests who hang up, other settings."""

from __future__ import annotations

import pytest

from pms_drill.checks import breaker_counting as counting
from pms_drill.checks import breaker_idle, breaker_statuses, breaker_waits
from pms_drill.checks.verdict import claim
from pms_drill.evidence.bundle import Evidence


@pytest.mark.claims("breaker.failure_ratio=None")
@pytest.mark.property("BRK-03")
def test_success_between_failures_begins_the_count_anew(streak: Evidence) -> None:
    claim(counting.success_resets_the_streak(streak))


@pytest.mark.claims("breaker.failure_ratio=None")
@pytest.mark.property("BRK-07")
def test_one_failure_fewer_than_the_threshold_leaves_the_breaker_closed(streak: Evidence) -> None:
    claim(counting.below_the_threshold_stays_closed(streak))


@pytest.mark.claims("breaker.failure_ratio=None")
@pytest.mark.property("BRK-41")
def test_closing_clears_the_count(streak: Evidence) -> None:
    claim(counting.closing_clears_the_count(streak))


@pytest.mark.property("BRK-15")
def test_guests_who_hang_up_do_not_open_the_breaker(simultaneous: Evidence) -> None:
    claim(counting.hanging_up_is_no_failure(simultaneous))


@pytest.mark.property("BRK-17")
def test_failures_at_the_same_moment_open_the_breaker_once(simultaneous: Evidence) -> None:
    claim(counting.failures_at_once_open_it_once(simultaneous))


@pytest.mark.claims("breaker.failure_ratio=None")
@pytest.mark.property("BRK-26")
def test_restart_costs_a_dead_pms_no_more_than_declared(agent_restart: Evidence) -> None:
    claim(counting.restart_costs_no_more_than_declared(agent_restart))


@pytest.mark.claims("breaker.failure_ratio=None")
@pytest.mark.property("BRK-52")
def test_another_threshold_and_another_wait_are_honoured(other_settings: Evidence) -> None:
    claim(counting.settings_are_honoured(other_settings))


@pytest.mark.claims("pms.health_interval")
@pytest.mark.needs_setting("health_interval")
@pytest.mark.property("BRK-61")
def test_closed_breaker_that_is_idle_probes_the_pms_after_the_health_interval(other_settings: Evidence) -> None:
    claim(breaker_idle.probes_after_the_interval(other_settings))


@pytest.mark.property("BRK-53")
@pytest.mark.seen_at_the_pms
def test_question_under_a_fault_costs_the_pms_no_more_calls_than_declared(outage: Evidence) -> None:
    claim(counting.calls_are_not_amplified(outage))


@pytest.mark.claims("breaker.failure_ratio=None")
@pytest.mark.property("BRK-57")
def test_every_answer_that_the_pms_itself_would_not_give_counts(what_counts: Evidence) -> None:
    claim(breaker_statuses.each_is_counted(what_counts))


@pytest.mark.claims("breaker.failure_ratio=None")
@pytest.mark.property("BRK-58")
def test_refusals_between_failures_do_not_begin_the_count_anew(what_counts: Evidence) -> None:
    claim(breaker_statuses.refusals_do_not_begin_the_count_anew(what_counts))


@pytest.mark.property("BRK-59")
def test_wait_that_a_429_asks_for_is_obeyed_in_every_form(retry_after: Evidence) -> None:
    claim(breaker_waits.each_wait_is_obeyed(retry_after))


@pytest.mark.property("BRK-60")
def test_wait_that_a_429_asks_for_has_an_end(retry_after: Evidence) -> None:
    claim(breaker_waits.no_wait_without_end(retry_after))


@pytest.mark.property("MET-11")
def test_every_answer_that_the_pms_itself_would_not_give_has_its_kind(what_counts: Evidence) -> None:
    claim(breaker_statuses.each_has_its_kind(what_counts))
