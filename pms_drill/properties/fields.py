"""Every field has a reader (design rule 13): the table of all fields that an agent and its PMS tell.

A cell is one field in one situation: `availability/stale/total.amount`, a series of a metric, a column of a booking at
the PMS. Its readers are the properties that turn red when only that field is wrong; tests/fields finds them by
tampering with each cell of recorded evidence. A cell that nobody reads stands in `fields.toml` with the reason.
"""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pms_drill.checks.exposition import FAMILIES
from pms_drill.contract import document
from pms_drill.evidence.bookings import Booking
from pms_drill.evidence.scrape import Labels
from pms_drill.profile import MetricsPart

FILE = Path(__file__).with_name("fields.toml")
#: Cell -> the properties that read it, as tests/fields found them last.
READERS = Path(__file__).resolve().parents[2] / "docs" / "field-readers.json"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "fields.md"

#: The HTTP status, as a field of its answer.
STATUS = "(HTTP status)"
#: What is wrong with a series as a whole, beside its value.
VALUE = "value"


@dataclass(frozen=True, order=True)
class Cell:
    """One field in one situation.

    Attributes:
        what: the answer ("availability"), "metric" or "booking".
        situation: in which it is told; the series of a metric, "at the PMS" for a booking.
        field: its path in the answer ("total.amount"), a header, a column.
    """

    what: str
    situation: str
    field: str

    def __str__(self) -> str:
        return f"{self.what}/{self.situation}/{self.field}"


@dataclass(frozen=True)
class Unread:
    """Cells that nobody reads, with the reason why."""

    cells: tuple[str, ...]
    reason: str


def cells() -> list[Cell]:
    """All cells, in the order of the page."""
    return [*_answers(), *_metrics(), *_bookings()]


def unread() -> list[Unread]:
    """What is known to have no reader."""
    return [Unread(tuple(entry["cells"]), entry["reason"]) for entry in _data().get("unread", [])]


def listed() -> set[str]:
    """Names of the cells that are known to have no reader."""
    return {cell for entry in unread() for cell in entry.cells}


def readers() -> dict[str, list[str]]:
    """Cell -> properties that read it, as they were found last."""
    found: dict[str, list[str]] = json.loads(READERS.read_text(encoding="utf-8"))
    return found


def schema_of(answer: str, field: str) -> Mapping[str, Any]:
    """The schema of a field of an answer, references resolved; empty for a header."""
    name = next(entry["schema"] for entry in _data()["answer"] if entry["name"] == answer)
    return dict(_leaves(_schema(name))).get(field, {})


def render(found: Mapping[str, Sequence[str]]) -> str:
    """The page: each cell with its readers, then what nobody reads and why. Markdown.

    Args:
        found: cell -> its readers.
    """
    every = cells()
    lines = [
        "# Every field has a reader",
        "",
        "Made by `make fields`: each field is told otherwise, alone, in recorded evidence, and the properties that",
        "turn red are its readers. A series of a metric counts one more, is missing, or has another's labels.",
        "",
        f"{len(every)} cells: {sum(str(cell) in found for cell in every)} with readers, {len(listed())} without.",
    ]
    for what in dict.fromkeys(cell.what for cell in every):
        lines += ["", f"## {what}", "", "| situation | field | read by |", "|---|---|---|"]
        for cell in every:
            if cell.what == what and (keys := found.get(str(cell))):
                lines.append(f"| {cell.situation.replace('|', ' ')} | `{cell.field}` | {', '.join(keys)} |")
    lines += ["", "## Without a reader", ""]
    lines += [f"* {entry.reason}: {', '.join(f'`{cell}`' for cell in entry.cells)}" for entry in unread()]
    return "\n".join(lines) + "\n"


def series(name: str, labels: Labels) -> str:
    """A series of a metric as Prometheus writes it."""
    told = ",".join(f'{key}="{value}"' for key, value in sorted(labels))
    return f"{name}{{{told}}}" if told else name


def _data() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def _schema(name: str) -> Mapping[str, Any]:
    if name == "Reset":  # it stands in the operation itself
        operation = document.frozen()["paths"]["/admin/circuit-breaker/reset"]["post"]
        found: Mapping[str, Any] = operation["responses"]["200"]["content"]["application/json"]["schema"]
        return found
    return _resolved({"$ref": f"/{name}"})


def _resolved(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema behind a reference, and the other one of "this or null"."""
    if "$ref" in node:
        return _resolved(document.frozen()["components"]["schemas"][node["$ref"].rpartition("/")[2]])
    for choice in node.get("anyOf", ()):
        if choice.get("type") != "null":
            return _resolved(choice)
    return node


def _leaves(schema: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, node in schema.get("properties", {}).items():
        found = _resolved(node)
        if found is not node or "properties" not in found:  # what only holds other fields together is none itself
            yield above + name, found
        yield from _leaves(found, f"{above}{name}.")


def _answers() -> Iterator[Cell]:
    for entry in _data()["answer"]:
        for situation in entry["situations"]:
            lacking = entry.get("lacks", {}).get(situation, [])
            if entry["headers"]:
                yield Cell(entry["name"], situation, STATUS)
            for header in entry["headers"]:
                yield Cell(entry["name"], situation, header)
            for field, _ in _leaves(_schema(entry["schema"])):
                if not any(field.startswith(f"{name}.") for name in lacking):
                    yield Cell(entry["name"], situation, field)


def _metrics() -> Iterator[Cell]:
    names = MetricsPart()
    for role, family in FAMILIES.items():
        name = getattr(names, role)
        parts = ("_count", "_sum", "_bucket") if family.type == "histogram" else ("",)
        for part in parts:
            for labels in sorted(family.label_sets, key=sorted):
                yield Cell("metric", series(f"{name}{part}", labels), VALUE)


def _bookings() -> Iterator[Cell]:
    for column in dataclasses.fields(Booking):
        yield Cell("booking", "at the PMS", column.name)
