"""QloApps' own rules per type of field, as the texts of a request are held against them.

One rule per type and not per input: a number is the text that PHP itself would write for it, a boolean is `0` or `1`,
a date may leave the zeros out and must be in the calendar. Measured on QloApps 1.7.0; those of a search also on 1.6.1.
"""

from __future__ import annotations

import datetime as dt
import re

_UNSIGNED_INT = re.compile(r"0|[1-9][0-9]{0,9}")
_BOOL = re.compile(r"[01]\n?")
_DATE = re.compile(
    r"([0-9]{4})-(0?[0-9]|1[0-2])-(0?[0-9]|[12][0-9]|3[01])(?: ([0-9]{2}):([0-9]{2}):([0-9]{2}))?\n?",
)
_PRICE = re.compile(r"[0-9]{1,10}(\.[0-9]+)?\n?")
_ISO_CODE = re.compile(r"[A-Za-z]{2,3}\n?")
_CITY = re.compile(r"[^\W\d_]+[^!<>;?=+@#\"°{}_$%]*")
_ADDRESS = re.compile(r"[^!<>?=+@{}_$%]*")
_LARGEST = 2**32
_DAY = 86_400
#: What PHP makes of a time that it cannot read: its clock's beginning.
_EPOCH = dt.date(1970, 1, 1).toordinal()


def is_unsigned_int(text: str) -> bool:
    """A whole number from 0 that fits into 32 bits, written without signs, spaces and leading zeros."""
    return bool(_UNSIGNED_INT.fullmatch(text)) and int(text) < _LARGEST


def is_bool(text: str) -> bool:
    """`0` or `1`; words such as `true` are none."""
    return bool(_BOOL.fullmatch(text))


def is_date(text: str) -> bool:
    """A day of the calendar, `2027-03-01` or `2027-3-1`, with or without a time, whose hours are not looked at."""
    found = _DATE.fullmatch(text)
    return found is not None and _ordinal(found) is not None


def is_price(text: str) -> bool:
    """Digits, at most ten before the point; no sign, no exponent."""
    return bool(_PRICE.fullmatch(text))


def is_iso_code(text: str) -> bool:
    """Two or three letters, as of a country; whether there is such a country is another question."""
    return bool(_ISO_CODE.fullmatch(text))


def is_city(text: str) -> bool:
    """A letter first, and no sign that markup or code could be made of."""
    return bool(_CITY.fullmatch(text))


def is_address(text: str) -> bool:
    """No sign that markup or code could be made of."""
    return bool(_ADDRESS.fullmatch(text))


def moment(text: str) -> tuple[int, int] | None:
    """The day (days since 1.1.1) and second that a date means; None for what PHP cannot read, such as 25 o'clock.

    24 o'clock, and a second 60, are read and fall on the day after.
    """
    found = _DATE.fullmatch(text)
    day = _ordinal(found) if found else None
    if found is None or day is None:
        return None
    hours, minutes, seconds = (int(found[place] or 0) for place in (4, 5, 6))
    if hours > 24 or minutes > 59 or seconds > 60:
        return None
    passed = hours * 3600 + minutes * 60 + seconds
    return day + passed // _DAY, passed % _DAY


def day_of(text: str) -> int:
    """The day that a date means; what cannot be read is the first of January 1970."""
    found = moment(text)
    return _EPOCH if found is None else found[0]


def is_after(text: str, other: str) -> bool:
    """Whether PHP takes the one date to be after the other; what it cannot read is before everything that it can."""
    later, earlier = moment(text), moment(other)
    return later is not None and (earlier is None or later > earlier)


def _ordinal(found: re.Match[str]) -> int | None:
    try:
        return dt.date(int(found[1]), int(found[2]), int(found[3])).toordinal()
    except ValueError:
        return None
