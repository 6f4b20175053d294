"""The circuit breaker: a pure state machine. No I/O, no tasks, the clock is given.

Calls ask for a permit before they leave and report with it how they ended. A permit is good for one state: a
result that comes after the state changed, or after a reset, has no effect. That makes late successes and late
failures harmless without any further rule.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

_log = logging.getLogger(__name__)


class State(IntEnum):
    """The values of the gauge `pms_circuit_breaker_state`."""

    CLOSED = 0
    OPEN = 1
    HALF_OPEN = 2

    @property
    def label(self) -> str:
        """The name used in metrics, logs and readiness."""
        return self.name.lower()


@dataclass(frozen=True)
class Permit:
    """The right to make one call; belongs to one era of the breaker."""

    era: int


@dataclass(frozen=True)
class Transition:
    """A change of state.

    Attributes:
        reason: why, for people ("5 consecutive failures", "probe succeeded", "reset").
        count: consecutive failures counted at that moment.
        wait: seconds until the breaker will be half-open; 0 unless it opened.
    """

    before: State
    after: State
    reason: str
    count: int
    wait: float


class Breaker:
    """Opens after consecutive failures, waits, admits one probe, closes on its success.

    Args:
        threshold: consecutive failures, in order of completion, that open it.
        recovery: seconds it stays open.
        clock: monotonic seconds.
        on_transition: called once for each change of state, after it; what it raises changes nothing here and goes
            to the standard library's log.
    """

    def __init__(
        self,
        threshold: int,
        recovery: float,
        clock: Callable[[], float],
        on_transition: Callable[[Transition], None] = lambda _: None,
    ) -> None:
        self.threshold = threshold
        self.recovery = recovery
        self._clock = clock
        self._on_transition = on_transition
        self._state = State.CLOSED
        self._era = 0
        self._failures = 0
        self._open_until = 0.0
        self._probing = False

    @property
    def state(self) -> State:
        """The state now. An open breaker whose wait is over is half-open, whoever looks first."""
        if self._state is State.OPEN and self._clock() >= self._open_until:
            self._move(State.HALF_OPEN, "wait is over")
        return self._state

    @property
    def failures(self) -> int:
        """Consecutive failures counted since the last success, closing or reset."""
        return self._failures

    @property
    def remaining(self) -> float:
        """Seconds until the wait is over; 0 when the breaker is not open."""
        return max(0.0, self._open_until - self._clock()) if self.state is State.OPEN else 0.0

    def permit(self) -> Permit | None:
        """The right to call for a guest; None unless the breaker is closed."""
        return Permit(self._era) if self.state is State.CLOSED else None

    def probe_permit(self) -> Permit | None:
        """The right to send the safe read; in half-open there is one until its result is in."""
        state = self.state
        if state is State.OPEN or (state is State.HALF_OPEN and self._probing):
            return None
        self._probing = state is State.HALF_OPEN
        return Permit(self._era)

    def success(self, permit: Permit) -> None:
        """The call was answered well."""
        if permit.era != self._era:
            return
        self._failures = 0
        if self._state is State.HALF_OPEN:
            self._move(State.CLOSED, "probe succeeded")

    def failure(self, permit: Permit) -> None:
        """The call failed in a way that counts."""
        if permit.era != self._era:
            return
        self._failures += 1
        if self._state is State.HALF_OPEN:
            self._open("probe failed", self.recovery)
        elif self._failures >= self.threshold:
            self._open(f"{self._failures} consecutive failures", self.recovery)

    def rate_limited(self, permit: Permit, wait: float | None) -> None:
        """The PMS said 429: open at once, for its `Retry-After` in seconds or the recovery time."""
        if permit.era != self._era:
            return
        self._failures += 1
        self._open("rate limited", self.recovery if wait is None else wait)

    def no_verdict(self, permit: Permit) -> None:
        """The call says nothing about the PMS's health (a business answer, a cancelled call).

        Nothing changes when closed. A probe without a success is a failed probe, so that the breaker cannot wedge.
        """
        if permit.era == self._era and self._state is State.HALF_OPEN:
            self._open("probe without a valid answer", self.recovery)

    def reset(self) -> None:
        """Close and forget, by hand. Idempotent; calls under way have no effect any more."""
        if self.state is State.CLOSED:
            self._failures = 0
            self._era += 1
        else:
            self._move(State.CLOSED, "reset")

    def _open(self, reason: str, wait: float) -> None:
        self._open_until = self._clock() + wait
        self._move(State.OPEN, reason, wait)

    def _move(self, after: State, reason: str, wait: float = 0.0) -> None:
        before, count = self._state, self._failures
        self._state = after
        self._era += 1
        self._probing = False
        if after is State.CLOSED:
            self._failures = 0
        try:
            self._on_transition(Transition(before, after, reason, count, wait))
        except Exception:  # whoever is told must not keep the breaker from doing its work
            _log.exception("whoever is told of the breaker's changes has failed")
