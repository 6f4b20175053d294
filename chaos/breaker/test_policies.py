"""Optional policies: judged for the profiles that claim them, skipped as not-claimed for all others."""

from __future__ import annotations

import pytest

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
