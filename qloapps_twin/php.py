"""How PHP reads and writes plain values, as far as QloApps' answers depend on it."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

_LEADING_INT = re.compile(r"\s*([+-]?[0-9]+)")
_NUMBER = re.compile(r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")
_UNSIGNED_INT = re.compile(r"[0-9]+")


def to_int(value: Any) -> int:
    """Cast like `(int)`: `"1abc"` is 1, `"abc"` and `None` are 0."""
    if isinstance(value, bool | int | float | Decimal):
        return int(value)
    found = _LEADING_INT.match(value) if isinstance(value, str) else None
    return int(found[1]) if found else int(bool(value) and not isinstance(value, str))


def to_text(value: Any) -> str:
    """Cast like `(string)`: true is `1`, false and null are empty, a whole float has no point."""
    if value is None or isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def is_numeric(value: Any) -> bool:
    """Whether `is_numeric` would say yes."""
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float | Decimal) or (isinstance(value, str) and bool(_NUMBER.fullmatch(value)))


def is_unsigned_int(value: Any) -> bool:
    """Whether the text or number is a whole number from 0 that fits into 32 bits."""
    return bool(_UNSIGNED_INT.fullmatch(str(value))) and int(value) < 2**32


def to_decimal(value: Any) -> Decimal:
    """The number in a value that passed `is_numeric`; 0 for anything else."""
    return Decimal(str(value).strip()) if is_numeric(value) else Decimal(0)


def is_empty(value: Any) -> bool:
    """Whether `empty()` would say yes: `0`, `"0"`, `""`, `None`, `[]`."""
    return not value or value == "0"


def number(value: Decimal) -> int | float:
    """A JSON number: whole ones without a decimal point."""
    return int(value) if value == value.to_integral_value() else float(value)


def fixed(value: Decimal) -> str:
    """A decimal column of the database as generic resources show it: `"1000.000000"`."""
    return f"{value:.6f}"


def json_text(value: Any) -> str:
    """Encode like `json_encode`: no spaces, `\\uXXXX` and `\\/` escapes."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).replace("/", "\\/")
