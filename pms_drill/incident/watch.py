"""A line per second: what breaker, metrics, ledger and guests say."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx

from pms_drill import clock
from pms_drill.errors import DrillError
from pms_drill.evidence.history import Kind, Operation
from pms_drill.incident.crowd import Crowd
from pms_drill.load.percentiles import percentile
from pms_drill.repeating import Repeating
from pms_drill.stack.base import Stack

_STATES = {0.0: "closed", 1.0: "open", 2.0: "half-open"}
_EVERY_S = 1.0


@dataclass(frozen=True)
class Second:
    """What one second showed.

    Attributes:
        at: seconds since the watch began.
        breaker: what the gauge says.
        errors: failed calls that the agent counted since the last line; None if it gave no metrics.
        calls: requests at the PMS side since the last line, the agent's probes included.
        answered: what guests were told since the last line.
    """

    at: float
    breaker: str
    errors: float | None
    calls: int
    answered: Sequence[Operation]

    def line(self) -> str:
        """For people."""
        told = Counter(map(told_in_a_word, self.answered))
        guests = ", ".join(f"{count} {word}" for word, count in sorted(told.items())) or "no answer yet"
        p95 = f"{percentile([op.seconds for op in self.answered], 95) * 1000:.0f}" if self.answered else "-"
        errors = "?" if self.errors is None else f"{self.errors:g}"
        return (
            f"{self.at:5.0f} s  breaker {self.breaker:<9}  errors {errors:>3}  p95 {p95:>6} ms  "
            f"calls at the PMS {self.calls:>3}  guests: {guests}"
        )


def told_in_a_word(operation: Operation) -> str:
    """What a guest was told, in a word or two."""
    if operation.status is None:
        return "no answer"
    if operation.kind is Kind.RESERVATION and operation.status in (201, 202):
        return "confirmed" if operation.status == 201 else "pending"
    return operation.source or f"{operation.status} {operation.problem}".strip()


class Watch(Repeating):
    """Prints a line per second between enter and exit.

    Attributes:
        opened_at: when the gauge was first seen open (monotonic clock); None if it was not.
        breaker: what the gauge said last.
    """

    def __init__(self, stack: Stack, crowd: Crowd, say: Callable[[str], None]) -> None:
        super().__init__(_EVERY_S, "watch")
        self._stack = stack
        self._crowd = crowd
        self._say = say
        self._began = clock.now()
        self._ledger = stack.ledger_position()
        self._told = 0
        self._errors = 0.0
        self.opened_at: float | None = None
        self.breaker = ""

    def act(self) -> None:
        """Look and print; a proxy that is being made anew costs a line."""
        with contextlib.suppress(DrillError, httpx.HTTPError):
            self._say(self.look().line())

    def look(self) -> Second:
        """Read everything once."""
        errors = self._read_metrics()
        entries = self._stack.ledger(self._ledger)
        self._ledger = max((entry.seq for entry in entries), default=self._ledger)
        answered = self._crowd.answers(self._told)
        self._told += len(answered)
        return Second(clock.now() - self._began, self.breaker, errors, len(entries), answered)

    def is_open(self) -> bool:
        """Ask the gauge now."""
        self._gauge()
        return self.breaker == "open"

    def _gauge(self) -> float | None:
        names = self._stack.profile.metrics
        try:
            scrape = self._stack.scrape()
        except (httpx.HTTPError, ValueError):
            self.breaker = "no answer"
            return None
        self.breaker = _STATES.get(scrape.value(names.state, service="pms") or 0.0, "?")
        if self.breaker == "open" and self.opened_at is None:
            self.opened_at = clock.now()
        return scrape.total(names.calls, status="error")

    def _read_metrics(self) -> float | None:
        total = self._gauge()
        if total is None:
            return None
        grown = total - self._errors if total >= self._errors else total  # a restarted agent counts from zero
        self._errors = total
        return grown
