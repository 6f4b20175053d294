"""The runbook's option 1: the mock switched on by hand, and back."""

from __future__ import annotations

import pytest

from pms_drill.checks import mock_switch as mock
from pms_drill.checks.verdict import claim
from pms_drill.evidence.mock_switch import MockContract, MockEvidence


@pytest.mark.property("MOCK-01")
def test_mock_sends_nothing_to_the_pms_for_as_long_as_it_holds(mock_switch: MockEvidence) -> None:
    claim(mock.sends_nothing(mock_switch))


@pytest.mark.property("MOCK-02")
def test_mock_marks_its_answers_and_confirms_no_reservation(mock_switch: MockEvidence) -> None:
    claim(mock.answers_as_mock(mock_switch))


@pytest.mark.property("MOCK-03")
def test_log_and_readiness_say_that_the_mock_is_on(mock_switch: MockEvidence) -> None:
    claim(mock.says_so(mock_switch))


@pytest.mark.claims("agent.pending_max")
@pytest.mark.property("FAIL-11")
def test_reservation_for_which_the_outbox_has_no_room_is_refused(mock_switch: MockEvidence) -> None:
    claim(mock.outbox_has_an_end(mock_switch))


@pytest.mark.property("MOCK-04")
def test_what_was_reserved_on_the_mock_is_booked_once_afterwards(mock_switch: MockEvidence) -> None:
    claim(mock.carries_out_afterwards(mock_switch))


@pytest.mark.property("MOCK-05")
def test_guests_get_the_pms_back_after_the_mock(mock_switch: MockEvidence) -> None:
    claim(mock.comes_back(mock_switch))


@pytest.mark.property("MOCK-06")
def test_mock_and_pms_are_answered_for_by_the_same_contract(mock_contract: MockContract) -> None:
    claim(mock.keeps_the_same_contract(mock_contract))
