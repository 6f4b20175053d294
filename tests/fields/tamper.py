"""Generic tamperings: one field of an answer, a series or a booking told otherwise, all the rest as it was.

A field is told wrong by its type: another string, one more, not, a day later, another member, a cent more or less, null
for a value, a value for null; and it is left out. Where the contract leaves the wording free (a problem's title) what
breaks the contract is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pms_drill.evidence.scrape import Labels, Scrape
from pms_drill.properties.fields import STATUS, VALUE, Cell, schema_of, series

#: What a field that is left out becomes.
ABSENT = object()
#: Beyond what rounding and a slow machine explain, in seconds.
_SECONDS = 5
_MONEY = re.compile(r"-?\d+\.\d\d")
#: Free words of a problem: only what is no such word is wrong.
_FREE = {"type": {"other": "Not A Slug"}, "title": {"blank": " "}, "detail": {"blank": " "}}
_SLUGS = ("pms-auth", "pms-refused", "pms-rate-limit", "request-in-progress")


@dataclass(frozen=True)
class Answer:
    """What is told in an answer.

    Attributes:
        what: as in a cell.
    """

    what: str
    status: int
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def situation(self) -> str:
        """In which situation it was told, by its true words."""
        body = self.body
        if self.what == "problem":
            name = f"{self.status} {body.get('type')}"
            return name if name == "502 pms-auth" else str(self.status)
        if self.what == "availability":
            source = body.get("source")
            if source == "pms":
                return "from the PMS" if body.get("available") else "sold out"
            return str(source)
        if self.what == "readiness":
            return str(body.get("pms", {}).get("status"))
        return str(body.get("state" if self.what == "reset" else "status"))

    def cells(self) -> Iterator[Cell]:
        """The cells that it tells."""
        if self.headers:
            yield Cell(self.what, self.situation, STATUS)
        for header in self.headers:
            yield Cell(self.what, self.situation, header)
        for path in _paths(self.body):
            yield Cell(self.what, self.situation, path)


#: Gives the answer in which one thing is told otherwise.
Change = Callable[[Answer], Answer]


def of_answer(answer: Answer, cell: Cell) -> dict[str, Answer]:
    """Name of a tampering -> the answer with it, for a cell that the answer tells."""
    if cell.field == STATUS:
        other = {200: 202, 201: 202, 202: 201}.get(answer.status, 500 if answer.status != 500 else 418)
        return {"other": Answer(answer.what, other, answer.headers, answer.body)}
    if cell.field in answer.headers:
        told = _of_header(cell.field, answer.headers[cell.field])
        return {name: _with_header(answer, cell.field, value) for name, value in told.items()}
    schema = schema_of(answer.what, cell.field)
    value = _at(answer.body, cell.field)
    if answer.what == "problem" and cell.field in _FREE:
        changed: dict[str, Any] = {**_FREE[cell.field], "null": None, "absent": ABSENT}
        if value in _SLUGS and cell.field == "type":
            changed["other name"] = "pms-unavailable"
    else:
        changed = variants(value, schema)
    return {name: _with_field(answer, cell.field, new) for name, new in changed.items()}


def variants(value: Any, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Name -> another value of the same field, by the type of the true one."""
    if value is None:
        return {"value": _some(schema), "absent": ABSENT}
    return {**_others(value, schema), "null": None, "absent": ABSENT}


def of_series(scrapes: list[Scrape], name: str, labels: Labels, since: float) -> dict[str, list[Scrape]]:
    """Name of a tampering -> the scrapes with it.

    One more from a moment on (always, for a gauge), none at all, and the values of the next series of the same metric
    under this one's labels, where they ever differ.

    Args:
        since: on the monotonic clock.
    """
    key = (name, labels)
    siblings = sorted((found for found in scrapes[-1].samples if found[0] == name), key=lambda found: sorted(found[1]))
    gauge = not name.endswith(("_total", "_count", "_sum", "_bucket"))
    changed = {
        "more": [
            _scrape(scrape, {key: scrape.samples[key] + 1} if gauge or scrape.started >= since else {})
            for scrape in scrapes
        ],
        "missing": [_scrape(scrape, {key: None}) for scrape in scrapes],
    }
    place = siblings.index(key)
    for other in siblings[place + 1 :] + siblings[:place]:
        if any(scrape.samples[key] != scrape.samples[other] for scrape in scrapes):
            changed["swapped"] = [
                _scrape(scrape, {key: scrape.samples[other], other: scrape.samples[key]}) for scrape in scrapes
            ]
            break
    return changed


def series_of(cell: Cell, scrape: Scrape) -> tuple[str, Labels] | None:
    """Which sample of a scrape a cell names; of buckets the first one whose series it is."""
    for name, labels in scrape.samples:
        kept = frozenset(pair for pair in labels if pair[0] != "le")
        if cell.field == VALUE and series(name, kept) == cell.situation:
            return name, labels
    return None


def _scrape(scrape: Scrape, changes: Mapping[tuple[str, Labels], float | None]) -> Scrape:
    samples = {**scrape.samples, **changes}
    kept = {key: value for key, value in samples.items() if value is not None}
    return Scrape(scrape.started, scrape.ended, kept, scrape.types, scrape.text)


def _paths(body: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for name, value in body.items():
        yield above + name
        if isinstance(value, dict):
            yield from _paths(value, f"{above}{name}.")


def _others(value: Any, schema: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"not": not value}
    if isinstance(value, int):
        return {"one more": value + 1}
    if isinstance(value, str):
        if "enum" in schema:
            members = schema["enum"]
            return {"other": members[(members.index(value) + 1) % len(members)]}
        return _other_texts(value)
    return {}


def _other_texts(value: str) -> dict[str, str]:
    if _MONEY.fullmatch(value):
        cent = Decimal("0.01")
        return {"a cent more": str(Decimal(value) + cent), "a cent less": str(Decimal(value) - cent)}
    for kind in (date, datetime):
        try:
            at = kind.fromisoformat(value)
        except ValueError:
            continue
        if kind is date:
            return {"a day later": (at + timedelta(days=1)).isoformat()}
        return {
            "later": (at + timedelta(seconds=_SECONDS)).isoformat(),
            "sooner": (at - timedelta(seconds=_SECONDS)).isoformat(),
        }
    if re.fullmatch("[A-Z]{3}", value):
        return {"other": "EUR" if value != "EUR" else "USD"}
    return {"other": f"x{value}"}


def _some(schema: Mapping[str, Any]) -> Any:
    """A value for a field that is null."""
    if "enum" in schema:
        return schema["enum"][0]
    if "properties" in schema:
        return {"amount": "100.00", "currency": "PLN"}
    kinds = schema.get("type", "string")
    if "integer" in kinds:
        return 1
    return "2027-01-01T00:00:00Z" if schema.get("format") == "date-time" else "x"


def _of_header(name: str, value: str) -> dict[str, str | None]:
    if name == "Content-Type":
        return {"other": "text/html"}
    if name == "Retry-After":
        return {"a minute more": str(int(value) + 60) if value.isdigit() else "60", "absent": None}
    return {"other": f"{value}x", "absent": None}


def _with_header(answer: Answer, name: str, value: str | None) -> Answer:
    headers = {key: old for key, old in answer.headers.items() if key != name}
    return Answer(answer.what, answer.status, headers if value is None else headers | {name: value}, answer.body)


def _at(body: Mapping[str, Any], path: str) -> Any:
    value: Any = body
    for step in path.split("."):
        value = value[step]
    return value


def _with_field(answer: Answer, path: str, value: Any) -> Answer:
    return Answer(answer.what, answer.status, answer.headers, _put(answer.body, path.split("."), value))


def _put(body: Mapping[str, Any], steps: list[str], value: Any) -> dict[str, Any]:
    first, *rest = steps
    changed = dict(body)
    if rest:
        changed[first] = _put(body[first], rest, value)
    elif value is ABSENT:
        changed.pop(first)
    else:
        changed[first] = value
    return changed
