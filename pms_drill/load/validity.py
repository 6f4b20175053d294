"""Whether a run may be judged at all: the generator did what was planned, in time, and the fault was felt.

What fails here makes figures unknown, never good or bad.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from pms_drill.checks.verdict import Verdict, judge, passed, unknown
from pms_drill.evidence.bundle import Span
from pms_drill.load.control import ControlBound, Sample
from pms_drill.load.operation import Answered, Operation
from pms_drill.load.percentiles import percentile
from pms_drill.load.plan import Strike
from pms_drill.load.schedule import Arrival


def conservation(planned: Sequence[Arrival], t0: float, operations: Sequence[Operation]) -> Verdict:
    """Every planned arrival is recorded once, at its time and endpoint, with exactly one outcome.

    UNKNOWN when not, or when nothing was planned. It names what is missing, surplus, doubled, moved, sent too early,
    or spoiled by the generator itself. Never FAILED: the generator is the harness's own, and no agent can lose an
    arrival.
    """
    claimed = f"{len(planned)} planned arrivals = {len(operations)} recorded operations, none lost or doubled"
    if not planned:
        return unknown(claimed, generator="nothing was planned")
    wanted = {arrival.number: arrival for arrival in planned}
    seen = Counter(operation.number for operation in operations)
    wrong = {
        "missing": sorted(wanted.keys() - seen.keys()),
        "surplus": sorted(seen.keys() - wanted.keys()),
        "doubled": sorted(number for number, count in seen.items() if count > 1),
        "moved": [op.number for op in operations if op.number in wanted and _moved(op, wanted[op.number], t0)],
        "early": [op.number for op in operations if op.start < op.due],
        "unordered": [op.number for op in operations if op.end < op.start],
        "spoiled": [op.number for op in operations if op.error == "generator" or _two_outcomes(op)],
    }
    found = {kind: _some(numbers) for kind, numbers in wrong.items() if numbers}
    if found:
        return unknown(claimed, **{f"generator {kind}": numbers for kind, numbers in found.items()})
    outcomes = Counter(operation.answered for operation in operations)
    return passed(claimed, outcomes=", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items())))


def _moved(operation: Operation, arrival: Arrival, t0: float) -> bool:
    return operation.endpoint != arrival.endpoint or abs(operation.due - (t0 + arrival.at)) > 1e-6


def _two_outcomes(operation: Operation) -> bool:
    """An answer and a failure to get one, or neither."""
    if operation.status is None:
        return operation.error is None
    return operation.error in ("connect", "lost", "timeout")


def _some(numbers: Sequence[int]) -> str:
    shown = ", ".join(str(number) for number in numbers[:10])
    return f"{len(numbers)} (arrivals {shown}{', ...' if len(numbers) > 10 else ''})"


def punctuality(operations: Sequence[Operation], phase: str, bound_ms: float) -> Verdict:
    """The generator's lateness (start - due) has a p99 of at most `bound_ms` in this phase; UNKNOWN if not.

    Lateness is never subtracted from a response time: that would hide the waiting it caused.
    """
    claimed = f"the generator sent its load in time in {phase}: lateness p99 at most {bound_ms:g} ms"
    if not operations:
        return unknown(claimed, generator="no operation in this phase")
    lateness = [operation.lateness_ms for operation in operations]
    p99 = percentile(lateness, 99)
    text = f"p99 {p99:.1f} ms, max {max(lateness):.1f} ms, n {len(lateness):,}"
    return judge(True, claimed, lateness=text) if p99 <= bound_ms else unknown(claimed, generator_late=text)


def doubts(
    operations: Sequence[Operation],
    spans: Mapping[str, Span],
    whole: Verdict,
    bound_ms: float,
    control: Sequence[Sample] | None,
    bound: ControlBound,
    strikes: Sequence[Strike] = (),
) -> dict[str, list[str]]:
    """Phase -> reasons why nothing in it may be judged; empty lists when it may.

    Args:
        whole: verdict of `conservation`; unless it passed, every phase is in doubt.
        control: see `pms_drill.load.control`; None where there is none.
        strikes: the outages; one that no guest felt proves nothing about what came after it.
    """
    found: dict[str, list[str]] = {}
    for phase, span in spans.items():
        inside = within(operations, span)
        found[phase] = [] if whole.outcome == "passed" else ["the generator lost or changed arrivals"]
        late = punctuality(inside, phase, bound_ms)
        if late.outcome != "passed":
            found[phase] += [f"generator late: {text}" for text in late.seen.values()]
        if control is not None:
            found[phase] += _slow_machine([sample for sample in control if span.holds(sample.at)], bound)
    for strike in strikes:
        if all(op.answered is Answered.PMS for op in within(operations, spans[strike.during])):
            for phase in (strike.during, strike.recovering, strike.recovered):
                found[phase].append(f"no guest felt the {strike.during}")
    return found


def _slow_machine(samples: Sequence[Sample], bound: ControlBound) -> list[str]:
    """What the control says against the phase, in at most one line."""
    answered = [sample.ms for sample in samples if sample.ms is not None]
    if len(answered) < len(samples) or not answered:
        return [f"the control, an idle program of ours, answered {len(answered)} of {len(samples)} times"]
    p95 = percentile(answered, 95)
    if p95 > bound.p95_ms:
        return [
            f"machine too busy: the control, an idle program of ours, took {p95:.0f} ms to answer "
            f"(p95 of {len(answered)}), more than {bound.p95_ms:g} ms"
        ]
    slower = [sample.slowdown for sample in samples if sample.slowdown is not None]
    if slower and (typical := percentile(slower, 50)) > bound.slowdown:
        return [
            f"machine too busy: a little work of ours took {typical:.1f} times as long as on a processor of its own "
            f"(median of {len(slower)}), more than {bound.slowdown:g} times"
        ]
    return []


def within(operations: Sequence[Operation], span: Span) -> list[Operation]:
    """Operations that were due in the span."""
    return [operation for operation in operations if span.holds(operation.due)]
