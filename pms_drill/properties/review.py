"""What one run says about one agent, property by property: a review that can be handed to its team. Markdown.

Everything that does not hold comes first, with what was claimed, what each witness saw and how to see it again. The
table of all properties follows, with those that nobody judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from pms_drill.checks.verdict import Outcome
from pms_drill.properties.catalogue import Catalogue, Group, Property
from pms_drill.report import page_notes
from pms_drill.report.model import PropertyResult, RunVerdict

#: In the order in which a reader wants to know.
_OPEN = {
    Outcome.FAILED: "What does not hold",
    Outcome.UNKNOWN: "What could not be proven",
    Outcome.WAIVED: "What is waived",
}
_NOT_JUDGED = "not judged"


def render(catalogue: Catalogue, run: RunVerdict) -> str:
    """The review, ending with a line break."""
    lines = [*_head(run), *_trouble(run), *_legend()]
    for outcome, title in _OPEN.items():
        lines += _open(catalogue, run, outcome, title)
    lines += ["## The properties that were asked for" if run.selection else "## All properties", ""]
    for group in catalogue.group:
        entries = catalogue.of(group)
        if run.selection or group.part not in run.parts:
            entries = [entry for entry in entries if entry.id in run.properties]
        if entries:
            lines += _table(group, entries, run)
    return "\n".join([*lines, *_others(catalogue, run), *_findings(run)]).rstrip() + "\n"


def _head(run: RunVerdict) -> list[str]:
    counts = Counter(result.verdict.value for result in run.properties.values())
    told = ", ".join(f"{counts[outcome.value]} {outcome.value}" for outcome in Outcome if counts[outcome.value])
    partial = [] if run.complete else ["**The run was not completed**, so that this review is not, either.", ""]
    only = f", a selection ({_cell(run.selected)})" if run.selected else ""
    return [
        f"# Review of the agent `{Path(run.profile).stem}`{only}",
        "",
        f"**{_cell(run.headline)}**" if run.headline else "",
        "",
        f"{len(run.properties)} properties: {told or 'none'}. "
        f"Stack `{run.stack}`, tier `{run.tier}`, seed {run.seed}, {run.started[:10]}, {', '.join(run.parts)}; "
        f"PMS: {run.versions.get('pms', 'not known')}.",
        "",
        *partial,
    ]


def _trouble(run: RunVerdict) -> list[str]:
    """What is wrong with the run itself, so that nobody takes the review for whole."""
    if not run.trouble:
        return []
    lines = [f"* {_cell(line)}" for entry in run.trouble for line in entry.splitlines()[:1]]
    return ["**Something went wrong with the run itself**, so that it is unknown:", "", *lines, ""]


def _legend() -> list[str]:
    return [
        "**Required** is what the runbook needs of every agent; the rest holds for what the profile claims, by the key "
        "that is named. **Seen by** says whose word decided. *QLO-.. is known*: the PMS has this defect, which "
        "is written down in `contracts/pms/known-findings.toml` and is no defect of the agent.",
        "",
    ]


def _open(catalogue: Catalogue, run: RunVerdict, outcome: Outcome, title: str) -> list[str]:
    chosen = {key: result for key, result in run.properties.items() if result.verdict is outcome}
    if not chosen:
        return []
    lines = [f"## {title}", ""]
    for key, result in chosen.items():
        entry = catalogue.get(key)
        under = f" (under {', '.join(result.episodes)})" if result.episodes else ""
        lines += [f"### {key}: {_sentence(entry, result)}{under}", ""]
        if entry:
            lines += [f"{_who(entry).capitalize()}; seen by {', '.join(entry.witnesses)}.", ""]
        if result.why:
            lines += ["```", *result.why.replace("```", "'''").splitlines(), "```", ""]
        if result.reproduce:
            lines += [f"Again: `{result.reproduce}`", ""]
    return lines


def _table(group: Group, entries: Iterable[Property], run: RunVerdict) -> Iterator[str]:
    yield from (f"### {group.title}", "")
    yield _row(["id", "what must hold", "required", "verdict", "tests", "seen by"])
    yield _row(["---"] * 6)
    for entry in entries:
        result = run.properties.get(entry.id)
        tests = result.tests if result else 0
        yield _row(
            [entry.id, entry.sentence, _who(entry), _verdict(entry, result, run), tests, ", ".join(entry.witnesses)]
        )
    yield ""


def _others(catalogue: Catalogue, run: RunVerdict) -> Iterator[str]:
    """What has no entry in the catalogue: tests without a property, wrong waivers."""
    known = {entry.id for entry in catalogue.property}
    known |= {finding.id for finding in run.findings}
    others = {key: result for key, result in run.properties.items() if key not in known}
    if not others:
        return
    yield from ("### Others", "", _row(["id", "what must hold", "verdict", "tests"]), _row(["---"] * 4))
    for key, result in others.items():
        yield _row([key, result.sentence, result.verdict.value, result.tests])
    yield ""


def _findings(run: RunVerdict) -> Iterator[str]:
    """Defects of the PMS: no properties of the agent, and never among those that passed."""
    if not run.findings:
        return
    yield from ("## Findings about the PMS", "")
    yield "No properties of the agent. Each is seen, looked for and not seen, or not looked for in this run."
    yield from ("", _row(["id", "what the PMS does wrong", "seen?", "what was seen", "excuses"]), _row(["---"] * 5))
    for finding in run.findings:
        told, _ = page_notes.FINDINGS[finding.status]
        excuses = ", ".join(finding.excuses)
        yield _row([finding.id, finding.sentence, told, finding.witness or finding.why, excuses])
    yield ""


def _sentence(entry: Property | None, result: PropertyResult) -> str:
    return entry.sentence if entry else result.sentence


def _who(entry: Property) -> str:
    return "required" if entry.required else f"if `{entry.claim}` is claimed"


def _verdict(entry: Property, result: PropertyResult | None, run: RunVerdict) -> str:
    if result is None:
        return f"{_NOT_JUDGED} in {run.tier}" if entry.id in run.left_out else _NOT_JUDGED
    if result.verdict is Outcome.SKIPPED and result.why:
        return f"{result.verdict.value}: {result.why.splitlines()[0]}"
    return run.told(entry.id) if result.verdict is Outcome.PASSED else f"**{result.verdict.value}**"


def _row(cells: Iterable[object]) -> str:
    return "| " + " | ".join(_cell(str(cell)) for cell in cells) + " |"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
