"""The wait that a 429 asks for, in every form in which gateways write it: obeyed, bounded, or the breaker's own."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from pms_drill.checks.lateness import timed
from pms_drill.checks.moments import SHARE, may_probe
from pms_drill.checks.verdict import Verdict, failed, judge, passed, unknown
from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.ledger import LedgerEntry

#: Bounds of a wait that is obeyed, in seconds (contract, "Breaker").
SHORTEST, LONGEST = 1.0, 300.0
_LIMITED = 429


@dataclass(frozen=True)
class Form:
    """One way to write `Retry-After`.

    Attributes:
        text: the header; None for none at all.
        wait: seconds that it asks for, within the bounds; None where it asks for nothing that can be obeyed.
    """

    text: str | None
    wait: float | None

    def due(self, recovery: float) -> float:
        """How long the breaker has to stay open, in seconds."""
        return recovery if self.wait is None else self.wait


def forms(recovery: float) -> Mapping[str, Form]:
    """Name of the phase -> form. `recovery`: the breaker's own wait in seconds."""
    whole = math.floor(recovery)
    return {
        "decimals": Form(f"{whole}.5", max(SHORTEST, whole + 1.0)),
        "decimals below one": Form("0.493", SHORTEST),
        "zero": Form("0", SHORTEST),
        "negative": Form("-5", None),
        "no number": Form("soon", None),
        "date in the past": Form("Thu, 01 Jan 1970 00:00:00 GMT", None),
        "none at all": Form(None, None),
    }


#: Phase with more than `LONGEST`; nobody waits for its end, so that only the log knows it.
TOO_LONG, TOO_LONG_TEXT = "too long", "100000"


def each_wait_is_obeyed(evidence: Evidence) -> Verdict:
    """BRK-59: nothing leaves before the wait that the 429 asks for, and the PMS is tried soon after it.

    Decimals are rounded up, less than a second is one, and what cannot be obeyed means the breaker's own wait. A call
    that comes too soon is one on every machine, because the wait begins after the ledger saw the 429.
    """
    claimed = "after a 429 the PMS is tried after the wait that it asks for, decimals too; otherwise after our own"
    met, recovery = _met(evidence), evidence.policy.recovery
    early = [
        f"{one.told(recovery)} instead of {one.form.due(recovery):g} s"
        for one in met
        if one.next is not None and (one.gap < SHARE * one.form.due(recovery) or not may_probe(one.next, evidence))
    ]
    if early:
        return failed(claimed, ledger=f"wrong: {'; '.join(early)}")
    return _tried_soon(evidence)


@dataclass(frozen=True)
class _Met:
    """What followed the 429 of one form."""

    name: str
    form: Form
    limited: LedgerEntry
    next: LedgerEntry | None

    @property
    def gap(self) -> float:
        return self.next.received - self.limited.received if self.next is not None else math.inf

    def told(self, recovery: float) -> str:
        """For people."""
        if self.next is None:
            return f"{self.name} ({self.form.text}): nothing, due after {self.form.due(recovery):g} s"
        return f"{self.name} ({self.form.text}): {self.next.method} {self.next.path} after {self.gap:.2f} s"


def _met(evidence: Evidence) -> list[_Met]:
    """The forms whose limit a guest's question met."""
    found = []
    for name, form in forms(evidence.policy.recovery).items():
        calls = evidence.calls(evidence.phases[name]) if name in evidence.phases else []
        if calls and calls[0].status == _LIMITED and not evidence.is_agent_probe(calls[0]):
            later = (entry for entry in calls if entry.received > calls[0].received)
            found.append(_Met(name, form, calls[0], next(later, None)))
    return found


@timed
def _tried_soon(evidence: Evidence) -> Verdict:
    """The second half of BRK-59: nobody waits much longer than that."""
    recovery, slack = evidence.policy.recovery, evidence.policy.slack
    claimed = f"after a 429 the PMS is tried within {slack:.2f} s of the wait that it asks for, or of our own"
    met = _met(evidence)
    late, unclear = [], [name for name in forms(recovery) if name not in {one.name for one in met}]
    for one in met:
        latest = one.form.due(recovery) + slack
        if one.next is None and evidence.phases[one.name].end - one.limited.received <= latest:
            unclear.append(one.name)
        elif one.gap > latest:
            late.append(one.told(recovery))
    seen = {"ledger": f"{', '.join(f'{one.name} {one.gap:.2f} s' for one in met)}; wrong: {'; '.join(late) or 'none'}"}
    if late:
        return failed(claimed, **seen)
    return unknown(claimed, **seen, unclear=", ".join(unclear)) if unclear else passed(claimed, **seen)


def no_wait_without_end(evidence: Evidence) -> Verdict:
    """BRK-60: a wait of a day is kept to five minutes; the line of the opening says so."""
    claimed = f"a Retry-After of {TOO_LONG_TEXT} s is obeyed for {LONGEST:g} s"
    waits = [float(line["wait"]) for line in _openings(evidence.log)]
    if not waits:
        return unknown(claimed, log="no line of an opening with its wait")
    return judge(waits[-1] == LONGEST, claimed, log=f"the last opening waits {waits[-1]:g} s")


def _openings(log: str) -> list[dict[str, float]]:
    found = []
    for line in log.splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if isinstance(told, dict) and told.get("to") == "open" and isinstance(told.get("wait"), int | float):
            found.append(told)
    return found
