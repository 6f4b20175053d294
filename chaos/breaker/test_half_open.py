"""Half-open: one safe probe decides, and guests' calls are never the guinea pig."""

from __future__ import annotations

import pytest

from pms_drill.checks import breaker
from pms_drill.checks import breaker_half_open as crowd
from pms_drill.checks.verdict import claim
from pms_drill.evidence.bundle import Evidence


@pytest.mark.property("BRK-31")
@pytest.mark.seen_at_the_pms
def test_until_the_breaker_closes_only_single_safe_reads_reach_the_pms(outage: Evidence) -> None:
    claim(breaker.probes_are_safe_and_single(outage))


@pytest.mark.property("BRK-34")
@pytest.mark.seen_at_the_pms
def test_failed_probe_opens_the_breaker_for_a_full_new_wait(outage: Evidence) -> None:
    claim(breaker.failed_probe_reopens_for_a_full_wait(outage))


@pytest.mark.property("BRK-30")
@pytest.mark.claims("breaker.half_open=probe")
def test_half_open_comes_by_itself_without_any_guest(half_open_crowd: Evidence) -> None:
    claim(crowd.half_open_comes_by_itself(half_open_crowd))


@pytest.mark.property("BRK-31")
def test_half_open_admits_one_probe_when_fifty_guests_arrive(half_open_crowd: Evidence) -> None:
    claim(crowd.crowd_adds_no_call(half_open_crowd))


@pytest.mark.property("BRK-32")
def test_half_open_lets_nobody_wait_for_the_probe(half_open_crowd: Evidence) -> None:
    claim(crowd.crowd_does_not_wait_for_the_probe(half_open_crowd))


@pytest.mark.property("BRK-33")
def test_half_open_closes_after_the_declared_number_of_good_probes(half_open_crowd: Evidence) -> None:
    claim(crowd.closes_after_the_declared_probes(half_open_crowd))


@pytest.mark.property("BRK-42")
def test_closing_sends_the_pms_nothing_that_had_queued_up(half_open_crowd: Evidence) -> None:
    claim(crowd.closing_makes_no_stampede(half_open_crowd))
