"""The result as Markdown, for the page of a CI job: the answer, what is red, the figures. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from pms_drill.checks.verdict import Outcome
from pms_drill.report import page, page_notes
from pms_drill.report.coverage import ranges
from pms_drill.report.model import RunVerdict, TargetRow

#: Rows of the table of what is red; the rest stands in the artifacts.
_MOST = 25
_RED = (Outcome.FAILED, Outcome.UNKNOWN)


def render(verdict: RunVerdict) -> str:
    """Markdown that ends with a line break."""
    sections = [
        _head(verdict),
        _left_behind(verdict),
        _red(verdict),
        _targets(verdict.targets),
        _skips(verdict),
        _left_out(verdict),
        _findings(verdict),
    ]
    return "\n".join(line for section in sections for line in section) + "\n"


def _head(verdict: RunVerdict) -> Iterator[str]:
    counts = verdict.counts
    yield f"## {page.headline(verdict)}"
    yield ""
    yield (
        f"{counts.passed} tests passed, {counts.failed} failed, {counts.unknown} unknown, {counts.waived} waived, "
        f"{sum(counts.skipped.values())} skipped; profile `{verdict.profile}`, stack `{verdict.stack}`, "
        f"tier `{verdict.tier}`, seed `{verdict.seed}`, {page.duration(verdict.duration_s)}, "
        f"exit code {verdict.exit_code}"
    )
    for trouble in verdict.trouble:
        yield ""
        yield f"> {_cell(trouble.splitlines()[0] if trouble else '')}"


def _left_behind(verdict: RunVerdict) -> Iterator[str]:
    if verdict.left_behind:
        yield ""
        yield f"### {len(verdict.left_behind)} bookings left behind: cancel them by hand"
        yield ""
        yield from (f"* {_cell(booking)}" for booking in verdict.left_behind)


def _red(verdict: RunVerdict) -> Iterator[str]:
    red = {name: one for outcome in _RED for name, one in verdict.properties.items() if one.verdict is outcome}
    if not red:
        return
    yield ""
    yield "| property | verdict | claims | again |"
    yield "|---|---|---|---|"
    for name, one in list(red.items())[:_MOST]:
        yield f"| {_cell(name)} | {one.verdict.value} | {_cell(one.sentence)} | {_code(one.reproduce)} |"
    if len(red) > _MOST:
        yield ""
        yield f"{len(red) - _MOST} more stand in `verdict.json`."


def _targets(rows: list[TargetRow]) -> Iterator[str]:
    if not rows:
        return
    yield ""
    yield "| target | phase | value | 95 % interval | n | band |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        band = row.band.value if row.gates else f"({row.band.value})"
        cells = [
            _cell(row.label or row.metric),
            row.phase,
            page.value_of(row),
            page.interval_of(row),
            f"{row.n:,}",
            band,
        ]
        yield f"| {' | '.join(cells)} |"


def _skips(verdict: RunVerdict) -> Iterator[str]:
    if verdict.counts.skipped:
        yield ""
        yield "Skipped: " + ", ".join(f"{count} {reason}" for reason, count in sorted(verdict.counts.skipped.items()))


def _left_out(verdict: RunVerdict) -> Iterator[str]:
    if verdict.left_out or verdict.left_out_experiments:
        yield ""
        yield (
            f"Not judged in `{verdict.tier}`: {len(verdict.left_out)} properties "
            f"({', '.join(ranges(verdict.left_out)) or 'none'}), {len(verdict.left_out_experiments)} experiments"
        )


def _findings(verdict: RunVerdict) -> Iterator[str]:
    if not verdict.findings:
        return
    yield ""
    yield "| finding about the PMS, not the agent | seen? | what it does wrong |"
    yield "|---|---|---|"
    for status, (told, _) in page_notes.FINDINGS.items():
        for finding in verdict.findings:
            if finding.status is status:
                yield f"| {_cell(finding.id)} | {told} | {_cell(finding.sentence)} |"


def _cell(text: str) -> str:
    """Text that cannot break out of a cell or become markup."""
    safe = text.replace("\\", "\\\\").replace("|", "\\|").replace("`", "'").replace("<", "&lt;").replace(">", "&gt;")
    return " ".join(safe.split())


def _code(text: str) -> str:
    safe = " ".join(text.replace("|", "\\|").replace("`", "'").split())
    return f"`{safe}`" if safe else ""
