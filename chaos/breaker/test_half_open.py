"""Half-open: one safe probe decides, and guests' calls are never the guinea pig."""

from __future__ import annotations

import pytest

from pms_drill.checks import breaker
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
