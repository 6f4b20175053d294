"""The page's notes: what was not judged and why, and what the PMS itself does wrong."""

from __future__ import annotations

from collections.abc import Iterator

from pms_drill.checks.findings import Status
from pms_drill.report.coverage import ranges
from pms_drill.report.model import RunVerdict
from pms_drill.report.page_text import title, wrap

_REASONS = {
    "not-claimed": "the profile does not claim this behaviour",
    "no-witness": "the stack lacks what would have to see it",
    "stack-cannot": "the stack cannot produce this situation",
    "agent-cannot": "the agent has no way to be brought there",
    "needs-linux": "needs Linux",
    "needs-real-pms": "needs the real PMS, not its stand-in",
    "needs-tool": "needs a program that is not installed here; `pms-drill doctor` names it",
}
#: The same for the first line, after a number.
_IN_A_WORD = {
    "not-claimed": "not claimed",
    "no-witness": "without a witness",
    "stack-cannot": "impossible on this stack",
    "agent-cannot": "impossible with this agent",
    "needs-linux": "need Linux",
    "needs-real-pms": "need the real PMS",
    "needs-tool": "need a tool",
}
#: Status of a finding -> what it is told under, in this order, and what follows from it.
FINDINGS = {
    Status.NEW: ("NEW: seen and not written down", "it fails; write it down in contracts/pms/known-findings.toml"),
    Status.UNKNOWN: ("looked for, and nothing can be said", "unknown, like a property of which nothing can be said"),
    Status.KNOWN: ("seen", "written down in contracts/pms/known-findings.toml; decides nothing"),
    Status.VANISHED: ("looked for and not seen", "decides nothing; remove its entry when that stays so"),
    Status.ABSENT: ("looked for and not seen, not written down", ""),
    Status.NOT_LOOKED_FOR: ("not looked for", "left to other parts, tiers or stacks, or to another selection"),
}
#: Experiments that are named; of more only the number stands on the page.
_MOST_NAMED = 8


def in_a_word(reason: str, count: int) -> str:
    """ "2 need a tool", "1 needs a tool"."""
    word = _IN_A_WORD.get(reason, reason)
    return f"{count} {word.replace('need ', 'needs ', 1) if count == 1 else word}"


def skips(skipped: dict[str, int]) -> Iterator[str]:
    """Tests that were skipped, by reason."""
    if not skipped:
        return
    yield from title("Not judged (skipped)")
    for reason, count in sorted(skipped.items()):
        yield f"  {count:>4}  {reason:<15} {_REASONS.get(reason, '')}"


def left_out(verdict: RunVerdict) -> Iterator[str]:
    """What the tier leaves to others: nobody may take it for passed."""
    if not verdict.left_out and not verdict.left_out_experiments:
        return
    yield from title(f"Not judged in {verdict.tier} (left to other tiers)")
    if verdict.left_out:
        yield from wrap(f"{len(verdict.left_out)} properties: {', '.join(ranges(verdict.left_out))}", "  ", "    ")
    if verdict.left_out_experiments:
        names = verdict.left_out_experiments
        told = ", ".join(names) if len(names) <= _MOST_NAMED else "listed in verdict.json"
        yield from wrap(f"{len(names)} experiments: {told}", "  ", "    ")
    yield f"  `make test-pms-integration TIER={'weekly' if verdict.tier == 'pr' else 'pr'}` judges them."


def notes(verdict: RunVerdict) -> Iterator[str]:
    """What could not be written or shown, and what the twin could not play: it decides nothing."""
    if not verdict.notes:
        return
    yield from title("What could not be written, shown or played (decides nothing)")
    for note in verdict.notes:
        yield from wrap(note, "  ", "    ")


def repeated(verdict: RunVerdict) -> Iterator[str]:
    """Experiments that were run once more, whatever the first time showed of the agent."""
    if verdict.repeated:
        yield from title("Run once more (the machine stalled at a moment that is judged)")
        yield from wrap("; ".join(verdict.repeated), "  ", "    ")


def findings(verdict: RunVerdict) -> Iterator[str]:
    """Defects of the PMS, apart from everything that is said about the agent: seen, not seen, not looked for."""
    if not verdict.findings:
        return
    yield from title("Findings about the PMS itself (not the agent, no properties)")
    for status, (heading, meaning) in FINDINGS.items():
        chosen = [finding for finding in verdict.findings if finding.status is status]
        if not chosen:
            continue
        yield from wrap(f"{heading} ({len(chosen)}){meaning and f': {meaning}'}", "  ", "    ")
        if status is Status.NOT_LOOKED_FOR:
            yield from wrap(", ".join(ranges(finding.id for finding in chosen)), "    ", "    ")
            continue
        for finding in chosen:
            yield from wrap(f"{finding.id}  {finding.sentence}", "    ", "            ")
            if finding.witness:
                yield from wrap(f"saw  {finding.witness}", "            ", "                 ")
        yield ""
