"""The contract with the PMS: what it says is kept, and the twin differs from the recorded PMS only as listed."""

from __future__ import annotations

from pms_drill.checks.pms_contract import NOT_PLAYED, kept, no_unlisted_difference, no_vanished_divergence
from pms_drill.checks.verdict import Outcome

STATUS = ("a", "status: 200 -> 500")
LISTED = [STATUS]


def test_answer_as_the_contract_says_passes() -> None:
    assert kept("a", []).outcome is Outcome.PASSED


def test_answer_that_breaks_the_contract_fails_and_says_how() -> None:
    verdict = kept("a", ["status 500, the contract says 200", "no body"])
    assert verdict.outcome is Outcome.FAILED
    assert "status 500" in verdict.why


def test_answer_that_is_not_there_is_unknown() -> None:
    verdict = kept("a", None, "record it again")
    assert (verdict.outcome, verdict.seen["answer"]) == (Outcome.UNKNOWN, "none to judge: record it again")


def test_listed_difference_passes() -> None:
    assert no_unlisted_difference(LISTED, [STATUS], ["a"]).outcome is Outcome.PASSED
    assert no_vanished_divergence(LISTED, [STATUS], ["a"]).outcome is Outcome.PASSED


def test_new_difference_fails_and_is_told() -> None:
    verdict = no_unlisted_difference(LISTED, [STATUS, ("b", STATUS[1])], ["a", "b"])
    assert (verdict.outcome, verdict.seen["unlisted"]) == (Outcome.FAILED, "b: status: 200 -> 500")


def test_listed_difference_that_is_gone_fails_and_is_told() -> None:
    verdict = no_vanished_divergence(LISTED, [], ["a"])
    assert (verdict.outcome, verdict.seen["gone"]) == (Outcome.FAILED, "a: status: 200 -> 500")


def test_listed_difference_that_became_another_fails_both_ways() -> None:
    other = [("a", "status: 200 -> 503")]
    assert no_unlisted_difference(LISTED, other, ["a"]).outcome is Outcome.FAILED
    assert no_vanished_divergence(LISTED, other, ["a"]).outcome is Outcome.FAILED


def test_nothing_compared_is_unknown() -> None:
    assert no_unlisted_difference([], [], []).outcome is Outcome.UNKNOWN
    assert no_vanished_divergence(LISTED, [], ["b"]).outcome is Outcome.UNKNOWN


def test_exchange_that_is_not_played_may_differ_in_anything_but_must_differ() -> None:
    listed = [("a", NOT_PLAYED)]
    assert no_unlisted_difference(listed, [STATUS], ["a"]).outcome is Outcome.PASSED
    assert no_vanished_divergence(listed, [STATUS], ["a"]).outcome is Outcome.PASSED
    assert no_vanished_divergence(listed, [], ["a"]).outcome is Outcome.FAILED
