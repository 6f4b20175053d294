"""Optional policies: judged for the profiles that claim them, skipped as not-claimed for all others."""

from __future__ import annotations

import pytest

from pms_drill.checks import breaker_guest_probe as traffic
from pms_drill.checks import breaker_policies as policies
from pms_drill.checks.verdict import claim
from pms_drill.evidence.bundle import Evidence


@pytest.mark.property("BRK-04")
@pytest.mark.claims("breaker.minimum_calls")
def test_fewer_calls_than_the_minimum_never_open_the_breaker(call_volume: Evidence) -> None:
    claim(policies.few_failures_do_not_open_it(call_volume))


@pytest.mark.property("BRK-05")
@pytest.mark.claims("breaker.window")
def test_failures_older_than_the_window_are_forgotten(call_volume: Evidence) -> None:
    claim(policies.old_failures_do_not_count(call_volume))


@pytest.mark.property("BRK-06")
@pytest.mark.claims("breaker.window")
def test_failures_in_two_parts_of_a_window_add_up(call_volume: Evidence) -> None:
    claim(policies.failures_across_the_window_add_up(call_volume))


@pytest.mark.property("BRK-13")
@pytest.mark.claims("breaker.slow_call")
def test_slow_calls_open_the_breaker_and_quicker_ones_do_not(slow_calls: Evidence) -> None:
    claim(policies.slow_calls_open_it(slow_calls))


@pytest.mark.property("BRK-39")
@pytest.mark.claims("breaker.slow_call")
def test_slow_probe_leaves_the_breaker_open(slow_calls: Evidence) -> None:
    claim(policies.slow_probe_reopens(slow_calls))


@pytest.mark.property("BRK-43")
@pytest.mark.claims("breaker.wait_growth")
def test_wait_grows_with_each_failed_probe(growing_wait: Evidence) -> None:
    claim(policies.wait_grows(growing_wait))


@pytest.mark.property("BRK-45")
@pytest.mark.claims("breaker.force_open")
def test_breaker_that_is_opened_by_hand_stays_open_until_the_reset(forced_open: Evidence) -> None:
    claim(policies.forced_open_holds(forced_open))


@pytest.mark.property("BRK-36")
@pytest.mark.claims("breaker.half_open=traffic")
@pytest.mark.only_under("guest_probe_cancelled")
def test_guest_who_is_the_probe_and_hangs_up_gives_the_permit_back(guest_probe: Evidence) -> None:
    claim(traffic.cancelled_probe_gives_the_permit_back(guest_probe))


@pytest.mark.property("BRK-37")
@pytest.mark.claims("breaker.half_open=traffic")
@pytest.mark.only_under("guest_probe_ignored")
def test_business_answer_to_the_probe_gives_the_permit_back(guest_probe: Evidence) -> None:
    claim(traffic.ignored_answer_gives_the_permit_back(guest_probe))


@pytest.mark.property("BRK-46")
@pytest.mark.claims("breaker.disabled_env")
def test_breaker_that_is_switched_off_lets_everything_through_and_measures_on(disabled_breaker: Evidence) -> None:
    claim(policies.switched_off_it_measures_on(disabled_breaker))


@pytest.mark.property("BRK-51")
@pytest.mark.claims("dependency.env")
def test_faults_of_another_dependency_do_not_open_the_breaker(second_dependency: Evidence) -> None:
    claim(policies.other_dependency_does_not_open_it(second_dependency))
