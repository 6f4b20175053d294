"""Reads the body of a booking: JSON first, then XML. Both give the same tree of plain values."""

from __future__ import annotations

import json
from typing import Any

from qloapps_twin.answers import Crashed
from qloapps_twin.php import to_text
from qloapps_twin.xml_input import BadXml, Node, parse

_LISTS = ("room_types", "rooms", "services", "facilities", "cart_rules", "child_ages", "remarks")


def read(body: bytes) -> dict[str, Any]:
    """The `booking` of a body.

    Raises:
        Crashed: neither JSON nor XML, or no booking in it. PHP dies on that: 500 and nothing.
    """
    try:
        tree = json.loads(body)
    except (ValueError, RecursionError):
        tree = _from_xml(body)
    booking = tree.get("booking") if isinstance(tree, dict) else None
    if isinstance(booking, list):
        booking = {}
    if not isinstance(booking, dict):
        raise Crashed
    return booking


def _from_xml(body: bytes) -> Any:
    try:
        return _value(parse(body))
    except (BadXml, RecursionError):
        raise Crashed from None


def _value(node: Node) -> Any:
    """An element as a value: a list for QloApps' list elements, an object for others with children, else the text."""
    if node.name in _LISTS:
        return [_value(child) for child in node.children]
    if node.children:
        return {child.name: _value(child) for child in node.children}
    return node.text.strip()


def part(value: Any, name: str) -> Any:
    """A member of an object; None when it is missing or the thing is no object."""
    return value.get(name) if isinstance(value, dict) else None


def text(value: Any) -> str:
    """A value where QloApps wants a text.

    Raises:
        Crashed: a list or an object with something in it; PHP dies on that.
    """
    if isinstance(value, list | dict):
        if value:
            raise Crashed
        return ""
    return to_text(value)


def items(value: Any) -> list[Any]:
    """The elements of a list. One in a PHP array counts when its keys go up from 0; other keys are not looked at."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        return []
    return list(value.values()) if list(value) == [str(place) for place in range(len(value))] else []
