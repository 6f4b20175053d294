"""What the PMS itself does wrong with bookings is a finding, told apart from the agent's defects.

The same evidence is judged for the agent's defects in `test_cases.py`.
"""

from __future__ import annotations

import pytest

from pms_drill.checks import pms_findings
from pms_drill.checks.verdict import claim
from pms_drill.contract.findings import FindingBook
from pms_drill.evidence.bundle import Evidence


@pytest.mark.finding("QLO-09")
@pytest.mark.only_under("rival_channel")
def test_known_defect_QLO09_last_room_is_sold_twice(booking_case: Evidence, finding_book: FindingBook) -> None:
    claim(finding_book.judge(pms_findings.room_sold_twice(booking_case)))


@pytest.mark.finding("QLO-10")
@pytest.mark.only_under("silent_loser")
def test_known_defect_QLO10_booking_answered_200_is_cancelled_inside(
    booking_case: Evidence, finding_book: FindingBook
) -> None:
    claim(finding_book.judge(pms_findings.cancelled_inside(booking_case)))
