"""The reset by hand: closed to strangers, closes and clears, and cannot make a dead PMS live."""

from __future__ import annotations

import pytest

from pms_drill.checks import reset
from pms_drill.checks.verdict import claim
from pms_drill.evidence.reset import ResetEvidence


@pytest.mark.property("RESET-01")
def test_reset_without_the_right_token_is_refused_and_changes_nothing(breaker_reset: ResetEvidence) -> None:
    claim(reset.needs_the_token(breaker_reset))


@pytest.mark.property("RESET-02")
def test_reset_is_closed_to_everybody_when_no_token_is_configured(breaker_reset: ResetEvidence) -> None:
    claim(reset.closed_to_all_without_a_configured_token(breaker_reset))


@pytest.mark.claims("breaker.failure_ratio=None")
@pytest.mark.property("RESET-03")
def test_reset_closes_and_clears_so_that_a_dead_pms_opens_after_the_threshold(breaker_reset: ResetEvidence) -> None:
    claim(reset.closes_and_clears(breaker_reset))


@pytest.mark.property("RESET-04")
def test_reset_after_the_heal_brings_the_pms_back_at_once_and_may_be_repeated(breaker_reset: ResetEvidence) -> None:
    claim(reset.works_at_once_and_twice(breaker_reset))
