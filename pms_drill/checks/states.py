"""Which state the breaker must have been in, and when: derived from answers and ledger only.

Around every transition lies a time in which nobody outside can know the state; it belongs to no span.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pms_drill.checks.moments import (
    SHARE,
    failures_before_opening,
    is_rejection,
    is_success,
    not_closed,
    opened,
    probe_rounds,
    quiet,
)
from pms_drill.evidence.bundle import Evidence, Span
from pms_drill.evidence.scrape import Scrape

CLOSED, OPEN, HALF_OPEN = 0.0, 1.0, 2.0
NAMES = {CLOSED: "closed", OPEN: "open", HALF_OPEN: "half-open"}


@dataclass(frozen=True)
class Known:
    """In a span the state is one of `states`; `because` says who knows it."""

    span: Span
    states: frozenset[float]
    because: str

    def covers(self, scrape: Scrape) -> bool:
        """Whether the whole scrape lies in the span."""
        return self.span.begin <= scrape.started and scrape.ended <= self.span.end


def known_states(evidence: Evidence) -> list[Known]:
    """Everything that answers and ledger say about the state, in order of time."""
    found = [*_before(evidence), *_while_not_closed(evidence), *_after(evidence)]
    return sorted((known for known in found if known.span.end > known.span.begin), key=lambda known: known.span.begin)


def _before(evidence: Evidence) -> Iterator[Known]:
    """Closed from the first guest to the call that opened it, or as long as guests were not rejected."""
    asked = evidence.asked("steady", "impact")
    if not asked or any(is_rejection(operation) for operation in evidence.asked("steady")):
        return
    impact = evidence.asked("impact")
    failed = failures_before_opening(evidence)
    if any(is_rejection(operation) for operation in impact):
        end = (failed[-1] if failed else impact[0]).started
    else:
        end = asked[-1].started
        if evidence.expectation.opens_after is not None:
            return  # it should have opened and did not: nobody knows what it is
    yield Known(Span(asked[0].started, end), frozenset({CLOSED}), "guests were not rejected")


def _while_not_closed(evidence: Evidence) -> Iterator[Known]:
    span, silent = not_closed(evidence), quiet(evidence)
    if span is None or silent is None or opened(evidence) is None:
        return
    yield Known(span, frozenset({OPEN, HALF_OPEN}), "guests were rejected")
    yield Known(silent, frozenset({OPEN}), "the wait was not over")
    if evidence.expectation.delays_requests:
        return
    policy, wait = evidence.policy, SHARE * evidence.expectation.least_wait
    hangs = evidence.expectation.error_kind == "timeout"
    for together in probe_rounds(evidence):
        begin, last = together[0].received, together[-1]
        # A call that hangs ends at the agent's deadline; otherwise with its answer, which the agent gets later.
        ends = last.received + policy.timeout - policy.slack if hangs else (last.delivered or last.received)
        surely = last.received + policy.timeout + policy.slack if hangs else ends + policy.slack
        yield Known(Span(begin, min(ends, span.end)), frozenset({HALF_OPEN}), "a probe was under way")
        yield Known(Span(surely, min(ends + wait, span.end)), frozenset({OPEN}), "the wait after a failed probe")


def _after(evidence: Evidence) -> Iterator[Known]:
    """Closed from the PMS's first answer after the heal to the last one before the fault strikes again."""
    asked = evidence.asked("recovery", "recovered")
    good = [operation for operation in asked if is_success(operation)]
    if not good or any(is_rejection(operation) for operation in asked if operation.started > good[0].ended):
        return
    yield Known(Span(good[0].ended, good[-1].started), frozenset({CLOSED}), "guests were answered by the PMS")
