"""The catalogue, the suites and the page name the same properties."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pms_drill.contract import findings
from pms_drill.errors import DrillError
from pms_drill.properties import catalogue, page, suites

CATALOGUE = catalogue.load()
TESTS = suites.judging()
KNOWN = findings.load()

ENTRY = """
[[group]]
name = "breaker"
title = "Breaker"
part = "chaos"

[[property]]
id = "BRK-01"
group = "breaker"
sentence = "The breaker MUST start closed: no guest is rejected before the first fault."
source = ["checklist: 1"]
witnesses = ["answers"]
proof = ["mutant:never_opens"]
"""


def test_every_property_that_is_judged_stands_in_the_catalogue() -> None:
    assert len(TESTS) > 100
    assert {test.key for test in TESTS} - {entry.id for entry in CATALOGUE.property} == set()


def test_every_property_of_the_catalogue_is_judged_in_the_part_of_its_group() -> None:
    parts = {group.name: group.part for group in CATALOGUE.group}
    judged = {(test.key, test.part) for test in TESTS}
    assert [entry.id for entry in CATALOGUE.property if (entry.id, parts[entry.group]) not in judged] == []


def test_every_known_defect_of_the_pms_is_looked_for_by_a_test_that_is_named_after_it() -> None:
    looking = suites.looking()
    assert {test.key for test in looking} == set(KNOWN)
    assert [test.name for test in looking if f"known_defect_{test.key.replace('-', '')}_" not in test.name] == []


def test_a_test_looks_for_a_defect_or_judges_a_property() -> None:
    assert {test.nodeid for test in TESTS} & {test.nodeid for test in suites.looking()} == set()


def test_what_a_defect_of_the_pms_excuses_is_a_property() -> None:
    excused = {key for finding in KNOWN.values() for key in finding.excuses}
    assert excused - {entry.id for entry in CATALOGUE.property} == set()


def test_every_line_of_the_checklist_is_answered_or_said_to_be_open() -> None:
    assert [item.number for item in CATALOGUE.checklist] == list(range(1, 57))
    assert [item.number for item in CATALOGUE.checklist if bool(CATALOGUE.answering(item)) == bool(item.open)] == []


def test_a_sentence_demands_one_thing_and_a_source_in_the_checklist_is_one_that_the_property_answers() -> None:
    for entry in CATALOGUE.property:
        assert len(re.findall(r"\b(?:MUST|SHOULD|MAY)\b", entry.sentence)) == 1, entry.id
        lines = {int(source.partition(": ")[2]) for source in entry.source if source.startswith("checklist")}
        assert lines <= set(entry.breaker), entry.id


def test_the_page_is_made_from_the_catalogue_of_today() -> None:
    text = page.render(CATALOGUE, TESTS, page.last(), KNOWN, suites.looking())
    assert page.PAGE.read_text(encoding="utf-8") == text, "docs/properties.md is stale: run `make docs`"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('"BRK-01"', '"BRK-1"'), "BRK-1 id: String should match"),
        (('group = "breaker"', 'group = "brake"'), "there is no group 'brake'"),
        (('"mutant:never_opens"', '"belief"'), "'belief' is no proof"),
        (('"answers"', '"rumours"'), "BRK-01 witnesses.0"),
        (("sentence", "sentense"), "BRK-01 sentense"),
        (("MUST", "should"), "BRK-01 sentence"),
        (("checklist: 1", "hearsay"), "'hearsay' is no source"),
        (("[[group]]", "[[group]"), "catalogue of properties"),
    ],
    ids=lambda change: str(change[1]) if isinstance(change, tuple) else "",
)
def test_a_wrong_entry_is_named(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    file = tmp_path / "catalogue.toml"
    file.write_text(ENTRY.replace(*change), encoding="utf-8")
    with pytest.raises(DrillError) as error:
        catalogue.load(file)
    assert said in str(error.value)


def test_an_id_that_was_retired_may_not_come_back(tmp_path: Path) -> None:
    file = tmp_path / "catalogue.toml"
    file.write_text('retired = ["BRK-01"]\n' + ENTRY, encoding="utf-8")
    with pytest.raises(DrillError, match="BRK-01 is retired: take another id"):
        catalogue.load(file)


def test_an_id_may_stand_there_once(tmp_path: Path) -> None:
    file = tmp_path / "catalogue.toml"
    file.write_text(ENTRY + ENTRY[ENTRY.index("[[property]]") :], encoding="utf-8")
    with pytest.raises(DrillError, match="BRK-01 is there twice"):
        catalogue.load(file)
