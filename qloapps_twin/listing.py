"""Lists of generic resources: `display`, `filter`, `sort`, `limit`, `language` over rows of plain values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from qloapps_twin.answers import Problem, Refused, warning
from qloapps_twin.php import is_numeric, to_int

Row = dict[str, Any]
_FILTER = re.compile(r"filter\[(.+)\]")
_LIMIT = re.compile(r"(\d+)(?:,(\d+))?")
_SORT_ITEM = re.compile(r"(\w+)_(ASC|DESC)")
_AFTER = tuple(
    warning("Trying to access array offset on value of type bool", line, "WebserviceRequest.php")
    for line in range(1206, 1210)
)
"""What PHP adds after a refused list parameter, because QloApps goes on."""


def select(rows: Iterable[Row], fields: list[str], filterable: list[str], query: dict[str, str]) -> list[Row]:
    """The rows a list request asks for, each with the asked fields only.

    Args:
        rows: complete rows, in order of their ids.
        fields: the names of the resource's fields, in the order of its answers.
        filterable: those of them that a filter may name.
        query: of the request.

    Raises:
        Refused: 500 for an unknown field or a wrong form.
    """
    if "schema" in query:
        text = (
            "Please select a schema of type 'synopsis' to get the whole schema informations (which fields are required, "
            "which kind of content...) or 'blank' to get an empty schema to fill before using POST request"
        )
        raise Refused(500, Problem(28, text), *_AFTER)
    shown = _shown(fields, query.get("display"))
    kept = list(_filter(rows, filterable, query))
    if "sort" in query:
        kept = _sort(kept, fields, query["sort"])
    found = _LIMIT.fullmatch(query.get("limit", ""))
    if found:
        offset, count = (int(found[1]), int(found[2])) if found[2] else (0, int(found[1]))
        kept = kept[offset : offset + count]
    if shown is None:
        return kept
    return [{name: row[name] for name in shown if name in row} for row in kept]


def _shown(fields: list[str], display: str | None) -> list[str] | None:
    if display is None:
        return ["id"]
    if display == "full":
        return None
    asked = [name.strip() for name in display.strip("[]").split(",")]
    for name in asked:
        if name not in fields:
            text = f'Unable to display this field "{name}". However, these are available: {", ".join(fields)}'
            raise Refused(500, Problem(35, text), *_AFTER)
    return [name for name in fields if name in asked]


def _filter(rows: Iterable[Row], fields: list[str], query: dict[str, str]) -> Iterable[Row]:
    for name, text in query.items():
        found = _FILTER.fullmatch(name)
        if not found:
            continue
        column = found[1]
        if column not in fields:
            near = nearest(fields, column)
            known = ", ".join(f'"{name}"' for name in fields)
            raise Refused(
                500,
                Problem(32, f'This filter does not exist. Did you mean: "{near}"? The full list is: {known}'),
                *_AFTER,
            )
        keep = _condition(text)
        rows = [row for row in rows if keep(row[column])]
    return rows


def _condition(text: str) -> Callable[[Any], bool]:
    """The forms of a filter's value; comparison is the database's, so letter case does not matter."""
    sign = text[:1]
    if sign in ("<", ">", "!"):
        bound = text[1:].strip("[]")
        if sign == "!":
            return lambda value: not _same(value, bound)
        return lambda value: (_key(value) > _key(bound)) if sign == ">" else (_key(value) < _key(bound))
    if text.startswith("%[") or text.endswith("]%"):
        bare = text.strip("%").strip("[]").casefold()
        begins, ends = not text.startswith("%"), not text.endswith("%")
        return lambda value: (
            (bare in str(value).casefold())
            and (not begins or str(value).casefold().startswith(bare))
            and (not ends or str(value).casefold().endswith(bare))
        )
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


def _sort(rows: list[Row], fields: list[str], text: str) -> list[Row]:
    items = [_SORT_ITEM.fullmatch(item.strip()) for item in text.strip("[]").split(",")]
    if not all(item and item[1] in fields for item in items):
        form = '"field_ASC" or \'[field_1_DESC,field_2_ASC,field_3_ASC,...]\' ("field" has to be an available field)'
        raise Refused(500, Problem(37, f'The "sort" value has to be formed as this example: {form}'), *_AFTER)
    for item in reversed(items):
        if item:
            name = item[1]
            rows = sorted(rows, key=lambda row: _key(row[name]), reverse=item[2] == "DESC")
    return rows


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
