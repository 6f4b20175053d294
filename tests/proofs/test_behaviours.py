"""Every row of the contract's behaviours has a property, and each of these was seen to fail."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pms_drill.checks.breaker_statuses import ROWS
from pms_drill.checks.breaker_waits import forms
from pms_drill.episodes.what_counts import FAULTS
from pms_drill.properties import catalogue

TABLE = tomllib.loads(Path(__file__).with_name("behaviours.toml").read_text(encoding="utf-8"))
PROVED = {entry.id: entry.proof for entry in catalogue.load().property}


@pytest.mark.parametrize(
    ("row", "properties"), [(f"{part}: {row}", ids) for part, rows in TABLE.items() for row, ids in rows.items()]
)
def test_each_behaviour_has_properties_that_were_seen_to_fail(row: str, properties: list[str]) -> None:
    assert properties, row
    assert {name: PROVED.get(name) for name in properties if not PROVED.get(name)} == {}


def test_each_status_that_counts_is_tried_and_each_that_is_tried_counts() -> None:
    assert list(FAULTS) == list(ROWS)


def test_each_form_of_a_wait_is_its_own() -> None:
    written = [form.text for form in forms(1.0).values()]
    assert len(set(written)) == len(written)
