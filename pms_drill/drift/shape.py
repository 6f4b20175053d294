"""The shape of a body: which fields it has, of which types.

A path names a field: `bookings[].id`; `{{id}}` stands for members named after ids (`rooms.available.{{id}}[].id_room`).
Types are text, number, boolean, null, object, list, empty list.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Shape = dict[str, frozenset[str]]
_NUMBER = "{{number}}"


def shape(body: Any) -> Shape:
    """Path -> the types that were seen there. The root's path is empty."""
    found: dict[str, set[str]] = {}
    for path, value in _walk(body, ""):
        found.setdefault(path, set()).add(type_of(value))
    return {path: frozenset(types) for path, types in found.items()}


def values(body: Any) -> dict[str, frozenset[str]]:
    """Path -> the values that were kept there, as text."""
    found: dict[str, set[str]] = {}
    for path, value in _walk(body, ""):
        if value is not None and not isinstance(value, dict | list) and not str(value).startswith("{{"):
            found.setdefault(path, set()).add(str(value))
    return {path: frozenset(texts) for path, texts in found.items()}


def type_of(value: Any) -> str:
    """The type of one value, with a placeholder's being that of what it stands for."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float) or value == _NUMBER:
        return "number"
    if isinstance(value, list):
        return "list" if value else "empty list"
    return "object" if isinstance(value, dict) else "text"


def _walk(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, node
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _walk(value, f"{path}.{name}" if path else name)
    elif isinstance(node, list):
        for value in node:
            yield from _walk(value, f"{path}[]")
