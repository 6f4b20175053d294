"""Lists of generic resources: `display`, `filter`, `sort`, `limit` over the things of a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from qloapps_twin.answers import Crashed, NotPlayed, Problem, Refused, warning
from qloapps_twin.fields import Row
from qloapps_twin.hotel import Hotel
from qloapps_twin.php import is_numeric, to_int
from qloapps_twin.tables import Table

_FILE = "WebserviceRequest.php"
_FILTER = re.compile(r"filter\[(.*)\]")
_SORT_ITEM = re.compile(r"(.+)_(ASC|DESC)", re.IGNORECASE)
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
        Refused: 500 for an unknown field or a wrong form; filters are looked at first, then display, sort, limit.
        Crashed: a limit below 0.
    """
    if query.get("schema") in ("blank", "synopsis"):
        raise NotPlayed(f"GET {table.name} with schema")
    if "schema" in query:
        raise Refused(500, Problem(28, _SCHEMA), *_AFTER)
    others = [name for name in query if name == "date" or name.startswith("price[")]
    if others:
        raise NotPlayed(f"GET {table.name} with {others[0]}")
    conditions = _conditions(table, query)
    shown = _shown(table, query.get("display"))
    things = _filter(hotel, table, conditions)
    if "sort" in query:
        things = _sort(hotel, table, things, query["sort"])
    if "limit" in query:
        things = _cut(things, query["limit"])
    return [table.show(hotel, thing, shown) for thing in things]


def _cut(things: list[Any], text: str) -> list[Any]:
    """`limit`: a count, or an offset and a count; each is read like PHP reads a number, so that words are 0."""
    numbers = [to_int(part) for part in text.split(",")]
    if len(numbers) > 2:
        form = 'The "limit" value has to be formed as this example: "5,25" or "10"'
        raise Refused(500, Problem(39, form), *_AFTER)
    if min(numbers) < 0:
        raise Crashed
    offset, count = numbers if len(numbers) == 2 else (0, numbers[0])
    return things[offset : offset + count]


def _shown(table: Table, display: str | None) -> list[str] | None:
    if display is None:
        return ["id"]
    if display == "full":
        return None
    fields = table.fields
    if not (display.startswith("[") and display.endswith("]")):
        form = "The 'display' syntax is wrong. You can set 'full' or '[field_1,field_2,field_3,...]'."
        raise Refused(500, Problem(36, f"{form} These are available: {', '.join(fields)}"), *_AFTER)
    asked = [name.strip() for name in display.strip("[]").split(",")]
    for name in asked:
        if name not in fields:
            text = f'Unable to display this field "{name}". However, these are available: {", ".join(fields)}'
            raise Refused(500, Problem(35, text), *_AFTER)
    return [name for name in fields if name in asked]


def _conditions(table: Table, query: dict[str, str]) -> dict[str, str]:
    """The filters by field.

    Raises:
        Refused: 500 for a field that no filter may name, or a filter without a value.
        Crashed: a filter of a filter.
    """
    if "filter" in query:
        raise Refused(500, warning("foreach() argument must be of type array|object, string given", 1100, _FILE))
    conditions = {found[1]: text for name, text in query.items() if (found := _FILTER.fullmatch(name))}
    for name, text in conditions.items():
        if "][" in name:
            raise Crashed
        if name not in table.filterable:
            known = ", ".join(f'"{one}"' for one in table.filterable)
            near = nearest(table.filterable, name)
            told = f'This filter does not exist. Did you mean: "{near}"? The full list is: {known}'
            raise Refused(500, Problem(32, told), *_AFTER)
        if not text:
            raise Refused(500, Problem(33, f'The filter "{name}" is malformed.'), *_AFTER)
    return conditions


def _filter(hotel: Hotel, table: Table, conditions: dict[str, str]) -> list[Any]:
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
    if sign in ("<", ">", "!") and text[1:2] == "[":
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
        low, high = sorted((low, high), key=_key)
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
    asked = text[1:-1].split(",") if text.startswith("[") and text.endswith("]") else [text]
    items = [_SORT_ITEM.fullmatch(item.strip()) for item in asked]
    names = [(item[1], item[2].upper() == "DESC") for item in items if item]
    if len(names) == len(items) and any(name not in table.fields for name, _ in names):
        known = ", ".join(table.filterable)
        told = f"Unable to filter by this field. However, these are available: {known}, for i18n fields:"
        raise Refused(500, Problem(38, told), *_AFTER)
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
