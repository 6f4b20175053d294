"""Lists of generic resources: `display`, `filter`, `sort`, `limit` over the things of a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from qloapps_twin.answers import NotPlayed, Problem, Refused, warning
from qloapps_twin.fields import Row
from qloapps_twin.hotel import Hotel
from qloapps_twin.php import is_numeric, to_int
from qloapps_twin.tables import Table

_FILTER = re.compile(r"filter\[(.+)\]")
_LIMIT = re.compile(r"(\d+)(?:,(\d+))?")
_SORT_ITEM = re.compile(r"(\w+)_(ASC|DESC)")
_AFTER = tuple(
    warning("Trying to access array offset on value of type bool", line, "WebserviceRequest.php")
    for line in range(1206, 1210)
)
"""What PHP adds after a refused list parameter, because QloApps goes on."""
_SCHEMA = (
    "Please select a schema of type 'synopsis' to get the whole schema informations (which fields are required, "
    "which kind of content...) or 'blank' to get an empty schema to fill before using POST request"
)


def select(hotel: Hotel, table: Table, query: dict[str, str]) -> list[Row]:
    """The rows a list request asks for, lowest id first, each with the asked fields only.

    Raises:
        NotPlayed: a description of the fields, filters by dates of the rows, computed prices.
        Refused: 500 for an unknown field or a wrong form.
    """
    if query.get("schema") in ("blank", "synopsis"):
        raise NotPlayed(f"GET {table.name} with schema")
    if "schema" in query:
        raise Refused(500, Problem(28, _SCHEMA), *_AFTER)
    others = [name for name in query if name == "date" or name.startswith("price[")]
    if others:
        raise NotPlayed(f"GET {table.name} with {others[0]}")
    shown = _shown(table, query.get("display"))
    things = _filter(hotel, table, query)
    if "sort" in query:
        things = _sort(hotel, table, things, query["sort"])
    found = _LIMIT.fullmatch(query.get("limit", ""))
    if found:
        offset, count = (int(found[1]), int(found[2])) if found[2] else (0, int(found[1]))
        things = things[offset : offset + count]
    return [table.show(hotel, thing, shown) for thing in things]


def _shown(table: Table, display: str | None) -> list[str] | None:
    if display is None:
        return ["id"]
    if display == "full":
        return None
    fields = table.fields
    asked = [name.strip() for name in display.strip("[]").split(",")]
    for name in asked:
        if name not in fields:
            text = f'Unable to display this field "{name}". However, these are available: {", ".join(fields)}'
            raise Refused(500, Problem(35, text), *_AFTER)
    return [name for name in fields if name in asked]


def _filter(hotel: Hotel, table: Table, query: dict[str, str]) -> list[Any]:
    conditions = {found[1]: text for name, text in query.items() if (found := _FILTER.fullmatch(name))}
    for name in conditions:
        if name not in table.filterable:
            known = ", ".join(f'"{one}"' for one in table.filterable)
            near = nearest(table.filterable, name)
            text = f'This filter does not exist. Did you mean: "{near}"? The full list is: {known}'
            raise Refused(500, Problem(32, text), *_AFTER)
    things = _candidates(hotel, table, conditions)
    for name, text in conditions.items():
        keep, column = _condition(text), table.columns[name]
        things = [thing for thing in things if keep(column(hotel, thing))]
    return list(things)


def _candidates(hotel: Hotel, table: Table, conditions: dict[str, str]) -> Iterable[Any]:
    """All things by id, or those that an index names when a condition asks for one value."""
    for name, index in table.indexes.items():
        wanted = conditions.get(name, "|")
        bare = wanted[1:-1] if wanted.startswith("[") and wanted.endswith("]") else wanted
        if not any(sign in bare for sign in "|,%[]<>!"):
            return index(hotel, bare)
    things = table.things(hotel)
    return [things[key] for key in sorted(things)]


def _condition(text: str) -> Callable[[Any], bool]:
    """The forms of a filter's value; comparison is the database's, so letter case does not matter."""
    sign = text[:1]
    if sign in ("<", ">", "!"):
        bound = text[1:].strip("[]")
        if sign == "!":
            return lambda value: not _same(value, bound)
        return lambda value: (_key(value) > _key(bound)) if sign == ">" else (_key(value) < _key(bound))
    if text.startswith("%[") or text.endswith("]%"):
        bare = re.escape(text.strip("%").strip("[]"))
        pattern = re.compile((".*" if sign == "%" else "") + bare + (".*" if text.endswith("%") else ""), re.I | re.S)
        return lambda value: bool(pattern.fullmatch(str(value)))
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if "," in bare and bare != text:
        low, _, high = bare.partition(",")
        return lambda value: _key(low) <= _key(value) <= _key(high)
    wanted = bare.split("|") if bare != text else [bare]
    return lambda value: any(_same(value, one) for one in wanted)


def _same(value: Any, text: str) -> bool:
    if isinstance(value, int):
        return value == to_int(text)
    return str(value).casefold() == text.casefold()


def _key(value: Any) -> tuple[int, float, str]:
    return (0, float(value), "") if is_numeric(value) else (1, 0.0, str(value).casefold())


def _sort(hotel: Hotel, table: Table, things: list[Any], text: str) -> list[Any]:
    items = [_SORT_ITEM.fullmatch(item.strip()) for item in text.strip("[]").split(",")]
    names = [(item[1], item[2] == "DESC") for item in items if item and item[1] in table.fields]
    if len(names) < len(items):
        form = '"field_ASC" or \'[field_1_DESC,field_2_ASC,field_3_ASC,...]\' ("field" has to be an available field)'
        raise Refused(500, Problem(37, f'The "sort" value has to be formed as this example: {form}'), *_AFTER)
    for name, descending in reversed(names):
        column = table.columns[name]
        keys = {id(thing): _key(column(hotel, thing)) for thing in things}
        things = sorted(things, key=lambda thing: keys[id(thing)], reverse=descending)
    return things


def nearest(names: list[str], wanted: str) -> str:
    """The name that QloApps proposes instead: of the nearest ones the last."""
    return min(reversed(names), key=lambda known: _distance(known, wanted))


def _distance(one: str, other: str) -> int:
    """Edit distance: QloApps proposes the nearest name."""
    before = list(range(len(other) + 1))
    for row, char in enumerate(one, 1):
        now = [row]
        for column, against in enumerate(other, 1):
            now.append(min(before[column] + 1, now[-1] + 1, before[column - 1] + (char != against)))
        before = now
    return before[-1]
