"""Tampering with the evidence of an experiment, wherever it lies in the bundle, and watching which of it is read."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from pms_drill.evidence.bookings import Booking
from pms_drill.evidence.history import Guest, Kind, Operation
from pms_drill.evidence.ledger import LedgerEntry
from pms_drill.evidence.reset import Told
from pms_drill.evidence.scrape import Scrape
from pms_drill.properties.fields import Cell
from tests.fields import tamper
from tests.fields.tamper import Answer

_NAMES = {Kind.AVAILABILITY: "availability", Kind.RESERVATION: "reservation", Kind.LOOKUP: "look-up"}
#: Attributes that hold what readiness said of the PMS, and of the agent.
_PMS, _AGENT = ("ready", "ready_while_mock", "readiness"), "ready"
#: How far apart scrapes may lie, in seconds, for checks that ask for more than a few; a slow machine's gaps stay.
_APART_S = 0.3
#: What is not looked into.
_OPAQUE = (Guest, LedgerEntry, Scrape)


def answer_of(operation: Operation) -> Answer | None:
    """What an operation's answer told; None without an answer."""
    if operation.status is None:
        return None
    what = "problem" if operation.status >= 400 else _NAMES[operation.kind]
    headers = {"Content-Type": operation.media}
    if what == "reservation":
        headers["Location"] = operation.location
    if operation.status == 503:
        headers["Retry-After"] = operation.retry_after
    return Answer(what, operation.status, headers, operation.body)


def told_by(evidence: Any) -> set[Cell]:
    """The cells that a bundle tells."""
    found: set[Cell] = set()

    def look(thing: Any, where: str) -> Any:
        if isinstance(thing, Operation) and (answer := answer_of(thing)):
            found.update(answer.cells())
        elif isinstance(thing, Told):
            found.update(_of_reset(thing).cells())
        elif where == "said_while_mock":
            found.add(Cell("readiness", "mock", "status"))
        elif isinstance(thing, Booking) and thing.live:
            found.update(Cell("booking", "at the PMS", field.name) for field in dataclasses.fields(Booking))
        elif where == "pms" and thing:
            found.update(_of_readiness(thing).cells())
        return thing

    rebuilt(evidence, look)
    return found


def tampered(evidence: Any, cell: Cell) -> dict[str, Any]:
    """Name of a tampering -> the bundle in which this cell is told otherwise, in each of its answers."""
    changes: dict[int, dict[str, Any]] = {}

    def look(thing: Any, where: str) -> Any:
        if found := _changes(thing, where, cell):
            changes[id(thing)] = found
        return thing

    rebuilt(evidence, look)
    names = dict.fromkeys(name for found in changes.values() for name in found)
    return {
        name: rebuilt(evidence, lambda thing, _, name=name: changes.get(id(thing), {}).get(name, thing))
        for name in names
    }


def thinned(evidence: Any) -> Any:
    """The bundle with fewer scrapes, the first and the last one kept: what grew between them stays the same."""
    scrapes = list(getattr(evidence, "scrapes", ()))
    kept = scrapes[:1]
    for scrape, following in pairwise(scrapes[1:]):
        if following.started - kept[-1].ended > _APART_S:
            kept.append(scrape)
    return replace(evidence, scrapes=[*kept, *scrapes[-1:]]) if len(scrapes) > 1 else evidence


def with_series(evidence: Any, cell: Cell) -> dict[str, Any]:
    """The same for a series of a metric."""
    scrapes = list(_scrapes(evidence))
    found = tamper.series_of(cell, scrapes[-1]) if scrapes else None
    if found is None:
        return {}
    phases = getattr(evidence, "phases", {})
    since = phases["armed"].begin if "armed" in phases else scrapes[len(scrapes) // 2].started
    result = {}
    for name, changed in tamper.of_series(scrapes, *found, since).items():
        by_id = dict(zip(map(id, scrapes), changed, strict=True))
        result[name] = rebuilt(evidence, lambda thing, _, by_id=by_id: by_id.get(id(thing), thing))
    return result


def rebuilt(thing: Any, change: Callable[[Any, str], Any], where: str = "") -> Any:
    """The same bundle with every part handed to `change`, which is told what the part is: "pms" for readiness."""
    new = change(thing, where)
    if new is not thing or isinstance(thing, _OPAQUE) or where == "pms" or isinstance(thing, str):
        return new
    if isinstance(thing, list | tuple):
        kept = [rebuilt(part, change, where) for part in thing]
        if all(new is old for new, old in zip(kept, thing, strict=True)):
            return thing
        return kept if isinstance(thing, list) else tuple(kept)
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        values = {field.name: getattr(thing, field.name) for field in dataclasses.fields(thing) if field.init}
        parts = {name: _part(name, value, change) for name, value in values.items()}
        other = {name: part for name, part in parts.items() if part is not values[name]}
        return replace(thing, **other) if other else thing
    return thing


def _part(name: str, value: Any, change: Callable[[Any, str], Any]) -> Any:
    if name in _PMS and isinstance(value, dict):
        return rebuilt(value, change, "pms")
    if name == "readiness":
        return [(at, rebuilt(pms, change, "pms")) for at, pms in value]
    if name == _AGENT and isinstance(value, list):
        return [(at, rebuilt(said, change, "agent")) for at, said in value]
    if isinstance(value, dict):
        parts = {key: rebuilt(part, change) for key, part in value.items()}
        return parts if any(parts[key] is not value[key] for key in value) else value
    return rebuilt(value, change, name if name == "said_while_mock" else "")


def _changes(thing: Any, where: str, cell: Cell) -> dict[str, Any]:
    if isinstance(thing, Operation):
        answer = answer_of(thing)
        if answer is None or cell not in set(answer.cells()):
            return {}
        return {name: _operation(thing, told) for name, told in tamper.of_answer(answer, cell).items()}
    if isinstance(thing, Told):
        answer = _of_reset(thing)
        if cell not in set(answer.cells()):
            return {}
        return {name: _reset(thing, told) for name, told in tamper.of_answer(answer, cell).items()}
    if where == "said_while_mock" and cell == Cell("readiness", "mock", "status"):
        return {"other": f"x{thing}"}
    if isinstance(thing, Booking) and thing.live and cell.what == "booking":
        return {"other": replace(thing, **{cell.field: _column(getattr(thing, cell.field))})}
    if where == "pms" and cell.what == "readiness" and cell.field.startswith("pms."):
        answer = _of_readiness(thing)
        if cell not in set(answer.cells()):
            return {}
        return {name: told.body["pms"] for name, told in tamper.of_answer(answer, cell).items()}
    if where == "agent" and cell.what == "readiness" and cell.field == "status":
        return {"other": f"x{thing}"}
    return {}


def _operation(operation: Operation, told: Answer) -> Operation:
    return replace(
        operation,
        status=told.status,
        body=dict(told.body),
        media=told.headers.get("Content-Type", ""),
        location=told.headers.get("Location", ""),
        retry_after=told.headers.get("Retry-After", "") if operation.status == 503 else operation.retry_after,
    )


def _of_reset(told: Told) -> Answer:
    if told.status < 400:
        return Answer("reset", told.status, {}, {"state": told.state})
    return Answer("problem", told.status, {"Content-Type": told.media}, json.loads(told.text))


def _reset(told: Told, other: Answer) -> Told:
    if other.what == "reset":
        return replace(told, state=str(other.body.get("state") or ""))
    media = other.headers.get("Content-Type", "")
    return replace(told, status=other.status, media=media, text=json.dumps(other.body))


def _of_readiness(pms: Mapping[str, Any]) -> Answer:
    return Answer("readiness", 200, {}, {"status": "ready", "pms": pms})


def _column(value: Any) -> Any:
    if isinstance(value, int):
        return value + 1
    if isinstance(value, tuple):
        return tuple(part + 1 for part in value)
    try:
        return (date.fromisoformat(value) + timedelta(days=1)).isoformat()
    except ValueError:
        pass
    try:
        return str(Decimal(value) + Decimal("0.01"))
    except ArithmeticError:
        return "EUR" if value == "PLN" else f"x{value}"


def _scrapes(evidence: Any) -> Iterator[Scrape]:
    found: list[Scrape] = []

    def look(thing: Any, _: str) -> Any:
        if isinstance(thing, Scrape):
            found.append(thing)
        return thing

    rebuilt(evidence, look)
    return iter(found)


class _Body(dict):  # type: ignore[type-arg]
    """An answer's body that notes which of its fields are read."""

    seen: set[str]

    def get(self, key: Any, default: Any = None) -> Any:
        self.seen.add(key)
        return super().get(key, default)

    def __getitem__(self, key: Any) -> Any:
        self.seen.add(key)
        return super().__getitem__(key)


def _all(name: str) -> Any:
    def method(self: _Body, *args: Any) -> Any:
        self.seen.add("*")
        return getattr(dict, name)(self, *args)

    return method


for _name in ("__iter__", "keys", "items", "values", "__eq__", "__contains__", "__or__", "__len__", "copy", "__ror__"):
    setattr(_Body, _name, _all(_name))


def watched(evidence: Any) -> tuple[Any, set[str]]:
    """The bundle, and a set that gets the names of the bodies' fields that are read; "*" for all."""
    seen: set[str] = set()

    def watch(thing: Any, _: str) -> Any:
        if isinstance(thing, Operation):
            body = _Body(thing.body)
            body.seen = seen
            return replace(thing, body=body)
        return thing

    return rebuilt(evidence, watch), seen


def parts_read(run: Callable[[Any], None], evidence: Any) -> set[str]:
    """Names of the bundle's attributes and of the bodies' fields (after "body.") that a run reads."""
    bundle, fields = watched(evidence)
    kind = type(bundle)
    attributes: set[str] = set()

    class Watched(kind):  # type: ignore[valid-type, misc]
        def __getattribute__(self, name: str) -> Any:
            attributes.add(name)
            return super().__getattribute__(name)

    copy = object.__new__(Watched)
    copy.__dict__.update(bundle.__dict__)
    run(copy)
    return attributes | {f"body.{name}" for name in fields}
