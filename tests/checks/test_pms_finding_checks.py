"""Literal histories in which the PMS does wrong, the agent does wrong, or both: each is blamed for its own part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pms_drill.checks import bookings, intents, pms_findings
from pms_drill.checks.findings import Finding
from pms_drill.checks.verdict import Outcome
from pms_drill.contract.findings import FindingBook, looked_for
from pms_drill.errors import DrillError
from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.journal import Event
from tests.checks.literal import booked, held, outage, reserve

NO_ROOM = {"status": 409, "type": "sold-out"}


def rival(name: str, begin: float, end: float, status: int = 200) -> list[Event]:
    email = f"{name}@rival.example"
    return [Event(begin, "rival", email, "asks"), Event(end, "rival", email, "answered", str(status))]


def raced(**parts: Any) -> Evidence:
    """Ada of the agent and Max of another channel get room 101, in parallel; Bob has another room."""
    told = {
        "operations": [reserve(1.0, "ada", order=11), reserve(3.0, "bob", order=13)],
        "ledger": [booked(1.0, "ada", answered=1.4), booked(3.0, "bob")],
        "events": rival("max", 1.1, 1.5),
        "bookings": [
            held(11, "ada", rooms=(101,)),
            held(12, "max", email="max@rival.example", rooms=(101,)),
            held(13, "bob", rooms=(102,)),
        ],
    }
    return outage(**told | parts)


def lost_inside(**parts: Any) -> Evidence:
    """Ada's booking is answered 200 and cancelled inside; Bob's goes well. The agent tells Ada that it is sold out."""
    told = {
        "operations": [reserve(1.0, "ada", **NO_ROOM), reserve(3.0, "bob", order=13)],
        "ledger": [booked(1.0, "ada"), booked(3.0, "bob")],
        "events": [Event(0.9, "fault", "silent_cancel", "proved")],
        "bookings": [held(11, "ada", live_lines=0), held(13, "bob", rooms=(102,))],
    }
    return outage(**told | parts)


def known(*keys: str) -> dict[str, Finding]:
    return {key: Finding(key, "it does wrong", "1.7.0", "measured") for key in keys}


# -- a room sold twice


def test_a_room_that_another_channel_got_in_parallel_is_a_finding_and_no_defect_of_the_agent() -> None:
    found = pms_findings.room_sold_twice(raced())
    assert found.seen is True
    assert "room 101: #11 ada@run.example and #12 max@rival.example" in found.witness
    judged = intents.no_room_sold_twice(raced())
    assert judged.outcome is Outcome.PASSED
    assert "of the PMS, not of the agent: room 101" in judged.why


def test_an_agent_that_books_in_parallel_is_still_blamed_in_the_same_history() -> None:
    twice = [
        held(11, "ada", rooms=(101,)),
        held(12, "max", email="max@rival.example", rooms=(101,)),
        held(13, "bob", rooms=(101,)),
    ]
    sent = [booked(1.0, "ada", answered=1.4), booked(1.2, "bob", answered=1.5)]
    evidence = raced(bookings=twice, ledger=sent)
    judged = intents.no_room_sold_twice(evidence)
    assert judged.outcome is Outcome.FAILED
    assert "sold twice: room 101: #11 ada@run.example and #13 bob@run.example" in judged.why
    assert intents.one_at_a_time(evidence).outcome is Outcome.FAILED
    found = pms_findings.room_sold_twice(evidence)
    assert found.seen is True
    assert "#11 ada@run.example and #13 bob" not in found.witness


def test_only_the_agents_own_double_sale_is_no_finding() -> None:
    twice = [held(11, "ada", rooms=(101,)), held(13, "bob", rooms=(101,))]
    evidence = raced(bookings=twice, ledger=[booked(1.0, "ada", answered=1.4), booked(1.2, "bob")])
    assert pms_findings.room_sold_twice(evidence).seen is False
    assert intents.no_room_sold_twice(evidence).outcome is Outcome.FAILED


def test_a_double_sale_without_requests_in_the_ledger_is_blamed_on_nobody() -> None:
    twice = [held(11, "ada", rooms=(101,)), held(13, "bob", rooms=(101,))]
    evidence = raced(bookings=twice, ledger=[booked(1.0, "ada")])
    assert intents.no_room_sold_twice(evidence).outcome is Outcome.UNKNOWN
    assert not pms_findings.room_sold_twice(evidence).seen


def test_a_room_sold_twice_that_is_not_written_down_fails(tmp_path: Path) -> None:
    book = FindingBook({}, tmp_path / "findings" / "a.jsonl", "QLO-09")
    verdict = book.judge(pms_findings.room_sold_twice(raced()))
    assert verdict.outcome is Outcome.FAILED
    assert "room 101" in verdict.why


def test_a_known_one_passes_and_is_told_apart_with_its_witness(tmp_path: Path) -> None:
    book = FindingBook(known("QLO-09"), tmp_path / "findings" / "a.jsonl", "QLO-09")
    assert book.judge(pms_findings.room_sold_twice(raced())).outcome is Outcome.PASSED
    [saw] = looked_for(tmp_path)["QLO-09"]
    assert (saw.seen, saw.sentence) == (True, "it does wrong")
    assert "max@rival.example" in saw.witness


def test_one_that_was_provoked_and_not_seen_has_vanished(tmp_path: Path) -> None:
    alone = [held(11, "ada", rooms=(101,)), held(13, "bob", rooms=(102,))]
    book = FindingBook(known("QLO-09"), tmp_path / "findings" / "a.jsonl", "QLO-09")
    assert book.judge(pms_findings.room_sold_twice(raced(bookings=alone))).outcome is Outcome.PASSED
    assert [saw.seen for saw in looked_for(tmp_path)["QLO-09"]] == [False]


def test_one_that_nothing_provoked_is_unknown_and_not_noted(tmp_path: Path) -> None:
    later = raced(events=rival("max", 2.0, 2.4), bookings=[held(11, "ada", rooms=(101,))])
    book = FindingBook(known("QLO-09"), tmp_path / "findings" / "a.jsonl", "QLO-09")
    assert book.judge(pms_findings.room_sold_twice(later)).outcome is Outcome.UNKNOWN
    assert book.judge(pms_findings.room_sold_twice(raced(bookings=None))).outcome is Outcome.UNKNOWN
    assert looked_for(tmp_path) == {}


# -- a booking cancelled inside


def test_a_booking_cancelled_inside_is_a_finding_and_no_defect_of_an_agent_that_looks() -> None:
    evidence = lost_inside()
    found = pms_findings.cancelled_inside(evidence)
    assert (found.seen, found.witness) == (True, "#11 ada@run.example: answered 200, no room held")
    judged = [bookings.none_lost(evidence), bookings.no_phantom(evidence), bookings.confirmed_only_when_held(evidence)]
    assert [verdict.outcome for verdict in judged] == [Outcome.PASSED] * 3


def test_an_agent_that_believes_the_200_has_lost_the_booking_all_the_same() -> None:
    evidence = lost_inside(operations=[reserve(1.0, "ada", order=11), reserve(3.0, "bob", order=13)])
    assert pms_findings.cancelled_inside(evidence).seen is True
    assert bookings.none_lost(evidence).outcome is Outcome.FAILED


def test_a_booking_that_somebody_cancelled_is_no_finding() -> None:
    ordered = [held(11, "ada", state=4, live_lines=0), held(13, "bob")]
    assert pms_findings.cancelled_inside(lost_inside(bookings=ordered)).seen is False


def test_a_booking_that_was_not_answered_200_is_no_finding() -> None:
    failed = [booked(1.0, "ada", 500), booked(3.0, "bob")]
    assert pms_findings.cancelled_inside(lost_inside(ledger=failed)).seen is False


def test_a_rival_that_was_cancelled_inside_is_a_finding_too() -> None:
    dead = [held(11, "ada", rooms=(101,)), held(12, "max", email="max@rival.example", live_lines=0)]
    assert pms_findings.cancelled_inside(raced(bookings=dead)).seen is True


def test_a_booking_cancelled_inside_that_is_not_written_down_fails(tmp_path: Path) -> None:
    verdict = FindingBook({}, tmp_path / "a.jsonl", "QLO-10").judge(pms_findings.cancelled_inside(lost_inside()))
    assert verdict.outcome is Outcome.FAILED


def test_without_anything_at_risk_or_a_final_read_it_is_unknown(tmp_path: Path) -> None:
    book = FindingBook({}, tmp_path / "a.jsonl", "QLO-10")
    fine = lost_inside(events=[], bookings=[held(11, "ada"), held(13, "bob")])
    assert book.judge(pms_findings.cancelled_inside(fine)).outcome is Outcome.UNKNOWN
    assert book.judge(pms_findings.cancelled_inside(lost_inside(bookings=None))).outcome is Outcome.UNKNOWN


def test_a_test_that_sees_another_defect_than_it_is_marked_with_is_broken(tmp_path: Path) -> None:
    with pytest.raises(DrillError, match="looks for QLO-01 has seen QLO-10"):
        FindingBook({}, tmp_path / "a.jsonl", "QLO-01").judge(pms_findings.cancelled_inside(lost_inside()))
