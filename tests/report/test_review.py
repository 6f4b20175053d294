"""The review of an agent: what does not hold first and with its evidence, then every property with its verdict."""

from __future__ import annotations

from pms_drill.checks.verdict import Outcome
from pms_drill.properties import catalogue, review
from pms_drill.properties.page import Verdicts
from pms_drill.report.model import PropertyResult
from tests.report.test_page import verdict

CATALOGUE = catalogue.load()


def lines(**changes: object) -> list[str]:
    return review.render(CATALOGUE, verdict(**changes)).splitlines()


def row(key: str, told: list[str]) -> str:
    [found] = [line for line in told if line.startswith(f"| {key} ")]
    return found


def test_what_does_not_hold_comes_first_with_witnesses_and_the_command() -> None:
    told = lines()
    head = next(line for line in told if line.startswith("### BRK-18"))
    assert told.index("## What does not hold") < told.index(head) < told.index("## What could not be proven")
    assert "(under hang, drip)" in head
    after = told[told.index(head) :]
    assert any(line.startswith("ledger    2 calls") for line in after[:9])
    assert 'Again: `pms-drill run chaos -k "BRK-18 and hang" --pms-seed 4711`' in after


def test_every_property_of_the_parts_that_ran_has_a_row_with_its_verdict() -> None:
    told = lines()
    assert "| required | passed |" in row("BRK-17", told)
    assert "| required | **failed** |" in row("BRK-18", told)
    assert "| not judged in pr |" in row("PMS-36", told)
    assert "| not judged |" in row("BRK-01", told)
    claimed = next(entry for entry in CATALOGUE.property if entry.claim)
    assert f"if `{claimed.claim}` is claimed" in row(claimed.id, told)


def test_a_skipped_property_says_why() -> None:
    skipped = PropertyResult(verdict=Outcome.SKIPPED, tests=1, why="the profile mine does not claim it\nmore")
    told = lines(profile="profiles/mine.toml", properties={"BRK-01": skipped})
    assert told[0] == "# Review of the agent `mine`"
    assert "skipped: the profile mine does not claim it |" in row("BRK-01", told)


def test_a_defect_of_the_pms_that_is_known_stands_beside_the_pass_and_a_vanished_one_does_not() -> None:
    passed = PropertyResult(verdict=Outcome.PASSED, tests=1)
    seen = {"id": "QLO-09", "status": "known", "sentence": "sells twice", "witness": "room 7", "excuses": ["BOOK-12"]}
    gone = {"id": "QLO-01", "status": "vanished", "sentence": "books twice", "excuses": ["BOOK-02"]}
    left = {"id": "QLO-10", "status": "not-looked-for", "sentence": "cancels inside"}
    changes = {"properties": {"BOOK-12": passed, "BOOK-02": passed}, "findings": [seen, gone, left]}
    told = lines(**changes)
    assert "| passed: QLO-09 is known |" in row("BOOK-12", told)
    assert "| passed |" in row("BOOK-02", told)
    assert told.index("## Findings about the PMS") > told.index(row("BOOK-12", told))
    assert row("QLO-09", told) == "| QLO-09 | sells twice | seen | room 7 | BOOK-12 |"
    assert row("QLO-01", told) == "| QLO-01 | books twice | looked for and not seen |  | BOOK-02 |"
    assert row("QLO-10", told) == "| QLO-10 | cancels inside | not looked for |  |  |"
    kept = Verdicts.of(verdict(**changes))
    assert kept.properties == {"BOOK-12": "passed: QLO-09 is known", "BOOK-02": "passed"}
    assert kept.findings == {"QLO-09": "known", "QLO-01": "vanished", "QLO-10": "not-looked-for"}
    assert kept.told().endswith(": 2 passed")


def test_parts_that_did_not_run_are_left_away() -> None:
    told = lines(parts=["chaos"])
    assert not [line for line in told if line.startswith("| PMS-01 ")]
    assert [line for line in told if line.startswith("| BRK-01 ")]


def test_under_a_selection_only_what_was_judged_has_a_row() -> None:
    told = lines(selection="hang", selected="-k 'hang'; part chaos", headline="all is said here")
    assert row("BRK-18", told)
    assert not [line for line in told if line.startswith("| BRK-01 ")]
    assert told[0] == "# Review of the agent `reference-fast`, a selection (-k 'hang'; part chaos)"
    assert told[2] == "**all is said here**"


def test_what_has_no_entry_in_the_catalogue_is_told_all_the_same() -> None:
    other = PropertyResult(verdict=Outcome.FAILED, tests=1, sentence="a test without a property", why="it broke")
    told = lines(properties={"chaos/test_x.py::test_y": other})
    assert "### chaos/test_x.py::test_y: a test without a property" in told
    assert "### Others" in told
