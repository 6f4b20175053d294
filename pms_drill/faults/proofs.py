"""When is a fault proved? Predicates over what a probe saw, each with a sentence for people."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pms_drill.faults.probe import Came, Seen

#: A delay is proved by silence for this long (design rule 3); its full size is judged from the ledger.
SILENCE_S = 0.05


@dataclass(frozen=True)
class Proof:
    """What a probe must see while the fault acts, and must not see before and after.

    Attributes:
        text: the expectation, for people.
        holds: the predicate.
        patience: seconds that the probe gives the connection, and then the whole answer.
        linger: seconds that it then waits for the close it asked for; 0 does not look.
    """

    text: str
    holds: Callable[[Seen], bool]
    patience: float = 1.0
    linger: float = 0.0


def no_byte_within(seconds: float = SILENCE_S) -> Proof:
    """The connection stays open and no byte comes for `seconds`."""
    return Proof(f"no byte within {seconds * 1000:g} ms, still open", lambda seen: seen.came is Came.SILENT, seconds)


def incomplete_for(seconds: float = SILENCE_S) -> Proof:
    """No complete answer within `seconds`, and the connection still open: nothing, or only a beginning, has come."""
    return Proof(
        f"no complete answer within {seconds * 1000:g} ms, still open",
        lambda seen: seen.came in (Came.SILENT, Came.UNFINISHED),
        seconds,
    )


def broken_off() -> Proof:
    """An answer begins and the connection ends before it is complete."""
    return Proof("an answer that breaks off", lambda seen: seen.came is Came.INCOMPLETE)


def left_open(seconds: float = SILENCE_S) -> Proof:
    """A complete answer, and a connection that is still open `seconds` later although its end was asked for."""
    return Proof(f"connection open {seconds * 1000:g} ms after the answer", lambda seen: seen.left_open, linger=seconds)


def unconnected(seconds: float = SILENCE_S) -> Proof:
    """Connecting neither succeeds nor fails within `seconds`."""
    return Proof(f"not connected within {seconds * 1000:g} ms", lambda seen: seen.came is Came.UNCONNECTED, seconds)


def unresolved() -> Proof:
    """The name has no address."""
    return Proof("the name does not resolve", lambda seen: seen.came is Came.UNRESOLVED)


def untrusted(words: str) -> Proof:
    """The certificate is refused, with these words of the TLS library."""
    return Proof(f"certificate refused: {words}", lambda seen: seen.came is Came.UNTRUSTED and words in seen.detail)


def stopped() -> Proof:
    """Nobody answers: no connection, or no byte."""
    return Proof(
        "no answer at all",
        lambda seen: seen.came in (Came.REFUSED, Came.RESET, Came.CLOSED, Came.SILENT, Came.UNCONNECTED),
        SILENCE_S,
    )


def refused() -> Proof:
    """No connection is made."""
    return Proof("connection refused", lambda seen: seen.came is Came.REFUSED)


def cut() -> Proof:
    """The connection ends without a complete answer: reset or closed; clients see either for the same fault."""
    return Proof("reset or closed without an answer", lambda seen: seen.came in (Came.RESET, Came.CLOSED))


def status(code: int, *, headers: tuple[str, ...] = ()) -> Proof:
    """An answer with this status and these headers (names in lower case)."""
    also = f" with {', '.join(headers)}" if headers else ""
    return Proof(
        f"status {code}{also}",
        lambda seen: seen.status == code and all(name in seen.headers for name in headers),
    )


def body_holds(part: bytes, code: int = 200) -> Proof:
    """An answer with this status whose body contains `part`."""
    return Proof(f"status {code} with {part!r} in its body", lambda seen: seen.status == code and part in seen.body)


def body_begins(part: bytes) -> Proof:
    """An answer whose body begins with `part`."""
    return Proof(f"a body that begins with {part[:20]!r}", lambda seen: seen.body.startswith(part))


def shortened(length: int) -> Proof:
    """A body of `length` bytes where the fault proxy says that it was longer."""
    return Proof(
        f"a body cut down to {length} bytes",
        lambda seen: len(seen.body) == length < int(seen.headers.get("x-drill-length", 0)),
    )


def copies(count: int) -> Proof:
    """The fault proxy says that it would have sent the request `count` times."""
    return Proof(f"{count} copies of the request", lambda seen: seen.headers.get("x-drill-copies") == str(count))


def json_field(field: str, kind: str) -> Proof:
    """A JSON body where the field (names with dots) is of this type, or "missing"."""

    def holds(seen: Seen) -> bool:
        try:
            value: Any = json.loads(seen.body)
        except ValueError:
            return False
        for part in field.split("."):
            try:
                value = value[int(part) if isinstance(value, list) and part.isdecimal() else part]
            except (LookupError, TypeError):
                return kind == "missing"
        return _TYPES.get(type(value)) == kind

    return Proof(f"a JSON body with {field} {kind}", holds)


def repeated(key: str) -> Proof:
    """A JSON body that has a key twice."""
    return Proof(f"a JSON body with {key} twice", lambda seen: seen.body.count(f'"{key}"'.encode()) == 2)


def body_longer_than(length: int) -> Proof:
    """An answer with a body of more than `length` bytes."""
    return Proof(f"a body of more than {length} bytes", lambda seen: len(seen.body) > length)


def empty_body(code: int = 200) -> Proof:
    """An answer with this status and no body."""
    return Proof(
        f"status {code} without a body",
        lambda seen: seen.came is Came.ANSWERED and seen.status == code and not seen.body,
    )


_TYPES = {
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    type(None): "null",
    list: "list",
    dict: "object",
}
