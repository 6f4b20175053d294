"""What guests are told is true in every field, whoever answers: the PMS, the last answer, the mock, the outbox."""

from __future__ import annotations

import pytest

from pms_drill.checks import told
from pms_drill.checks.verdict import claim
from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.mock_switch import MockEvidence


@pytest.mark.property("TOLD-01")
def test_availability_is_about_the_stay_that_was_asked_for(outage: Evidence) -> None:
    claim(told.stay_is_repeated(outage))


@pytest.mark.property("TOLD-02")
def test_reservation_is_about_the_guest_and_the_stay_that_were_asked_for(outage: Evidence) -> None:
    claim(told.guest_is_repeated(outage))


@pytest.mark.property("TOLD-03")
def test_fields_of_an_availability_answer_fit_together(outage: Evidence) -> None:
    claim(told.availability_fits_together(outage))


@pytest.mark.property("TOLD-04")
def test_fields_of_a_reservation_fit_together(outage: Evidence) -> None:
    claim(told.reservation_fits_together(outage))


@pytest.mark.property("TOLD-05")
def test_reservation_keeps_its_id_and_the_time_of_its_creation(outage: Evidence) -> None:
    claim(told.one_reservation_one_id(outage))


@pytest.mark.property("TOLD-06")
def test_total_of_a_reservation_is_what_the_order_costs_with_tax(outage: Evidence) -> None:
    claim(told.total_is_the_pmss(outage))


@pytest.mark.property("TOLD-07")
@pytest.mark.only_under("unauthorized", "server_error", "hang", "garbage_200")
def test_whatever_is_refused_is_a_problem_of_its_own_status(outage: Evidence) -> None:
    claim(told.errors_are_problems(outage))


@pytest.mark.property("TOLD-08")
def test_booking_carries_the_reference_of_its_own_request(outage: Evidence) -> None:
    claim(told.reference_is_kept(outage))


@pytest.mark.property("TOLD-02")
def test_reservation_of_the_storm_is_about_its_guest(workload: Evidence) -> None:
    claim(told.guest_is_repeated(workload))


@pytest.mark.property("TOLD-04")
def test_fields_of_a_reservation_of_the_storm_fit_together(workload: Evidence) -> None:
    claim(told.reservation_fits_together(workload))


@pytest.mark.property("TOLD-05")
def test_reservation_of_the_storm_keeps_its_id(workload: Evidence) -> None:
    claim(told.one_reservation_one_id(workload))


@pytest.mark.property("TOLD-06")
def test_total_of_a_reservation_of_the_storm_is_what_the_order_costs(workload: Evidence) -> None:
    claim(told.total_is_the_pmss(workload))


@pytest.mark.property("TOLD-01")
def test_availability_on_the_mock_is_about_the_stay_that_was_asked_for(mock_switch: MockEvidence) -> None:
    claim(told.stay_is_repeated(mock_switch))


@pytest.mark.property("TOLD-02")
def test_reservation_on_the_mock_is_about_its_guest_then_and_later(mock_switch: MockEvidence) -> None:
    claim(told.guest_is_repeated(mock_switch))


@pytest.mark.property("TOLD-04")
def test_fields_of_a_reservation_on_the_mock_fit_together_then_and_later(mock_switch: MockEvidence) -> None:
    claim(told.reservation_fits_together(mock_switch))


@pytest.mark.property("TOLD-05")
def test_reservation_on_the_mock_keeps_its_id(mock_switch: MockEvidence) -> None:
    claim(told.one_reservation_one_id(mock_switch))


@pytest.mark.property("TOLD-06")
def test_total_of_a_reservation_on_the_mock_is_what_the_order_costs(mock_switch: MockEvidence) -> None:
    claim(told.total_is_the_pmss(mock_switch))
