"""Reads the body of a booking: JSON first, then XML. Both give the same tree of plain values."""

from __future__ import annotations

import json
from typing import Any

from qloapps_twin.answers import Crashed
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
    if booking == []:
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


def items(value: Any) -> list[Any]:
    """The elements of a list; a PHP array with keys counts as its values."""
    if isinstance(value, list):
        return value
    return list(value.values()) if isinstance(value, dict) else []
