"""What differs between two answers to the same request."""

from __future__ import annotations

import difflib
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from pms_drill.drift.recording import PHP_WARNING, Answer, Recording
from pms_drill.drift.shape import shape, values

ABSENT = "absent"
#: Upper ends of the classes of latency, in milliseconds. Wide, and two must lie this far apart, because few calls are
#: measured on machines that do other things as well.
_CLEARLY = 3.0
_CLASSES = {"under 100 ms": 100.0, "under 1 s": 1000.0, "under 10 s": 10_000.0}
_SLOWEST = "10 s or more"
LATENCIES = (*_CLASSES, _SLOWEST)


class Aspect(StrEnum):
    """What of an answer differs."""

    STATUS = "status"
    TYPE = "content type"
    HEADER = "header"
    FIELD = "field"
    CODE = "error codes"
    TEXT = "error texts"
    VALUE = "value"
    LATENCY = "latency"


@dataclass(frozen=True, order=True)
class Difference:
    """One difference.

    Attributes:
        exchange: name in the contract.
        where: path of a field or name of a header; empty for the answer as a whole.
        before, after: what the first and the second source have there.
    """

    exchange: str
    aspect: Aspect
    where: str
    before: str
    after: str

    @property
    def sentence(self) -> str:
        """What differs, without the exchange: the text by which a divergence is listed."""
        place = f" {self.where}" if self.where else ""
        return f"{self.aspect}{place}: {self.before} -> {self.after}"


def compare(one: Recording, other: Recording, *, with_values: bool) -> list[Difference]:
    """The differences in the exchanges that both sources have, in the order of the first; latencies last.

    Args:
        with_values: also compare the values that recordings keep (prices, flags). They depend on the hotel, so this
            is for two sources that have the same one.
    """
    both = [name for name in one.answers if name in other.answers]
    found = [
        difference
        for name in both
        for difference in _answers(name, one.answers[name], other.answers[name], with_values)
    ]
    return found + list(_latency(one, other, both))


def latency_class(milliseconds: float) -> str:
    """The class of a latency."""
    return next((name for name, end in _CLASSES.items() if milliseconds < end), _SLOWEST)


def _answers(name: str, one: Answer, other: Answer, with_values: bool) -> Iterator[Difference]:
    if one.status != other.status:
        yield Difference(name, Aspect.STATUS, "", str(one.status), str(other.status))
    if one.type != other.type:
        yield Difference(name, Aspect.TYPE, "", one.type or ABSENT, other.type or ABSENT)
    yield from _headers(name, one, other)
    yield from _fields(name, one, other)
    yield from _errors(name, one, other)
    if with_values:
        yield from _values(name, one, other)


def _headers(name: str, one: Answer, other: Answer) -> Iterator[Difference]:
    old, new = one.headers, other.headers
    for low in sorted(old.keys() | new.keys()):
        if low == "content-type" and one.type != other.type:
            continue
        before, after = (side.get(low, ABSENT) for side in (old, new))
        if before != after:
            yield Difference(name, Aspect.HEADER, low, before, after)


def _fields(name: str, one: Answer, other: Answer) -> Iterator[Difference]:
    old, new = shape(one.body), shape(other.body)
    gone = sorted(old.keys() ^ new.keys())
    for path in sorted(old.keys() | new.keys()):
        if any(path != above and _below(path, above) for above in gone):
            continue  # told by the field above it
        before, after = (" or ".join(sorted(side[path])) if path in side else ABSENT for side in (old, new))
        if before != after:
            yield Difference(name, Aspect.FIELD, path or "body", before, after)


def _below(path: str, above: str) -> bool:
    return above != "" and path.startswith((f"{above}.", f"{above}["))


def _errors(name: str, one: Answer, other: Answer) -> Iterator[Difference]:
    old, new = one.errors(), other.errors()
    codes = [sorted({code for code, _ in side}) for side in (old, new)]
    if codes[0] != codes[1]:
        yield Difference(name, Aspect.CODE, "", *(", ".join(map(str, side)) or ABSENT for side in codes))
    texts = [" | ".join(sorted({text for code, text in side if code != PHP_WARNING})) for side in (old, new)]
    warnings = [" | ".join(sorted({text for code, text in side if code == PHP_WARNING})) for side in (old, new)]
    for where, (before, after) in (("", texts), ("of PHP", warnings)):
        if before != after:
            yield Difference(name, Aspect.TEXT, where, *_without_common_words(before, after))


def _values(name: str, one: Answer, other: Answer) -> Iterator[Difference]:
    old, new = values(one.body), values(other.body)
    for path in sorted(old.keys() & new.keys()):
        if path.endswith((".code", ".message", "message[]", "code[]")) or old[path] == new[path]:
            continue
        yield Difference(
            name, Aspect.VALUE, path or "body", *(", ".join(sorted(side[path])) or "nothing" for side in (old, new))
        )


def _latency(one: Recording, other: Recording, both: list[str]) -> Iterator[Difference]:
    """Per kind of request, by medians: a single latency says more of the machine than of the PMS."""
    timed = [name for name in both if name in one.milliseconds and name in other.milliseconds]
    for kind, members in groupby(sorted(timed, key=lambda name: _kind(one, name)), key=lambda name: _kind(one, name)):
        names = list(members)
        old, new = (statistics.median(side.milliseconds[name] for name in names) for side in (one, other))
        before, after = latency_class(old), latency_class(new)
        if before != after and max(old, new) > _CLEARLY * min(old, new):
            yield Difference(f"all {kind}", Aspect.LATENCY, f"of {kind}", before, after)


def _kind(recording: Recording, name: str) -> str:
    request = recording.requests[name]
    if request["path"].startswith("/api/hotel_ari"):
        return "availability"
    return "writes" if request["method"] in ("POST", "PUT", "DELETE", "PATCH") else "reads"


def _without_common_words(before: str, after: str) -> tuple[str, str]:
    """Long texts are told by the words in which they differ."""
    if max(len(before), len(after)) <= _SHORT:
        return before or ABSENT, after or ABSENT
    old, new = before.split(), after.split()
    told: tuple[list[str], list[str]] = ([], [])
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            told[0].extend(old[a:b])
            told[1].extend(new[c:d])
    return " ".join(("...", *told[0], "...")), " ".join(("...", *told[1], "..."))


_SHORT = 160
