"""When is a fault proved? Predicates over what a probe saw, each with a sentence for people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pms_drill.faults.probe import Came, Seen

#: A delay is proved by silence for this long (design rule 3); its full size is judged from the ledger.
SILENCE_S = 0.05


@dataclass(frozen=True)
class Proof:
    """What a probe must see while the fault acts, and must not see before and after.

    Attributes:
        text: the expectation, for people.
        holds: the predicate.
        patience: seconds that the probe waits for a first byte.
    """

    text: str
    holds: Callable[[Seen], bool]
    patience: float = 1.0


def no_byte_within(seconds: float = SILENCE_S) -> Proof:
    """The connection stays open and no byte comes for `seconds`."""
    return Proof(f"no byte within {seconds * 1000:g} ms, still open", lambda seen: seen.came is Came.SILENT, seconds)


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
