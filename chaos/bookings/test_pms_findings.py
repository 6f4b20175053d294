"""What the PMS itself does wrong with bookings is a finding, told apart from the agent's defects.

The same evidence is judged for the agent's defects in `test_cases.py`.
"""

from __future__ import annotations

import pytest

from pms_drill.checks import pms_findings
from pms_drill.checks.verdict import claim
from pms_drill.contract.findings import FindingBook
from pms_drill.evidence.bundle import Evidence


@pytest.mark.property("BOOK-13")
@pytest.mark.only_under("rival_channel")
def test_room_that_the_pms_sells_twice_is_a_known_finding(booking_case: Evidence, finding_book: FindingBook) -> None:
    claim(finding_book.judge(pms_findings.room_sold_twice(booking_case)))


@pytest.mark.property("BOOK-14")
@pytest.mark.only_under("silent_loser")
def test_booking_that_the_pms_cancels_inside_is_a_known_finding(
    booking_case: Evidence, finding_book: FindingBook
) -> None:
    claim(finding_book.judge(pms_findings.cancelled_inside(booking_case)))
