"""Each check of the switch to the mock passes what should be and fails for its own reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pms_drill.checks import mock_switch
from pms_drill.checks.verdict import Outcome
from pms_drill.evidence.generated import Case, Generated
from pms_drill.evidence.mock_switch import MockContract, MockEvidence
from tests.checks.literal import ask, call, gone, held, look, mock, reserve, wall

GOOD = MockEvidence(
    while_mock=[mock(1.0, "ada", "mock"), reserve(1.1, "ada", "mock", status=202)],
    calls_while_mock=[],
    seconds=1.5,
    log_while_mock='{"message": "PMS adapter type: mock"}\n',
    ready_while_mock={"adapter": "mock", "status": "mock", "breaker": "closed", "checked_at": None, "pending": 1},
    after=[look(3.0, "ada", "confirmed", "back", order=11), ask(3.1, "eve", "back")],
    bookings=[held(11, "ada")],
    domain="run.example",
    beyond=[reserve(1.2, "dan", "beyond", status=503, type="outbox-full")],
)
ALL = [
    mock_switch.sends_nothing,
    mock_switch.answers_as_mock,
    mock_switch.says_so,
    mock_switch.outbox_has_an_end,
    mock_switch.carries_out_afterwards,
    mock_switch.comes_back,
]


@pytest.mark.parametrize("check", ALL)
def test_a_good_switch_passes(check):
    assert check(GOOD).outcome is Outcome.PASSED


@pytest.mark.parametrize("check", [check for check in ALL if check is not mock_switch.says_so])
def test_without_guests_nothing_is_known(check):
    assert check(replace(GOOD, while_mock=[], after=[])).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "changes",
    [
        {"beyond": [reserve(1.2, "dan", "beyond", status=202)]},
        {"beyond": [reserve(1.2, "dan", "beyond", status=502)]},
        {"bookings": [held(11, "ada"), held(12, "dan")]},
    ],
    ids=["pending", "a failure of the PMS", "booked later"],
)
def test_a_reservation_beyond_the_outbox_that_is_taken_fails(changes):
    assert mock_switch.outbox_has_an_end(replace(GOOD, **changes)).outcome is Outcome.FAILED


def test_an_outbox_that_was_never_full_has_shown_no_end():
    assert mock_switch.outbox_has_an_end(replace(GOOD, beyond=[])).outcome is Outcome.UNKNOWN


def test_a_call_to_the_pms_while_the_mock_holds_fails():
    found = mock_switch.sends_nothing(replace(GOOD, calls_while_mock=[call(1.2)]))
    assert found.outcome is Outcome.FAILED
    assert "POST /api/hotel_ari" in found.seen["ledger"]


@pytest.mark.parametrize(
    "told",
    [
        [mock(1.0, "ada", "mock", binding=True), GOOD.while_mock[1]],
        [ask(1.0, "ada", "mock"), GOOD.while_mock[1]],
        [GOOD.while_mock[0], reserve(1.1, "ada", "mock", order=11)],
    ],
    ids=["binding", "unmarked", "confirmed"],
)
def test_an_answer_of_the_mock_that_is_not_marked_or_confirms_fails(told):
    assert mock_switch.answers_as_mock(replace(GOOD, while_mock=told)).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "changes",
    [
        {"log_while_mock": ""},
        *[
            {"ready_while_mock": GOOD.ready_while_mock | told}
            for told in (
                {"adapter": "qloapps"},
                {"status": "up"},
                {"breaker": "open"},
                {"checked_at": wall(1.0)},
                {"pending": 0},
            )
        ],
        {"said_while_mock": "not_ready"},
    ],
    ids=["log", "adapter", "status", "breaker", "checked_at", "pending", "the agent"],
)
def test_a_mock_that_does_not_say_so_fails(changes):
    assert mock_switch.says_so(replace(GOOD, **changes)).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "changes",
    [
        {"after": [look(3.0, "ada", "pending", "back")]},
        {"bookings": []},
        {"bookings": [gone(11, "ada")]},
        {"bookings": [held(11, "ada"), held(12, "ada")]},
    ],
    ids=["still pending", "lost", "cancelled", "twice"],
)
def test_a_reservation_of_the_mock_that_is_not_booked_once_fails(changes):
    assert mock_switch.carries_out_afterwards(replace(GOOD, **changes)).outcome is Outcome.FAILED


def test_a_reservation_of_the_mock_that_the_pms_has_sold_out_meanwhile_is_rejected():
    late = {"while_mock": [*GOOD.while_mock, reserve(1.2, "bob", "mock", status=202)], "sold_out": "bob@run.example"}
    rejected = [*GOOD.after, look(3.2, "bob", "rejected", "back", reason="sold_out")]
    good = replace(GOOD, **late, after=rejected)
    assert mock_switch.carries_out_afterwards(good).outcome is Outcome.PASSED
    held_all_the_same = replace(good, bookings=[held(11, "ada"), held(12, "bob")])
    assert mock_switch.carries_out_afterwards(held_all_the_same).outcome is Outcome.FAILED
    still_pending = replace(good, after=[*GOOD.after, look(3.2, "bob", "pending", "back")])
    assert mock_switch.carries_out_afterwards(still_pending).outcome is Outcome.FAILED


def test_a_mock_that_stays_fails():
    assert mock_switch.comes_back(replace(GOOD, after=[mock(3.1, "eve", "back")])).outcome is Outcome.FAILED


def answered(status=200, problems=(), wrong_status=422):
    right = Case("coverage", True, status, tuple(problems), "POST /a")
    return {"checkAvailability": Generated("POST /a", True, (right, Case("fuzzing", False, wrong_status)))}


def test_mock_and_pms_by_one_contract_pass():
    assert mock_switch.keeps_the_same_contract(MockContract(answered(), answered())).outcome is Outcome.PASSED


@pytest.mark.parametrize("bad", [answered(problems=["response_schema: total"]), answered(wrong_status=200)])
def test_an_answer_of_the_mock_outside_the_contract_fails(bad):
    found = mock_switch.keeps_the_same_contract(MockContract(bad, answered()))
    assert found.outcome is Outcome.FAILED
    assert "all as the contract says" in found.seen["live"]
    assert mock_switch.keeps_the_same_contract(MockContract(answered(), bad)).outcome is Outcome.FAILED


def test_a_mock_that_nobody_asked_is_unknown():
    assert mock_switch.keeps_the_same_contract(MockContract({}, {})).outcome is Outcome.UNKNOWN
    assert mock_switch.keeps_the_same_contract(MockContract({}, answered())).outcome is Outcome.UNKNOWN
