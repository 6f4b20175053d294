"""What was seen around the reset of the breaker by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

from pms_drill.evidence.history import Operation


@dataclass(frozen=True)
class Told:
    """An answer of the admin route.

    Attributes:
        state: what the answer says the breaker is; empty if it does not.
        gauge: the breaker's metric right after it; None if there is none.
        media, text: content type and body of the answer.
    """

    status: int
    state: str = ""
    gauge: float | None = None
    media: str = ""
    text: str = ""


@dataclass(frozen=True)
class ResetEvidence:
    """One experiment: an outage, refused and granted resets, a reset too early, a reset after the heal.

    Attributes:
        threshold: failures that open the breaker, as the profile claims.
        wait: seconds after which the breaker would probe by itself.
        refused: caller -> answer of the admin route ("no token", "wrong token").
        after_refused: guests' questions after the refused resets, with the breaker open.
        granted: answer to the first reset with the token, while the PMS is still down.
        calls_after_granted: guests' calls at the PMS from that reset until guests were rejected again.
        after_granted: what those guests were told, in order; the last one was rejected.
        again: answers to two resets in a row after the heal.
        after_again: the first question after it.
        since_opening: seconds from the last opening to that question: below `wait` nothing but the reset can have
            closed the breaker.
        unconfigured: answer of an agent that has no admin token at all; None if the profile has no setting for it.
    """

    threshold: int
    wait: float
    refused: dict[str, Told] = field(default_factory=dict)
    after_refused: list[Operation] = field(default_factory=list)
    granted: Told | None = None
    calls_after_granted: int = 0
    after_granted: list[Operation] = field(default_factory=list)
    again: list[Told] = field(default_factory=list)
    after_again: Operation | None = None
    since_opening: float = 0.0
    unconfigured: Told | None = None
