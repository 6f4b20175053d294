"""A difference between twin and live that is not listed fails, and so does a listed one that is gone."""

from __future__ import annotations

import pytest

from pms_drill.checks.verdict import Outcome
from pms_drill.drift import divergences
from pms_drill.drift.compare import Aspect, Difference
from pms_drill.drift.divergences import Divergence, judge_gone, judge_new

STATUS = Difference("a", Aspect.STATUS, "", "200", "500")
LISTED = [Divergence(("a",), "status: 200 -> 500", "nobody asks this of the twin")]
ROW = """
[[divergence]]
exchanges = ["a", "b"]
what = ["status: 200 -> 500", "not played"]
why = "nobody asks this of the twin"
"""


def test_listed_difference_passes() -> None:
    assert judge_new(LISTED, [STATUS], ["a"]).outcome is Outcome.PASSED
    assert judge_gone(LISTED, [STATUS], ["a"]).outcome is Outcome.PASSED


def test_new_difference_fails_and_is_told() -> None:
    verdict = judge_new(LISTED, [STATUS, Difference("b", Aspect.STATUS, "", "200", "500")], ["a", "b"])
    assert verdict.outcome is Outcome.FAILED
    assert verdict.seen["unlisted"] == "b: status: 200 -> 500"


def test_listed_difference_that_became_another_fails_both_ways() -> None:
    other = [Difference("a", Aspect.STATUS, "", "200", "503")]
    assert judge_new(LISTED, other, ["a"]).outcome is Outcome.FAILED
    assert judge_gone(LISTED, other, ["a"]).outcome is Outcome.FAILED


def test_listed_difference_that_is_gone_fails() -> None:
    verdict = judge_gone(LISTED, [], ["a"])
    assert (verdict.outcome, verdict.seen["gone"]) == (Outcome.FAILED, "a: status: 200 -> 500")


def test_nothing_compared_is_unknown() -> None:
    assert judge_new([], [], []).outcome is Outcome.UNKNOWN
    assert judge_gone(LISTED, [], ["b"]).outcome is Outcome.UNKNOWN


def test_exchange_that_is_not_played_may_differ_in_anything_but_must_differ() -> None:
    rows = [Divergence(("a",), "not played", "documentation that nobody reads")]
    assert judge_new(rows, [STATUS], ["a"]).outcome is Outcome.PASSED
    assert judge_gone(rows, [STATUS], ["a"]).outcome is Outcome.PASSED
    assert judge_gone(rows, [], ["a"]).outcome is Outcome.FAILED


def test_row_is_one_divergence_per_difference_and_exchange() -> None:
    rows = divergences.read(ROW, ["a", "b"])
    assert len(divergences.cells(rows)) == 4


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (ROW.replace("nobody asks this of the twin", "because"), "says why"),
        (ROW.replace('"a", "b"', '"c"'), "no exchange of the contract is called c"),
        (ROW + ROW, "two rows are about the same"),
        (ROW.replace("why", "reason"), "lacks 'why'"),
        (ROW.replace('["a", "b"]', "[]"), "names exchanges"),
    ],
)
def test_row_that_is_not_written_as_it_should_be_is_refused(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        divergences.read(text, ["a", "b"])
