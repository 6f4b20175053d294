"""The list of findings of a run: every known defect of the PMS, seen or not seen or not looked for. Pure.

Tests that look for a defect are marked with its id. They are no tests of a property: what they found stands in this
list and nowhere else, but for a new defect, which fails, and for one of which nothing can be said, which is unknown.
Those two also stand among the properties, under the id of the defect.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pms_drill.checks.findings import Finding, Status
from pms_drill.checks.verdict import Outcome
from pms_drill.contract.findings import Looked
from pms_drill.properties.suites import SuiteTest
from pms_drill.report.model import FindingResult, PropertyResult
from pms_drill.report.outcomes import PartOutcomes, Record
from pms_drill.tiers import Tier

#: The part under which what nobody looked for is told.
PART = "findings"
_SEEN = {Status.KNOWN: True, Status.NEW: True, Status.VANISHED: False, Status.ABSENT: False}


def forgotten(
    known: Iterable[str], tests: Sequence[SuiteTest], parts: Sequence[PartOutcomes], tier: Tier, selection: str
) -> list[Record]:
    """An unknown record for each known defect that this run had to look for and did not.

    Args:
        known: ids that are written down.
        tests: the tests of the suites that look for them.
        parts: what ran.
        selection: the expression given with -k. With one, everything else is left out on purpose.
    """
    if selection:
        return []
    ran = {item.finding for part in parts for item in (*part.collected, *part.records)}
    others = {
        item.finding
        for part in parts
        for item in part.left_out
        if item.finding in tier.contracts.leaves_out or (item.episode and not tier.runs_episode(item.episode))
    }
    names = {part.part for part in parts}
    # A defect for which no test of the suites looks is told in every run.
    due = [key for key in known if not {test.part for test in tests if test.key == key} - names]
    return [
        Record(
            nodeid=f"{PART}::{key}",
            part=PART,
            finding=key,
            sentence="this known defect of the PMS is looked for",
            outcome=Outcome.UNKNOWN,
            why="no test of this run looked for it, and nothing says that it was left to others",
        )
        for key in due
        if key not in ran | others
    ]


def listed(
    known: Mapping[str, Finding], results: Mapping[str, PropertyResult], looked: Mapping[str, Sequence[Looked]]
) -> list[FindingResult]:
    """One row for each defect that is known or was looked for, in the order of their ids.

    Args:
        results: the merged outcomes of the tests that looked, by id.
        looked: what they saw.
    """
    rows = []
    for key in sorted({*known, *results}):
        finding, result, seen = known.get(key), results.get(key), looked.get(key, ())
        status = _status(finding is not None, result, seen)
        telling = [one for one in seen if one.seen is _SEEN.get(status)]
        sentence = finding.sentence if finding else next((one.sentence for one in seen), "")
        rows.append(
            FindingResult(
                id=key,
                status=status,
                seen=_SEEN.get(status),
                sentence=sentence or (result.sentence if result else ""),
                since=finding.since if finding else "",
                witness="; ".join(dict.fromkeys(one.witness for one in telling)),
                why=result.why if result and status in (Status.UNKNOWN, Status.NOT_LOOKED_FOR) else "",
                excuses=list(finding.excuses) if finding else [],
                tests=result.tests if result else 0,
            )
        )
    return rows


def unnoted(parts: Sequence[PartOutcomes], looked: Mapping[str, Sequence[Looked]]) -> list[str]:
    """Defects whose test passed without a word whether the PMS shows them: nobody can say then."""
    passed = {
        record.finding
        for part in parts
        for record in part.records
        if record.finding and record.outcome is Outcome.PASSED
    }
    return [f"{key}: its test passed and noted nothing of what it saw" for key in sorted(passed - set(looked))]


def _status(known: bool, result: PropertyResult | None, looked: Sequence[Looked]) -> Status:
    if result is None or result.verdict is Outcome.SKIPPED:
        return Status.NOT_LOOKED_FOR
    if result.verdict is Outcome.FAILED:
        return Status.NEW
    if result.verdict is not Outcome.PASSED or not looked:
        return Status.UNKNOWN
    if any(one.seen for one in looked):
        return Status.KNOWN if known else Status.NEW
    return Status.VANISHED if known else Status.ABSENT
