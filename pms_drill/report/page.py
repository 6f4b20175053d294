"""The page for people: the answer first, then what failed and how to see it again. Plain text, 100 columns."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.table import Table

from pms_drill.checks.verdict import Outcome
from pms_drill.load.bands import Band
from pms_drill.load.intervals import told as told_interval
from pms_drill.report import page_notes
from pms_drill.report.coverage import ranges
from pms_drill.report.exitcode import FAILED, PASSED, UNKNOWN
from pms_drill.report.model import Coverage, PropertyResult, RunVerdict, TargetRow
from pms_drill.report.page_text import WIDTH, title, wrap

_STATES = {0: "CLOSED", 1: "OPEN", 2: "HALF_OPEN"}
_STATE_LIMITS = {f"== {number}": name for number, name in _STATES.items()}
_HEADLINES = {PASSED: "PASSED", FAILED: "FAILED", UNKNOWN: "UNKNOWN", 10: "OFF TARGET", 11: "WARNING", 12: "CRITICAL"}
_MEANING = {
    PASSED: "Every property that was judged holds, and the figures are within the bands that were asked for.",
    FAILED: "At least one property does not hold: the integration does not behave as the runbook needs it to.",
    UNKNOWN: "Something could not be proven. That is not a pass: see below what is missing and why.",
    10: "Every property holds, but a figure lies between the runbook's target and its warning limit.",
    11: "Every property holds, but a figure is past the runbook's warning limit.",
    12: "A figure is past the runbook's critical limit, so that its property failed; every other property holds.",
}
#: Of more properties that are unknown for the same reason only the ids are told.
_MOST_ALIKE = 8
_BEYOND = (Band.OFF_TARGET, Band.WARNING, Band.CRITICAL)
_WORDS = (
    ("property", "one rule of behaviour, judged by one or more tests; its id stands in docs/properties.md"),
    ("unknown", "neither shown to hold nor shown to fail; it makes the run red like a failure"),
    ("waived", "fails, and the profile says who knows about it and until when"),
    ("episode", "one experiment: a fault is armed, observed and healed, and many properties read its evidence"),
    ("band", "where a figure lies in the runbook's table: target, off target, warning, critical"),
    ("not shown", "the figure meets the target, but so few samples cannot show it: its 95 % interval does not"),
    ("ledger", "the record of every request that really reached the PMS"),
)


def render(verdict: RunVerdict) -> str:
    """The page as text that ends with a line break."""
    sections = [
        _head(verdict),
        _left_behind(verdict),
        _trouble(verdict),
        _group(verdict, Outcome.FAILED, "What failed"),
        _group(verdict, Outcome.UNKNOWN, "What could not be proven"),
        _targets(verdict.targets, verdict.load_profile),
        _group(verdict, Outcome.WAIVED, "Waived (known, do not gate)"),
        page_notes.skips(verdict.counts.skipped),
        page_notes.left_out(verdict),
        page_notes.repeated(verdict),
        page_notes.findings(verdict),
        page_notes.notes(verdict),
        _where(verdict),
        _words(verdict),
    ]
    text = "\n".join(line.rstrip() for section in sections for line in section)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


def headline(verdict: RunVerdict) -> str:
    """The answer in one line; a selection is never told as the whole."""
    partial = "" if verdict.complete else " (the run was not completed)"
    twin = " on a twin only, not on the real PMS" if _lacks_the_pms(verdict) else ""
    only = f", a selection ({verdict.selected})" if verdict.selected else ""
    told = f": {coverage(verdict.coverage)}" if verdict.coverage and verdict.coverage.of else ""
    return f"PMS integration{only}: {_HEADLINES.get(verdict.exit_code, 'UNKNOWN')}{twin}{partial}{told}"


def coverage(found: Coverage) -> str:
    """ "160 of 173 judged, 11 not claimed, 2 need a tool"."""
    told = [f"{found.judged} of {found.of} judged"]
    told += [page_notes.in_a_word(reason, len(ids)) for reason, ids in found.absent.items()]
    told += [f"{len(found.left_out)} left to other tiers"] if found.left_out else []
    told += [f"{len(found.not_judged)} NOT JUDGED"] if found.not_judged else []
    return ", ".join(told)


def duration(seconds: float) -> str:
    """ "6 min 41 s", "12 s"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    words = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes) + [f"{rest} s"] * (not hours)
    return " ".join(words)


def _head(verdict: RunVerdict) -> Iterator[str]:
    results = verdict.properties.values()
    failed, unknown = (
        sum(result.verdict is outcome for result in results) for outcome in (Outcome.FAILED, Outcome.UNKNOWN)
    )
    yield headline(verdict)
    yield ""
    yield from wrap(_MEANING.get(verdict.exit_code, _MEANING[UNKNOWN]), "")
    if verdict.exit_code == PASSED and any(row.gates and row.band in _BEYOND for row in verdict.targets):
        yield from wrap(f"Some figures are off target; they gate from {verdict.fail_on} on.", "")
    yield ""
    yield f"  {len(results)} properties: {failed} failed, {unknown} unknown"
    counts = verdict.counts
    yield (
        f"  {counts.total} tests: {counts.passed} passed, {counts.failed} failed, {counts.unknown} unknown, "
        f"{counts.waived} waived, {sum(counts.skipped.values())} skipped"
        f"{f', {counts.findings} looked for defects of the PMS' * bool(counts.findings)}"
    )
    yield (
        f"  profile {verdict.profile}, stack {verdict.stack}, tier {verdict.tier}, seed {verdict.seed}, "
        f"{duration(verdict.duration_s)}, exit code {verdict.exit_code}"
    )
    commit, changed, _ = verdict.commit.partition("+")
    if verdict.drawn:
        yield from wrap(verdict.drawn, "  ", "    ")
    yield f"  started {verdict.started}, commit {commit[:12]}{changed and ' (changed)'}, ran {', '.join(verdict.parts)}"


def _lacks_the_pms(verdict: RunVerdict) -> bool:
    """Whether a weekly run had a stand-in for the PMS."""
    return verdict.tier == "weekly" and verdict.versions.get("pms", "").startswith("twin")


def _left_behind(verdict: RunVerdict) -> Iterator[str]:
    if verdict.left_behind:
        yield from title("BOOKINGS LEFT BEHIND: cancel them by hand")
        for booking in verdict.left_behind:
            yield from wrap(booking, "  ", "    ")
    if verdict.cancelled:
        yield ""
        yield f"  {verdict.cancelled} more bookings were asked for by tests; the PMS holds a room for none of them."


def _trouble(verdict: RunVerdict) -> Iterator[str]:
    if not verdict.trouble:
        return
    yield from title("What went wrong with the run itself")
    for entry in verdict.trouble:
        first, *rest = entry.splitlines() or [""]
        yield from wrap(first, "  ")
        yield from (f"      {line}" for line in rest)


def _group(verdict: RunVerdict, outcome: Outcome, heading: str) -> Iterator[str]:
    chosen = {name: result for name, result in verdict.properties.items() if result.verdict is outcome}
    if not chosen:
        return
    yield from title(heading)
    causes: dict[tuple[str, str], list[str]] = {}
    for name, result in chosen.items():
        # One broken fixture makes many properties unknown for the same reason: told once.
        key = (result.why, "") if outcome is Outcome.UNKNOWN else (result.why, name)
        causes.setdefault(key, []).append(name)
    for names in causes.values():
        if len(names) > _MOST_ALIKE:
            yield from wrap(", ".join(ranges(names)), "  ", "    ")
        for name in names if len(names) <= _MOST_ALIKE else ():
            yield from _claim(name, chosen[name])
        yield from _evidence(chosen[names[0]])
        yield ""


def _claim(name: str, result: PropertyResult) -> Iterator[str]:
    label = f"{name}  {result.sentence}" if result.sentence else name
    tail = f"   [{', '.join(result.episodes)}]" if result.episodes else ""
    yield from wrap(label + tail, "  ", "    ")


def _evidence(result: PropertyResult) -> Iterator[str]:
    for line in result.why.splitlines():
        yield from wrap(line, "    ", "              ")
    if result.reproduce:
        yield f"    again     {result.reproduce}"


def _targets(rows: Iterable[TargetRow], load_profile: str) -> Iterator[str]:
    rows = list(rows)
    if not rows:
        return
    yield from title("Targets of the runbook")
    if load_profile:
        yield from wrap(f"Load was judged under the profile {load_profile}", "  ", "    ")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("metric", "phase", "value", "95 % interval", "n"):
        table.add_column(column, justify="left" if column in ("metric", "phase") else "right", no_wrap=True)
    table.add_column("band", no_wrap=True)
    for row in rows:
        band = row.band.value if row.gates else f"({row.band.value})"
        table.add_row(row.label or row.metric, row.phase, value_of(row), interval_of(row), f"{row.n:,}", band)
    yield from _drawn(table)
    if not all(row.gates for row in rows):
        yield "  Bands in brackets belong to the outage itself and do not decide anything."
    if any(row.gates and row.band is Band.NOT_SHOWN for row in rows):
        told = (
            "Not shown: the figure meets the target, but so few samples cannot show it. That is not met, and not red."
        )
        yield from wrap(told, "  ", "    ")
    for row in rows:
        told = "; ".join(
            filter(
                None, [row.straddles, row.note if row.band in (*_BEYOND, Band.UNKNOWN) or row.added is not None else ""]
            )
        )
        if row.gates and told:
            yield from wrap(f"{row.label or row.metric}, {row.phase}: {told}", "  ", "    ")
    yield ""
    limits = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("limits", "target", "warning", "critical"):
        limits.add_column(column, no_wrap=True)
    for cells in dict.fromkeys(_limits(row) for row in rows):
        limits.add_row(*cells)
    yield from _drawn(limits)


def _drawn(table: Table) -> Iterator[str]:
    out = io.StringIO()
    Console(file=out, width=WIDTH - 2, color_system=None, markup=False, emoji=False, highlight=False).print(table)
    yield from (f"  {line}" for line in out.getvalue().splitlines())


def _limits(row: TargetRow) -> tuple[str, ...]:
    """The metric, without the endpoint, and its limits."""
    limits = [row.target, row.warning, row.critical]
    if row.unit == "state":
        limits = [_STATE_LIMITS.get(limit, limit) for limit in limits]
    else:
        limits = [f"{limit} {row.unit}".strip() for limit in limits]
    return ((row.label or row.metric).partition(" (")[0], *limits)


def interval_of(row: TargetRow) -> str:
    """The 95 % interval of a figure, for people; empty for a state."""
    return "" if row.unit == "state" or row.value is None else told_interval(row.low, row.high, row.unit)


def value_of(row: TargetRow) -> str:
    """A figure with its unit, for people."""
    if row.value is None:
        return "none"
    if row.unit == "state":
        return _STATES.get(int(row.value), f"{row.value:g}")
    return f"{row.value:.2f} %" if row.unit == "%" else f"{row.value:,.0f} {row.unit}".strip()


def _where(verdict: RunVerdict) -> Iterator[str]:
    yield from title("Where the evidence lies")
    yield f"  in runs/{verdict.run_id}/"
    yield "    review.md                    every property with its verdict: a review of the agent"
    yield "    verdict.json                 this page for machines"
    yield "    junit.xml, allure-results/   every test, for CI"
    yield "    journal.jsonl, ledger.jsonl  faults and phases; requests at the PMS; on one clock"
    if verdict.pictures:
        count = len(verdict.pictures)
        yield f"    pictures/                    {count} drawings of guests, faults and breaker, for a browser"
    yield "    logs/                        output of each part and of the programs that it started"
    yield "    outcomes/                    one record per test"
    yield "  `pms-drill report` prints this page again."


def _words(verdict: RunVerdict) -> Iterator[str]:
    if verdict.exit_code == PASSED:
        return
    yield from title("Words")
    for word, meaning in _WORDS:
        yield from wrap(f"{word:<10}{meaning}", "  ", " " * 12)
