"""While the breaker is open, the PMS is left alone and guests do not wait."""

from __future__ import annotations

import pytest

from pms_drill.checks import breaker
from pms_drill.checks.verdict import claim
from pms_drill.evidence.bundle import Evidence


@pytest.mark.property("BRK-18")
@pytest.mark.seen_at_the_pms
def test_open_breaker_sends_no_call_of_any_operation(outage: Evidence) -> None:
    claim(breaker.no_call_while_open(outage))


@pytest.mark.property("BRK-19")
def test_open_breaker_answers_at_once(outage: Evidence) -> None:
    claim(breaker.rejects_fast(outage))


@pytest.mark.property("BRK-22")
@pytest.mark.seen_at_the_pms
def test_breaker_stays_open_for_the_whole_wait_and_probes_soon_after_it(outage: Evidence) -> None:
    claim(breaker.stays_open_for_the_wait(outage))


@pytest.mark.property("BRK-27")
def test_outage_of_the_pms_does_not_make_the_agent_look_dead(outage: Evidence) -> None:
    claim(breaker.liveness_is_unaffected(outage))
