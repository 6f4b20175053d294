"""The causes A to E of the runbook: seen, told apart, not mended by what is no cure, mended by what is."""

from __future__ import annotations

import pytest

from pms_drill.checks import causes
from pms_drill.checks.verdict import claim
from pms_drill.evidence.causes import CauseEvidence


@pytest.mark.claims("breaker.failure_ratio=None")
@pytest.mark.property("CAUSE-01")
def test_cause_shows_the_runbooks_symptoms(cause: CauseEvidence) -> None:
    claim(causes.shows_the_symptoms(cause))


@pytest.mark.property("CAUSE-02")
def test_metrics_and_readiness_name_the_cause(cause: CauseEvidence) -> None:
    claim(causes.names_its_cause(cause))


@pytest.mark.property("CAUSE-03")
def test_cause_is_found_by_the_runbooks_grep(cause: CauseEvidence) -> None:
    claim(causes.is_found_by_the_runbooks_grep(cause))


@pytest.mark.claims("breaker.failure_ratio=None")
@pytest.mark.property("CAUSE-04")
def test_reset_does_not_mend_a_cause_that_lasts(cause: CauseEvidence) -> None:
    claim(causes.is_not_mended_by_a_reset(cause))


@pytest.mark.only_under("cause_key_disabled", "cause_rate_limit", "cause_network")
@pytest.mark.property("CAUSE-05")
def test_restart_of_the_pms_does_not_mend_a_key_a_limit_or_a_network(cause: CauseEvidence) -> None:
    claim(causes.is_not_mended_by_what_is_for_another_cause(cause))


@pytest.mark.only_under(
    "cause_pms_down",
    "cause_database_down",
    "cause_key_disabled",
    "cause_key_rotated",
    "cause_rate_limit",
    "cause_network",
    "cause_timeout",
    "cause_database_hangs",
)
@pytest.mark.property("CAUSE-06")
def test_mock_serves_guests_while_the_cause_lasts(cause: CauseEvidence) -> None:
    claim(causes.leaves_guests_served_by_the_mock(cause))


@pytest.mark.property("CAUSE-07")
def test_mitigation_that_fits_brings_the_pms_back(cause: CauseEvidence) -> None:
    claim(causes.is_mended_by_what_fits(cause))


@pytest.mark.property("CAUSE-08")
def test_runbooks_validation_stands_after_the_mitigation(cause: CauseEvidence) -> None:
    claim(causes.stands_the_validation(cause))


@pytest.mark.property("CAUSE-09")
def test_no_reservation_of_the_incident_is_lost(cause: CauseEvidence) -> None:
    claim(causes.loses_no_reservation(cause))
