"""Late results, stepped clocks and dates: the wait is what was promised."""

from __future__ import annotations

import pytest

from pms_drill.checks import breaker_time as time
from pms_drill.checks.verdict import claim
from pms_drill.evidence.bundle import Evidence


@pytest.mark.property("BRK-12")
def test_limit_with_a_date_is_obeyed(limited_until: Evidence) -> None:
    claim(time.date_of_a_limit_is_obeyed(limited_until))


@pytest.mark.property("BRK-23")
@pytest.mark.only_under("late_success")
def test_late_success_does_not_close_the_breaker(late_results: Evidence) -> None:
    claim(time.late_success_does_not_close(late_results))


@pytest.mark.property("BRK-24")
@pytest.mark.only_under("late_failure")
def test_late_failure_does_not_extend_the_wait(late_results: Evidence) -> None:
    claim(time.late_failure_does_not_extend_the_wait(late_results))


@pytest.mark.property("BRK-25")
def test_wall_clock_that_is_stepped_does_not_change_the_wait(clock_steps: Evidence) -> None:
    claim(time.wall_clock_does_not_matter(clock_steps))
