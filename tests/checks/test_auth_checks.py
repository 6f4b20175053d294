"""The checks of a refused key: tried once, and told as what it is."""

from __future__ import annotations

import pytest

from pms_drill.checks import auth
from pms_drill.checks.verdict import Outcome
from tests.checks.literal import ask, booked, call, expectation, mock, outage, reserve

TOLD = [ask(3.0 + 0.01 * n, f"imp{n}", status=502, type="pms-auth") for n in range(5)]
OPERATIONS = [*TOLD, mock(3.05, "imp5", "impact"), reserve(8.1, "cat", "strike", status=202)]
LEDGER = [*[call(3.001 + 0.01 * n, status=401) for n in range(5)], booked(8.11, "cat", 401)]
READY = [(3.5, {"status": "auth_failed"}), (4.5, {"status": "auth_failed"})]


def refused(**changes):
    told = {"operations": OPERATIONS, "ledger": LEDGER, "readiness": READY}
    return outage(expectation=expectation(fault="unauthorized", error_kind="auth"), **told | changes)


@pytest.mark.parametrize("check", [auth.refused_key_is_not_tried_again, auth.refused_key_has_its_own_signal])
def test_a_refused_key_that_is_told_and_left_alone_passes(check):
    assert check(refused()).outcome is Outcome.PASSED
    assert check(refused(operations=[], ledger=[], readiness=[])).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("again", [call(3.0015, status=401), booked(8.12, "cat", 401)], ids=["question", "booking"])
def test_a_refused_key_that_is_tried_again_fails(again):
    assert auth.refused_key_is_not_tried_again(refused(ledger=[*LEDGER, again])).outcome is Outcome.FAILED


def test_a_reservation_that_is_tried_again_once_the_key_is_good_passes():
    healed = refused(ledger=[*LEDGER, booked(8.12, "cat", 200)])
    assert auth.refused_key_is_not_tried_again(healed).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    "changes",
    [
        {"readiness": [*READY, (5.0, {"status": "down"})]},
        {"operations": [ask(2.99, "odd", status=502, type="pms-unavailable"), *OPERATIONS]},
    ],
    ids=["readiness says down", "guests are told of an outage"],
)
def test_a_refused_key_that_looks_like_an_outage_fails(changes):
    assert auth.refused_key_has_its_own_signal(refused(**changes)).outcome is Outcome.FAILED
