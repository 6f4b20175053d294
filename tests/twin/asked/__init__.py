"""The same requests for the twin and for a real QloApps: systematic input per type of field, and what was measured.

`cases` makes the requests, `answered` reduces an answer to what is compared, `measured.json` has what a running QloApps
1.7.0 with five rooms per type answered. `python -m tests.twin.asked` asks the one of QLOAPPS_DIR and writes it anew.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MEASURED = Path(__file__).with_name("measured.json")
#: Numbers that depend on what was booked before, and times of day.
_COUNTED = re.compile(r'("(?:id|id_hotel_booking|id_customer|id_cart|id_order|id_order_detail)":)"?\d+"?')
_NOW = re.compile(r'"20\d\d-\d\d-\d\d (?!00:00:00|10:00:00)\d\d:\d\d:\d\d"')
#: A booking without a source gets the name of the shop, which is another for the twin.
_SHOP = re.compile(r'"source":"(?:127\.0\.0\.1|pms\.drill\.example)"')
_REFERENCE = re.compile(r'"reference":"[A-Z]{9}"')
#: Where PHP's warnings come from says nothing about the web service.
_PHP_WARNING = 3
_LONGEST = 90


def answered(status: int, content_type: str | None, text: str) -> str:
    """What is compared of an answer: status, errors with code and text (cut), or a sum over a body that is none.

    Of PHP's warnings only the number counts. Keys that go up with each booking, and times of now, are left out.
    """
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if isinstance(body, dict) and "errors" in body:
        found = [f"{one['code']} {one['message'][:_LONGEST]}" for one in body["errors"] if one["code"] != _PHP_WARNING]
        warnings = len(body["errors"]) - len(found)
        return f"{status} " + "; ".join([*([f"{warnings} warnings"] if warnings else []), *found])
    if body is None:
        kind = (content_type or "nothing").partition(";")[0]
        return f"{status} {kind} {text[:40]}".rstrip()
    masked = _REFERENCE.sub("", _SHOP.sub("", _NOW.sub("", _COUNTED.sub(r"\1", text))))
    return f"{status} {hashlib.sha256(masked.encode()).hexdigest()[:10]}"


def measured() -> Mapping[str, str]:
    """What QloApps 1.7.0 answered to each case."""
    told: dict[str, str] = json.loads(MEASURED.read_text("utf-8"))
    return told


def xml(name: str, fields: Mapping[str, Any], more: str = "") -> bytes:
    """A body of one element; a field that is None is left out, markup in values is kept."""
    inner = "".join(f"<{field}>{value}</{field}>" for field, value in fields.items() if value is not None)
    return f"<qloapps><{name}>{inner}{more}</{name}></qloapps>".encode()
