"""The list of divergences is read strictly."""

from __future__ import annotations

import pytest

from pms_drill.drift import divergences

ROW = """
[[divergence]]
exchanges = ["a", "b"]
what = ["status: 200 -> 500", "not played"]
why = "nobody asks this of the twin"
"""


def test_row_is_one_divergence_per_difference_and_exchange() -> None:
    rows = divergences.read(ROW, ["a", "b"])
    assert len(divergences.pairs(rows)) == 4


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
