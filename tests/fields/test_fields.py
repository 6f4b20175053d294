"""Every field has a reader, or stands in the list of those that have none, which may only shrink."""

from __future__ import annotations

from pathlib import Path

import pytest

from pms_drill.properties import catalogue, fields
from tests.fields.__main__ import kept
from tests.fields.finding import find

NAMES = [str(cell) for cell in fields.cells()]
#: The list of unread cells had so many entries when it was made; it may only shrink.
MOST_UNREAD = 34


def test_each_cell_has_readers_or_stands_in_the_list_and_never_both() -> None:
    readers = fields.readers()
    assert [name for name in NAMES if (name in readers) == (name in fields.listed())] == []


def test_the_list_names_cells_that_exist_and_has_not_grown() -> None:
    assert fields.listed() - set(NAMES) == set()
    assert len(fields.listed()) <= MOST_UNREAD
    assert all(entry.reason for entry in fields.unread())


def test_readers_are_properties_of_the_catalogue() -> None:
    known = {entry.id for entry in catalogue.load().property}
    assert {key for keys in fields.readers().values() for key in keys} - known == set()


def test_the_page_is_made_from_the_readers_of_today() -> None:
    assert fields.PAGE.read_text(encoding="utf-8") == fields.render(fields.readers()), "run `make fields`"


@pytest.mark.kill_matrix
@pytest.mark.timeout(550)
def test_tampering_with_any_field_turns_a_property_red_unless_it_is_listed(tmp_path: Path) -> None:
    found = kept(find(tmp_path))
    assert [name for name in NAMES if (name in found) == (name in fields.listed())] == []
