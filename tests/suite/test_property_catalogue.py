"""The catalogue for users and the markers of the suites name the same properties."""

from __future__ import annotations

import re

from tests.suite.conftest import REPO


def in_the_suites() -> set[str]:
    files = [path for part in ("contracts", "chaos", "load") for path in (REPO / part).rglob("*.py")]
    return {name for path in files for name in re.findall(r'mark\.property\("([A-Z]+-\d+)"\)', path.read_text())}


def in_the_catalogue() -> set[str]:
    text = (REPO / "docs" / "properties.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| ([A-Z]+-\d+) \|", text, re.MULTILINE))


def test_every_property_that_is_judged_stands_in_the_catalogue() -> None:
    assert len(in_the_suites()) > 100
    assert in_the_suites() - in_the_catalogue() == set()


def test_every_property_of_the_catalogue_is_judged() -> None:
    assert in_the_catalogue() - in_the_suites() == set()
