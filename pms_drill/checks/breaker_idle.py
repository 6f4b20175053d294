"""What a closed breaker does when nobody asks: it probes the PMS by itself, so that an outage is soon known."""

from __future__ import annotations

from pms_drill.checks.lateness import timed
from pms_drill.checks.moments import SHARE
from pms_drill.checks.verdict import Verdict, failed, judge, unknown
from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.ledger import LedgerEntry


def probes_after_the_interval(evidence: Evidence) -> Verdict:
    """BRK-61: while it is closed the PMS is probed once no call has ended for the interval, and never sooner.

    A probe that comes too soon is one on every machine: it is compared with the latest call that the PMS had answered
    by then, and the agent cannot have ended that call sooner.
    """
    interval = evidence.policy.health_interval
    claimed = f"while the breaker is closed no probe comes sooner than {interval:g} s after the last call"
    if not interval or "idle" not in evidence.phases:
        return unknown(claimed, ledger="no time was kept free of guests")
    begin, end = evidence.phases["steady"].begin, evidence.phases["idle"].end
    early = []
    for entry in evidence.ledger:
        before = [one for one in evidence.ledger if one.received < entry.received]
        if begin <= entry.received < end and evidence.is_agent_probe(entry) and before:
            gap = entry.received - max(one.received if one.answered is None else one.answered for one in before)
            if gap < SHARE * interval:
                early.append(f"{gap:.2f} s: {evidence.lines([entry])}")
    if early:
        return failed(claimed, ledger=f"{len(early)} sooner, after {'; '.join(early[:3])}")
    return _in_time(evidence)


@timed
def _in_time(evidence: Evidence) -> Verdict:
    """The second half of BRK-61: the probe comes, and soon after the interval."""
    interval, slack = evidence.policy.health_interval, evidence.policy.slack
    claimed = f"the PMS is probed {interval:g} s after the last call ended, and within {slack:.2f} s of that"
    idle = evidence.phases["idle"]
    probes = [entry for entry in evidence.calls(idle) if evidence.is_agent_probe(entry)]
    before = [entry for entry in evidence.ledger if entry.received < (probes[0].received if probes else idle.end)]
    if not before:
        return unknown(claimed, ledger="saw no call before")
    last = max(_ended(entry) for entry in before)
    if probes:
        gap = probes[0].received - last
        return judge(gap <= interval + slack, claimed, ledger=f"probe {gap:.2f} s after the last call")
    waited = f"no probe within {idle.end - last:.2f} s of the last call"
    return failed(claimed, ledger=waited) if idle.end - last > interval + slack else unknown(claimed, ledger=waited)


def _ended(entry: LedgerEntry) -> float:
    """When the call had ended for the agent at the latest."""
    return max(at for at in (entry.received, entry.answered, entry.delivered) if at is not None)
