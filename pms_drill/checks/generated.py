"""Judges generated requests: does the agent keep to its contract, and did they really get anywhere?

A generator that is refused for a reason it does not know (a date in the past) tests nothing but that reason, and every
wrong request is then "refused" as it should be. So it is judged as well that right requests are accepted.
"""

from __future__ import annotations

from collections import Counter

from pms_drill.checks.verdict import Verdict, failed, judge, unknown
from pms_drill.evidence.generated import Case, Generated

#: A right answer to a right request.
_SOLD_OUT = 409
_SHOWN = 3


def keeps_the_contract(evidence: Generated) -> Verdict:
    """Judge that no check of the generator objected to any answer."""
    claimed = f"{evidence.operation} answers every generated request as the contract says"
    if evidence.errors:
        return unknown(claimed, generator="; ".join(evidence.errors))
    if not evidence.cases:
        return unknown(claimed, generator="made no request")
    bad = [case for case in evidence.cases if case.problems]
    if not bad:
        return judge(True, claimed, cases=_counted(evidence.cases))
    texts = Counter(text for case in bad for text in case.problems)
    shown = [f"{text} ({count} times)" for text, count in texts.most_common(_SHOWN)]
    examples = [f"{case.request} -> {case.status}" for case in bad[:_SHOWN]]
    return failed(claimed, checks="\n          ".join(shown), first="\n          ".join(examples))


def accepts_right_requests(evidence: Generated) -> Verdict:
    """Judge that every right request reaches 2xx, or 409 for sold out.

    All that is sent as right can be accepted (`contract.stays.Wishes` sees to it), so that there is no allowance.
    """
    right = [case for case in evidence.cases if case.positive]
    claimed = f"{evidence.operation} accepts every right request"
    if evidence.errors:
        return unknown(claimed, generator="; ".join(evidence.errors))
    if not right:
        return unknown(claimed, generator="made no right request")
    refused = [case for case in right if not accepted(case)]
    shown = [f"{case.request} -> {case.status}" for case in refused[:_SHOWN]]
    return judge(not refused, claimed, share=share(evidence), refused="; ".join(shown) or "none")


def refuses_wrong_requests(evidence: Generated) -> Verdict:
    """Judge that every wrong request was refused with 4xx, and that there were some."""
    wrong = [case for case in evidence.cases if case.positive is False]
    claimed = f"{evidence.operation} refuses every wrong request with 4xx"
    if evidence.errors:
        return unknown(claimed, generator="; ".join(evidence.errors))
    if not wrong:
        return unknown(claimed, generator="made no wrong request")
    taken = [case for case in wrong if case.status is None or not 400 <= case.status < 500]
    shown = [f"{case.request} -> {case.status}" for case in taken[:_SHOWN]]
    return judge(not taken, claimed, cases=_counted(wrong), taken="; ".join(shown) or "none")


def accepted(case: Case) -> bool:
    """Whether a right request was taken."""
    return case.status is not None and (200 <= case.status < 300 or case.status == _SOLD_OUT)


def share(evidence: Generated) -> str:
    """The share of accepted right requests in words: "48 of 48 right requests accepted (100 %)"."""
    right = [case for case in evidence.cases if case.positive]
    taken = sum(map(accepted, right))
    percent = f" ({100 * taken / len(right):.0f} %)" if right else ""
    return f"{taken} of {len(right)} right requests accepted{percent}"


def _counted(cases: tuple[Case, ...] | list[Case]) -> str:
    kinds = {True: "right", False: "wrong", None: "unclear"}
    counts = Counter((kinds[case.positive], case.status) for case in cases)
    return ", ".join(f"{count} {kind} -> {status}" for (kind, status), count in sorted(counts.items(), key=str))
