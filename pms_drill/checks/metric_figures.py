"""Figures of the metrics that no guest is told: durations, surplus bookings, and what can never be rejected."""

from __future__ import annotations

from pms_drill.checks.exposition import OPERATIONS
from pms_drill.checks.moments import is_rejection, is_success
from pms_drill.checks.operations import operation_of
from pms_drill.checks.verdict import Verdict, failed, judge, passed, unknown
from pms_drill.checks.windows import before_heal, whole
from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.history import Kind
from pms_drill.evidence.scrape import Scrape

_NO_SCRAPES = "fewer than two scrapes, or the agent began anew between them"


def durations_fit_the_calls(evidence: Evidence) -> Verdict:
    """MET-08: buckets, sum and number of the latency histogram fit each other, and the PMS side was no slower."""
    claimed = "for each operation the latency's buckets, sum and count fit each other and the calls at the PMS side"
    name, window = evidence.policy.metrics.latency, whole(evidence)
    if window is None:
        return unknown(claimed, metrics=_NO_SCRAPES)
    wrong, told = [], []
    for operation in OPERATIONS:
        total = window.last.value(f"{name}_sum", operation=operation)
        count = window.last.value(f"{name}_count", operation=operation)
        buckets = _buckets(window.last, name, operation)
        if total is None or count is None or not buckets:
            wrong.append(f"{operation}: a part of the histogram is missing")
            continue
        told.append(f"{operation} {count:g} calls in {total:.3f} s")
        least, most = _bounds(buckets)
        if list(buckets.values()) != sorted(buckets.values()) or buckets.get(float("inf")) != count:
            wrong.append(f"{operation}: buckets {list(buckets.values())} for {count:g} calls")
        elif not least - _EXACT <= total <= most + _EXACT:
            wrong.append(f"{operation}: {total:.3f} s, the buckets say {least:.3f} to {most:.3f} s")
        took = [
            entry.delivered - entry.received
            for entry in evidence.ledger
            if entry.delivered is not None
            and window.first.started <= entry.received
            and entry.delivered <= window.last.started
            and operation_of(entry, evidence.policy.probe_path) == operation
        ]
        # A call that the agent gave up on ends sooner for it than at the PMS side.
        at_least = sum(min(seconds, evidence.policy.timeout) for seconds in took)
        if total + _EXACT * (1 + len(took)) < at_least and not evidence.expectation.delays_requests:
            wrong.append(f"{operation}: {total:.3f} s, at the PMS side alone it took {at_least:.3f} s")
    seen = {"metrics": "; ".join(told)}
    if wrong:
        return failed(claimed, **seen, wrong="; ".join(wrong))
    return passed(claimed, **seen) if window.last.total(f"{name}_count") else unknown(claimed, **seen)


def surplus_is_counted(evidence: Evidence) -> Verdict:
    """MET-09: each surplus booking that the agent cancelled at the PMS is counted once."""
    claimed = "surplus bookings are counted as often as one was cancelled at the PMS"
    names, window = evidence.policy.metrics, whole(evidence)
    if window is None:
        return unknown(claimed, metrics=_NO_SCRAPES)
    if not evidence.ledger:
        return unknown(claimed, ledger="saw nothing")
    done = window.calls(
        (
            entry
            for entry in evidence.ledger
            if operation_of(entry, evidence.policy.probe_path) == "cancel" and entry.status in (200, 201)
        ),
        evidence.policy.timeout,
    )
    last = window.last.value(names.duplicates)
    grown = window.grown(names.duplicates)
    return judge(
        last is not None and done.holds(grown), claimed, metrics=f"counted {grown:g}", ledger=f"{done} cancelled"
    )


def only_guests_are_rejected(evidence: Evidence) -> Verdict:
    """MET-10: probes and cancellations are never counted as rejected, nor more read-backs than were in doubt."""
    claimed = "only guests' calls are counted as rejected: no probe, no cancellation, no read-back without a booking"
    name, window = evidence.policy.metrics.rejections, before_heal(evidence)
    if window is None:
        return unknown(claimed, metrics=_NO_SCRAPES)
    if not any(map(is_rejection, evidence.operations)):
        return unknown(claimed, answers="no guest was rejected")
    made = [op for op in evidence.operations if op.kind is Kind.RESERVATION and not is_success(op)]
    # One that was rejected itself sent no booking that could be read back.
    doubtful = window.operations(op for op in made if op.phase != "open" or not is_rejection(op)).most
    found = {operation: window.grown(name, operation=operation) for operation in ("probe", "cancel", "readback")}
    good = not found["probe"] and not found["cancel"] and 0 <= found["readback"] <= doubtful
    told = ", ".join(f"{operation} {count:g}" for operation, count in found.items())
    return judge(good, claimed, metrics=told, answers=f"{doubtful} reservations in doubt")


#: Sums of seconds are not exact in floating point.
_EXACT = 0.001


def _buckets(scrape: Scrape, name: str, operation: str) -> dict[float, float]:
    found = {
        float(dict(labels)["le"]): value
        for (sample, labels), value in scrape.samples.items()
        if sample == f"{name}_bucket" and ("operation", operation) in labels
    }
    return dict(sorted(found.items()))


def _bounds(buckets: dict[float, float]) -> tuple[float, float]:
    """The least and the most that all durations can be together."""
    least = most = below = before = 0.0
    for limit, count in buckets.items():
        inside = count - before
        least += inside * below
        most += inside * limit if inside else 0.0
        before, below = count, limit
    return least, most
