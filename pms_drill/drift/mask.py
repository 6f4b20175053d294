"""Replaces what differs from run to run, and what belongs to persons, by placeholders that keep the type.

What is kept is named here; everything else becomes a placeholder. So a field that a later version adds cannot bring a
secret into a recording, and two recordings of one version are the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

#: Fields whose values belong to the contract or are the same in every run.
KEPT = frozenset(
    {
        "code",
        "currency",
        "active",
        "check_in",
        "check_out",
        "adults",
        "child",
        "children",
        "max_adult",
        "max_adults",
        "max_children",
        "max_guests",
        "max_occupancy",
        "min_los",
        "max_los",
        "number_of_rooms",
        "is_cancelled",
        "is_refunded",
        "is_back_order",
        "current_state",
        "id_order_state",
        "id_status",
        "per_night",
        "price_mode",
        "base_price",
        "base_price_with_tax",
        "total_price",
        "total_price_with_tax",
        "total_price_without_tax",
        "total_tax",
        "unit_price_without_tax",
        "total_paid",
        "id_hotel",
        "id_property",
        "id_room_type",
        "id_language",
    }
)
#: Fields that are kept as text, with what belongs to a machine or a person replaced.
_TEXTS = frozenset({"message", "@href", "@api", "@get", "@put", "@post", "@delete", "@head", "@required", "@format"})
#: Headers of the web server or of the moment, not of QloApps. Whether it sends its cookie depends on the length of the
#: body (none above 4096 bytes), so on the number of rooms and the texts of a hotel.
_FOREIGN = frozenset(
    ["date", "server", "host", "connection", "keep-alive", "transfer-encoding", "content-length", "vary", "set-cookie"]
)
_HIDDEN = frozenset({"access-time", "execution-time", "content-sha1"})
_IDS = "{{id}}"
_LONG = 200
_PATTERNS = (
    (re.compile(r"https?://[^/\s\"'<]+"), "http://{{host}}"),
    (re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"), "{{email}}"),
    (re.compile(r"(/[\w.\-]+){2,}\.(php|inc|tpl)"), "{{file}}"),
    (re.compile(r"\bline \d+"), "line {{number}}"),
    (re.compile(r"\b[0-9a-fA-F]{32,}\b"), "{{hash}}"),
    (re.compile(r"\b\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?"), "{{date}}"),
)
_LAST_NUMBER = re.compile(r"/\d+$")
_DIGITS = re.compile(r"-?\d+(\.\d+)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DATETIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d.*")


def masked(node: Any, name: str = "") -> Any:
    """A body's tree with placeholders; elements of a list that are the same then are kept once."""
    if isinstance(node, dict):
        if node and all(isinstance(key, str) and key.isdigit() for key in node):
            return {_IDS: _once(masked(value) for value in node.values())}
        return {key: masked(value, key) for key, value in node.items()}
    if isinstance(node, list):
        return _once(masked(value, name) for value in node)
    if isinstance(node, str):
        return _text(node, name)
    if isinstance(node, bool) or node is None or name in KEPT:
        return node
    return "{{number}}"


def page(text: str) -> str:
    """A body that is only text: as it is when it is short, otherwise that there is a page."""
    return cleaned(text) if len(text) <= _LONG else "{{page}}"


def cleaned(text: str) -> str:
    """A text without addresses, paths of the server, dates and hashes."""
    for pattern, placeholder in _PATTERNS:
        text = pattern.sub(placeholder, text)
    return text


def headers(found: Mapping[str, str]) -> dict[str, str]:
    """The headers that are QloApps' own, by their names in lower case; values of the moment replaced.

    Args:
        found: names in any case; one entry per name.
    """
    kept = {}
    for name, value in found.items():
        low = name.lower()
        if low in _HIDDEN:
            kept[low] = "{{value}}"
        elif low not in _FOREIGN and value and not value.startswith("PHP/"):
            kept[low] = cleaned(value)
    return dict(sorted(kept.items()))


def _text(text: str, name: str) -> str:
    if name in _TEXTS:
        return _LAST_NUMBER.sub("/{{id}}", cleaned(text))
    if not text or name in KEPT:
        return cleaned(text)
    if _DIGITS.fullmatch(text):
        return "{{digits}}"
    if _DATETIME.fullmatch(text):
        return "{{datetime}}"
    return "{{date}}" if _DATE.fullmatch(text) else "{{text}}"


def _once(values: Any) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found
