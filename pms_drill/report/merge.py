"""From the outcomes of all parts to the verdict of the run. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from pms_drill.checks.verdict import Outcome, worst
from pms_drill.load.bands import PROPERTIES, Band
from pms_drill.profile import Waiver
from pms_drill.report.coverage import Expected, Selection, holes, key_of, ranges
from pms_drill.report.exitcode import exit_code
from pms_drill.report.model import Counts, Coverage, PropertyResult, TargetRow
from pms_drill.report.outcomes import PartOutcomes, Record, RunContext
from pms_drill.report.waivers import WAIVER_ID, apply_waivers, wrong_waivers
from pms_drill.tiers import Tier

#: Texts of this many tests stand in the `why` of one property; the records hold all of them.
_TEXTS = 3
_RED = (Outcome.FAILED, Outcome.UNKNOWN)
#: The "part" of what the runner judges at the end.
RUN = "run"


@dataclass(frozen=True)
class Gathered:
    """Everything a verdict is made of.

    Attributes:
        parts: outcomes of each part that was asked for, in order.
        targets: rows of the load part.
        trouble: what went wrong outside of tests.
        complete: every part ran to its end.
        expected: every test and experiment of the suites, with what excuses a skip (`pms_drill.expected`).
        catalogue: id -> part of every property that there is.
        sentences: id -> what the property demands; where there is none, the sentence of a test stands for it.
        named: the parts that were asked for by name.
        selection: the expression given with -k.
        today: UTC, for waivers.
    """

    context: RunContext
    tier: Tier
    parts: Sequence[PartOutcomes]
    today: date
    targets: Sequence[TargetRow] = ()
    waivers: Sequence[Waiver] = ()
    trouble: Sequence[str] = ()
    complete: bool = True
    expected: Sequence[Expected] = ()
    catalogue: Mapping[str, str] = field(default_factory=dict)
    sentences: Mapping[str, str] = field(default_factory=dict)
    named: Sequence[str] = ()
    selection: str = ""
    fail_on: str = "warning"


@dataclass(frozen=True)
class Merged:
    """The judgement, before names and versions are added.

    Attributes:
        properties: merged outcomes by id; a defect of the PMS only if it is new or nothing can be said of it.
        findings: merged outcomes of the tests that look for defects of the PMS, by id of the defect.
    """

    exit_code: int
    counts: Counts
    properties: dict[str, PropertyResult]
    coverage: Coverage
    trouble: list[str] = field(default_factory=list)
    findings: dict[str, PropertyResult] = field(default_factory=dict)


def merge(run: Gathered) -> Merged:
    """Count, judge waivers and skips, and merge the tests of each property into one result."""
    raw = [record for part in run.parts for record in _all_records(part, run)]
    raw += holes(run.parts, run.expected, run.tier, Selection(run.selection), run.context)
    raw += _nobodys(raw, run)
    expected = {one.key: one for one in run.expected}
    records = [_untolerated(record, run, expected.get(key_of(record))) for record in raw]
    records = apply_waivers(records, run.waivers, run.today)
    properties = _properties(records, run.sentences)
    findings = {record.finding: properties[record.finding] for record in records if record.finding}
    properties = {name: one for name, one in properties.items() if name not in findings or one.verdict in _RED}
    coverage = _coverage(properties, run)
    trouble = [*run.trouble, *_empty(run), *_not_judged(coverage)]
    whole = run.complete and not run.selection and not trouble
    wrong = wrong_waivers(raw, run.waivers, run.today, whole=whole, all_episodes=run.tier.all_episodes)
    if wrong:
        properties[WAIVER_ID] = PropertyResult(
            verdict=Outcome.FAILED,
            tests=0,
            sentence="every waiver of the profile is needed and has not expired",
            why="\n".join(wrong),
            reproduce=f"see the waivers of the profile {run.context.profile}",
        )
    verdicts = {result.verdict for result in properties.values()}
    failed = {name for name, result in properties.items() if result.verdict is Outcome.FAILED}
    rows = [row for row in run.targets if row.gates and not _waived(row, properties)]
    by_figures = {PROPERTIES[_of(row)] for row in rows if row.band is Band.CRITICAL}
    code = exit_code(
        failed=bool(failed - by_figures),
        unknown=Outcome.UNKNOWN in verdicts or bool(trouble) or not run.complete,
        bands=[row.band for row in rows],
        fail_on=run.fail_on,
    )
    return Merged(code, _counts(records), properties, coverage, trouble, findings)


def _of(row: TargetRow) -> str:
    """The row of the runbook's table, without the endpoint."""
    return row.metric.partition(":")[0]


def _waived(row: TargetRow, properties: dict[str, PropertyResult]) -> bool:
    """Whether the row's property failed and is waived; a waiver of the property is one of its figures."""
    result = properties.get(PROPERTIES[_of(row)])
    return row.band is Band.CRITICAL and result is not None and result.verdict is Outcome.WAIVED


def _all_records(part: PartOutcomes, run: Gathered) -> list[Record]:
    """The records of a part, and an unknown one for every test that has none."""
    missing = [
        Record(
            **item.model_dump(),
            outcome=Outcome.UNKNOWN,
            hole=True,
            why="it was collected and has no result: its session was ended, or its worker crashed",
            reproduce=run.context.command(part.part, item.expression()),
        )
        for item in part.missing()
    ]
    return [*part.records, *missing]


def _untolerated(record: Record, run: Gathered, expected: Expected | None) -> Record:
    """A skip that the tier does not tolerate on this stack, or that nobody foresaw, is a hole: unknown."""
    if record.outcome is not Outcome.SKIPPED or record.skip_reason is None:
        return record
    reason = record.skip_reason.value
    if not run.tier.tolerates(run.context.stack, record.skip_reason):
        why = f"skipped as {reason}, which tiers.toml does not tolerate for the tier {run.tier.name} "
        why += f"on {run.context.stack}"
    elif record.part != RUN and (expected is None or expected.excuse(record) is None):
        why = (
            f"skipped as {reason}, which nothing foresaw that is known of claims, stack, machine and agent before a run"
        )
    else:
        return record
    return record.model_copy(update={"outcome": Outcome.UNKNOWN, "hole": True, "why": f"{why}\n{record.why}".strip()})


def _nobodys(records: Sequence[Record], run: Gathered) -> list[Record]:
    """An unknown record for each property of the catalogue that no test of the suites judges any more.

    Under a selection only what it matches is asked for. The runner judges its own properties whatever is selected,
    but for a selection that needs no stack, so that there are no secrets.
    """
    had = {record.property for record in records} | {one.item.property for one in run.expected}
    parts = {part.part for part in run.parts} | {RUN}
    if run.selection:
        parts = {record.part for record in records} & {RUN}
    return [
        Record(
            nodeid=key,
            part=part,
            property=key,
            outcome=Outcome.UNKNOWN,
            hole=True,
            why="not judged: no stack was started, or the run ended before"
            if part == RUN
            else "not judged: no test of the suites judges it",
        )
        for key, part in run.catalogue.items()
        if part in parts and key not in had
    ]


def _coverage(properties: Mapping[str, PropertyResult], run: Gathered) -> Coverage:
    """Which properties were judged, which are absent and why, and which should have been judged and were not."""
    mine = {key: one for key, one in properties.items() if key in run.catalogue}
    absent: dict[str, list[str]] = {}
    for key, one in mine.items():
        if one.verdict is Outcome.SKIPPED:
            absent.setdefault(one.absent, []).append(key)
    parts = {part.part for part in run.parts} | {RUN}
    left = [] if run.selection else [key for key, part in run.catalogue.items() if part in parts and key not in mine]
    return Coverage(
        of=len(mine) + len(left),
        judged=sum(not one.holes and one.verdict is not Outcome.SKIPPED for one in mine.values()),
        absent=dict(sorted(absent.items())),
        left_out=sorted(left),
        not_judged=sorted(key for key, one in mine.items() if one.holes),
    )


def _not_judged(coverage: Coverage) -> list[str]:
    if not coverage.not_judged:
        return []
    return [f"not judged, although they had to be: {', '.join(ranges(coverage.not_judged))}"]


def _empty(run: Gathered) -> list[str]:
    """Parts in which nothing was run or everything was skipped, so that nothing was proven there.

    A selection that was not given for a part by name may leave it empty, if not all of them.
    """
    parts = [part for part in run.parts if part.part != RUN]
    empty = [part.part for part in parts if not part.collected and not part.records]
    idle = [
        part
        for part in parts
        if (judging := [one for one in part.records if not one.finding])
        and all(one.outcome is Outcome.SKIPPED for one in judging)
    ]
    skipped = {part.part: sum(not one.finding for one in part.records) for part in idle}
    lines = [f"{part}: nothing was judged, all {count} tests were skipped" for part, count in skipped.items()]
    if not run.selection:
        return lines + [f"{part}: no test was run" for part in empty]
    if len(empty) == len(parts):
        return [*lines, f"the selection {run.selection!r} matches no test"]
    return lines + [f"{part}: the selection {run.selection!r} matches no test" for part in empty if part in run.named]


def _counts(records: Sequence[Record]) -> Counts:
    counts = Counts()
    for record in records:
        if record.outcome is Outcome.SKIPPED:
            reason = record.skip_reason.value if record.skip_reason else "untyped"
            counts.skipped[reason] = counts.skipped.get(reason, 0) + 1
        else:
            looked = record.finding and record.outcome is Outcome.PASSED
            name = "findings" if looked else record.outcome.value
            setattr(counts, name, getattr(counts, name) + 1)
    return counts


def _properties(records: Sequence[Record], sentences: Mapping[str, str]) -> dict[str, PropertyResult]:
    grouped: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        grouped[record.property or record.finding or record.nodeid].append(record)
    return {name: _property(grouped[name], sentences.get(name, "")) for name in sorted(grouped)}


def _property(records: list[Record], sentence: str) -> PropertyResult:
    verdict = worst(record.outcome for record in records)
    telling = [record for record in records if record.outcome is verdict]
    texts: dict[str, list[str]] = {}
    for record in telling:
        texts.setdefault(record.why, []).append(record.episode)
    episodes = list(dict.fromkeys(record.episode for record in telling if record.episode))
    shown = [text for text in texts if text][:_TEXTS]
    why = "\n\n".join(_named(text, texts[text], len(shown)) for text in shown)
    left = len([text for text in texts if text]) - len(shown)
    if left:
        why += f"\n\n({left} more in the records)"
    first = telling[0]
    return PropertyResult(
        verdict=verdict,
        tests=sum(record.outcome is not Outcome.SKIPPED and not record.hole for record in records),
        skipped=sum(record.outcome is Outcome.SKIPPED for record in records),
        holes=sum(record.hole for record in records),
        absent=first.skip_reason.value if verdict is Outcome.SKIPPED and first.skip_reason else "",
        sentence=sentence or first.sentence,
        part=first.part,
        episodes=episodes if verdict is not Outcome.PASSED else [],
        why=why,
        reproduce=first.reproduce if verdict in (Outcome.FAILED, Outcome.UNKNOWN, Outcome.WAIVED) else "",
    )


def _named(text: str, episodes: list[str], of: int) -> str:
    names = ", ".join(dict.fromkeys(filter(None, episodes)))
    return f"{names}:\n{text}" if names and of > 1 else text
