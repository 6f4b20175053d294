"""Every answer that QloApps would not have given is a failure: counted, told to guests, and metered under its kind.

The table below is the contract's list of what counts. Each row is a phase of one experiment: questions until one is
rejected, under a fault that gives this answer to all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from pms_drill.checks.exposition import KINDS
from pms_drill.checks.moments import SHARE, is_rejection, is_success
from pms_drill.checks.verdict import Verdict, failed, judge, passed, unknown
from pms_drill.checks.windows import whole
from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.history import Operation


@dataclass(frozen=True)
class Row:
    """What the contract says about one answer.

    Attributes:
        kind: label of `pms_api_errors_total`.
        problem: type of the problem that a guest is told; empty where the contract fixes none.
    """

    kind: str
    problem: str = ""


#: Phase of the experiment -> what counts there (contract, "Breaker", Counts; and "Outcomes").
ROWS: Mapping[str, Row] = {
    "500": Row("server"),
    "502": Row("server"),
    "503": Row("server"),
    "504": Row("server"),
    "302": Row("bad_answer"),
    "401": Row("auth", "pms-auth"),
    "403": Row("auth", "pms-auth"),
    "405": Row("auth", "pms-auth"),
    "400 not in QloApps' words": Row("bad_answer"),
    "404": Row("bad_answer"),
    "408": Row("bad_answer"),
    "413": Row("bad_answer"),
    "421": Row("bad_answer"),
    "425": Row("bad_answer"),
    "431": Row("bad_answer"),
    "200 garbage": Row("bad_answer"),
    "200 without a body": Row("bad_answer"),
    "200 login page": Row("bad_answer"),
    "200 about another stay": Row("bad_answer"),
    "200 with less than no rooms": Row("bad_answer"),
    "connection closed": Row("lost"),
}
#: What every failed question of the experiment is answered.
_TOLD = 502


def each_is_counted(evidence: Evidence) -> Verdict:
    """BRK-57: each of them is counted: as many in a row as the threshold open the breaker."""
    threshold = evidence.policy.threshold
    claimed = f"each answer that the PMS itself would not give counts: {threshold} in a row open the breaker"
    wrong, unclear = [], []
    for name in ROWS:
        asked = evidence.asked(name)
        failures = _failures(asked)
        rejected = len(failures) < len(asked)
        told = f"{name}: {len(failures)} failed, {'then rejected' if rejected else 'never rejected'}"
        if rejected and len(failures) == threshold:
            continue
        if not rejected and len(asked) <= threshold:
            unclear.append(f"{name}: only {len(asked)} asked")
        elif not rejected and _too_late(asked, evidence):
            unclear.append(f"{told}, and the wait was over before the last one asked")
        else:
            wrong.append(told)
    seen = {"answers": f"{len(ROWS)} answers tried; wrong: {'; '.join(wrong) or 'none'}"}
    if wrong:
        return failed(claimed, **seen)
    if unclear:
        return unknown(claimed, **seen, unclear="; ".join(unclear))
    unseen = [name for name in ROWS if len(evidence.calls(evidence.phases[name], probes=False)) < threshold]
    if unseen:
        return unknown(claimed, **seen, ledger=f"did not see the calls of: {', '.join(unseen)}")
    return passed(claimed, **seen)


def each_is_told_as_a_failure(evidence: Evidence) -> Verdict:
    """FAIL-10: a guest who meets one is told a failure; never that the hotel is unknown, full, or asked wrongly."""
    claimed = f"each answer that the PMS itself would not give is told as {_TOLD}, never as an answer of the PMS"
    wrong, missing, asked = [], [], 0
    for name, row in ROWS.items():
        failures = _failures(evidence.asked(name))
        asked += len(failures)
        if not failures:
            missing.append(name)
        bad = [op for op in failures if op.status != _TOLD or (row.problem and op.problem != row.problem)]
        if bad:
            wrong.append(f"{name}: {len(bad)} times, first {bad[0].brief()}")
    seen = {"answers": f"{asked} questions met one of {len(ROWS)}; told otherwise: {'; '.join(wrong) or 'none'}"}
    if wrong:
        return failed(claimed, **seen)
    return unknown(claimed, **seen, missing=", ".join(missing)) if missing else passed(claimed, **seen)


def each_has_its_kind(evidence: Evidence) -> Verdict:
    """MET-11: each is one error of the kind that the contract gives it."""
    claimed = "each failed question is one error of its kind, whatever the PMS or something in front of it answered"
    window, names = whole(evidence), evidence.policy.metrics
    if window is None:
        return unknown(claimed, metrics="fewer than two scrapes, or the agent began anew between them")
    due: Counter[str] = Counter()
    for name, row in ROWS.items():
        due[row.kind] += len(_failures(evidence.asked(name)))
    due["server"] += sum(op.status == _TOLD for op in evidence.asked(*BROKEN, AFTER))
    found = {kind: int(window.grown(names.errors, operation="availability", kind=kind)) for kind in KINDS}
    wrong = [f"{kind} {found[kind]} instead of {due[kind]}" for kind in KINDS if found[kind] != due[kind]]
    last = max((op.ended for op in evidence.operations), default=0.0)
    seen = {"metrics": ", ".join(f"{kind} {count}" for kind, count in found.items() if count) or "no errors"}
    if window.last.started < last or not sum(due.values()):
        return unknown(claimed, **seen, scrape="none after the last question")
    return judge(not wrong, claimed, **seen, wrong="; ".join(wrong) or "none")


#: Phases of failures with refusals in between: almost enough, the refusals, the one that was missing.
BROKEN, REFUSED, AFTER = ("almost", "the last one"), ("question refused", "booking refused"), "then"


def refusals_do_not_begin_the_count_anew(evidence: Evidence) -> Verdict:
    """BRK-58: a refusal by the PMS is no success: failures before and after it are failures in a row."""
    threshold = evidence.policy.threshold
    claimed = f"{threshold - 1} failures, refusals of the PMS, and one failure more open the breaker"
    failures, refusals, then = evidence.asked(*BROKEN), evidence.asked(*REFUSED), evidence.asked(AFTER)
    told = ", ".join(f"{op.status}" for op in [*failures[:-1], *refusals, *failures[-1:]])
    seen = {"answers": f"{told}; then {then[0].brief() if then else 'nobody'}"}
    failed_ones = [op for op in failures if op.status == _TOLD]
    refused = [op for op in refusals if op.problem == "pms-refused" or op.status == 409]
    if len(failed_ones) != threshold or len(refused) != len(REFUSED) or not then:
        return unknown(claimed, **seen)
    if is_success(then[0]) and _too_late([*failures, *then], evidence):
        return unknown(claimed, **seen, time="the wait was over before the next one asked")
    return judge(is_rejection(then[0]), claimed, **seen)


def _failures(asked: list[Operation]) -> list[Operation]:
    """Questions before the first that was rejected."""
    return asked[: next((number for number, op in enumerate(asked) if is_rejection(op)), len(asked))]


def _too_late(asked: list[Operation], evidence: Evidence) -> bool:
    """Whether so much time lay between the opening and the next question that the breaker may have closed again."""
    at = evidence.policy.threshold
    return len(asked) > at and asked[at].started - asked[at - 1].started >= SHARE * evidence.expectation.least_wait
