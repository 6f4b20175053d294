"""The summary for a CI job's page: findings of the PMS stand apart, and what the tier left out is said."""

from __future__ import annotations

from pms_drill.report import summary
from tests.report.test_page import verdict


def test_findings_stand_in_a_table_of_their_own() -> None:
    told = summary.render(verdict()).splitlines()
    head = told.index("| finding about the PMS, not the agent | seen? | what it does wrong |")
    assert told[head + 2 :] == [
        "| QLO-03 | seen | a cancelled booking stays visible |",
        "| QLO-08 | looked for and not seen | a room is sold twice |",
        "| QLO-09 | not looked for | a booking is cancelled inside |",
    ]
    assert [line for line in told[:head] if "BRK-18" in line]


def test_what_the_tier_left_out_is_said() -> None:
    text = summary.render(verdict(tier="smoke"))
    assert "Not judged in `smoke`: 5 properties (BRK-40, BRK-42, PMS-36 to PMS-38), 2 experiments" in text
    assert "Not judged" not in summary.render(verdict(left_out=[], left_out_experiments=[]))
