"""What the agent writes: operators find the cause with grep, and no secret gets out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from pms_drill.checks.breaker import NEVER_OPENED
from pms_drill.checks.lateness import timed
from pms_drill.checks.moments import (
    BLIND,
    blind,
    failures_before_opening,
    is_rejection,
    is_success,
    opened,
    probe_rounds,
    quiet,
)
from pms_drill.checks.secrets import SHORTEST, disguised
from pms_drill.checks.verdict import Verdict, failed, judge, passed, unknown
from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.history import Kind

_STATES = ("closed", "open", "half_open")
_LEGAL = (("closed", "open"), ("open", "half_open"), ("half_open", "open"), ("half_open", "closed"))
#: After so many seconds a line stands in the log for sure.
_WRITTEN_S = 0.25
#: Statuses of the PMS that operators look for by number (runbook, causes B and C).
_REFUSED = (401, 403, 405, 429)


@timed
def transitions_are_logged(evidence: Evidence) -> Verdict:
    """LOG-01: each transition is one structured line with from, to, reason, count and wait.

    The lines must form one chain from closed on: a missing or a doubled line breaks it. The first one names the
    failures that opened the breaker and the wait that behaviour shows.
    """
    claimed = "each transition is one log line with from, to, reason, count and wait"
    if not evidence.log.strip():
        return unknown(claimed, log="is empty")
    begin = opened(evidence)
    if begin is None:
        return unknown(claimed, answers=NEVER_OPENED)
    lines = [line for line in _structured(evidence.log) if _is_move(line)]
    moves = [(str(line["from"]), str(line["to"])) for line in lines]
    wrong = [f"{a} to {b} is not a legal move" for a, b in moves if (a, b) not in _LEGAL]
    wrong += [
        f"{' and '.join(lacks)} missing: {line['from']} to {line['to']}" for line in lines if (lacks := _lacks(line))
    ]
    chain = [("", "closed"), *moves]
    wrong += [f"after {a[1]} comes {b[0]} to {b[1]}" for a, b in pairwise(chain) if a[1] != b[0]]
    again = [operation.started for operation in evidence.asked("recovery", "recovered") if is_success(operation)]
    probes = len(probe_rounds(evidence, until=min(again, default=None)))
    happened = ((("closed", "open"), 1), (("open", "half_open"), probes), (("half_open", "closed"), int(bool(again))))
    for move, seen in happened:
        if moves.count(move) < seen:
            wrong.append(f"{moves.count(move)} line(s) {move[0]} to {move[1]}, at least {seen} happened")
    if lines and not wrong:
        wrong += _first_opening(lines[0], evidence)
    told = f"{len(lines)} transition lines; wrong: {'; '.join(wrong[:3]) or 'none'}"
    if blind(evidence) and not wrong:
        return unknown(claimed, log=told, ledger=BLIND)
    return judge(not wrong, claimed, log=told)


def failures_are_logged(evidence: Evidence) -> Verdict:
    """LOG-02: each failed call is a line with PMS; a refused one has its status number, a late one `timeout`.

    Only what was written from the fault to the opened breaker counts, so that no line about a probe or about the second
    strike stands in for a guest's.
    """
    kind = evidence.expectation.error_kind
    what = {"auth": "its status number", "rate_limit": "429", "timeout": "timeout"}.get(kind, "")
    claimed = f"each failed call under the fault is a log line with PMS{' and ' + what if what else ''}"
    if not kind:
        return unknown(claimed, fault="its answers are no failures")
    if not evidence.log.strip():
        return unknown(claimed, log="is empty")
    impact = evidence.asked("impact", kind=Kind.AVAILABILITY)
    failures = len(failures_before_opening(evidence))
    if kind == "rate_limit":
        failures += any(map(is_rejection, impact[:1]))
    if not failures:
        return unknown(claimed, answers="no question failed")
    text, late_enough, unclear = _written_under_the_fault(evidence)
    if unclear:
        return unknown(claimed, log=unclear)
    lines = [line for line in text.splitlines() if "PMS" in line]
    if kind in ("auth", "rate_limit"):
        under = evidence.calls(evidence.phases["impact"], probes=False)
        statuses = sorted({entry.status for entry in under if entry.status in _REFUSED})
        if not statuses:
            return unknown(claimed, ledger="saw no refused call")
        counts = {str(status): sum(_has_number(line, status) for line in lines) for status in statuses}
        needed = {str(status): sum(entry.status == status for entry in under) for status in statuses}
    elif kind == "timeout":
        counts, needed = {"timeout": sum("timeout" in line.lower() for line in lines)}, {"timeout": failures}
    else:
        counts, needed = {"PMS": sum(map(_is_failure, lines))}, {"PMS": failures}
    told = ", ".join(f"{counts[word]} lines with {word} for {needed[word]} failed calls" for word in needed)
    if all(counts[word] >= needed[word] for word in needed):
        return passed(claimed, log=told)
    return failed(claimed, log=told) if late_enough else unknown(claimed, log=f"{told}, read soon after the opening")


def no_secret_anywhere(evidence: Evidence) -> Verdict:
    """LOG-03: neither the PMS's key nor the admin token stands in a log, an answer or the metrics, disguised or not."""
    claimed = "no secret stands in the log, the answers or the metrics: raw, in Base64 or encoded for a URL"
    if not evidence.secrets or any(len(secret) < SHORTEST for secret in evidence.secrets):
        return unknown(claimed, secrets=f"{len(evidence.secrets)} given, each must have {SHORTEST} characters")
    places = {
        "log": evidence.log,
        "answers": "\n".join(json.dumps(op.body, ensure_ascii=False) for op in evidence.operations),
        "metrics": "\n".join({line for scrape in evidence.scrapes for line in scrape.text.splitlines()}),
    }
    found = [
        f"secret {number} {name} in the {place}"
        for number, secret in enumerate(evidence.secrets, start=1)
        for name, disguises in disguised(secret).items()
        for place, text in places.items()
        if any(disguise in text for disguise in disguises)
    ]
    read = ", ".join(f"{place} {len(text)} characters" for place, text in places.items())
    if found:
        return failed(claimed, found="; ".join(found))
    empty = [place for place, text in places.items() if not text.strip()]
    if empty:
        return unknown(claimed, read=f"nothing in: {', '.join(empty)}")
    return passed(claimed, read=read)


def _written_under_the_fault(evidence: Evidence) -> tuple[str, bool, str]:
    """What the log gained from the fault to a moment before the first probe; or why that is not known.

    Returns:
        The text; whether it was read so long after the opening that nothing was still on its way; or why there is none.
    """
    begin, silent = evidence.log_marks.get("fault"), quiet(evidence)
    if silent is None:
        return "", False, NEVER_OPENED
    in_time = [mark for mark in evidence.log_marks.get("open", ()) if silent.holds(mark.at)]
    if not begin or not in_time:
        return "", False, "it was not read between the opening and the first probe"
    end = max(in_time, key=lambda mark: mark.at)
    return evidence.log[begin[0].length : end.length], end.at - silent.begin >= _WRITTEN_S, ""


def _structured(log: str) -> Iterator[dict[str, Any]]:
    """The log's JSON objects."""
    for line in log.splitlines():
        try:
            parsed = json.loads(line)
        except ValueError:
            continue
        if isinstance(parsed, dict):
            yield parsed


def _lacks(line: Mapping[str, Any]) -> list[str]:
    """Fields of a transition line that are missing or of the wrong kind."""
    good = {
        "reason": isinstance(line.get("reason"), str) and bool(line.get("reason")),
        "count": _is_number(line.get("count")),
        "wait": _is_number(line.get("wait")),
    }
    return [name for name, is_good in good.items() if not is_good]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _first_opening(line: Mapping[str, Any], evidence: Evidence) -> list[str]:
    """What the first opening says otherwise than the profile's policy and the fault."""
    expectation = evidence.expectation
    wrong = []
    if line["count"] != expectation.opens_after:
        wrong.append(f"count {line['count']} instead of {expectation.opens_after}")
    if not expectation.least_wait - _ROUNDED_S <= line["wait"] <= expectation.wait + _ROUNDED_S:
        wrong.append(f"wait {line['wait']} instead of {expectation.wait:g}")
    return wrong


#: By how much a logged wait may be rounded.
_ROUNDED_S = 0.01


def _has_number(line: str, status: int) -> bool:
    """Whether the number stands by itself in a line, not as a part of another number or of an id."""
    return re.search(rf"(?<![\w.-]){status}(?![\w-]|\.\d)", line) is not None


def _is_failure(line: str) -> bool:
    """Whether a line tells a failure of a call; a transition of the breaker is none."""
    return any(word in line.lower() for word in ("fail", "error", "warn")) and not any(map(_is_move, _structured(line)))


def _is_move(line: Mapping[str, Any]) -> bool:
    return line.get("from") in _STATES and line.get("to") in _STATES
