"""Searches everything that a run left for the run's secrets, and makes test records of what was found."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from pms_drill.checks.secrets import Canary, Hit, Needles, Searched, nothing_leaked
from pms_drill.checks.verdict import Outcome, SkipReason
from pms_drill.evidence import canaries
from pms_drill.report.outcomes import Record, RunContext
from pms_drill.stack import backends

#: The part of the verdict that the runner judges itself.
PART = "run"
#: Property -> the kind of secret.
PROPERTIES = {
    "SEC-01": canaries.PMS_KEY,
    "SEC-02": canaries.ADMIN_TOKEN,
    "SEC-03": canaries.DB_PASSWORD,
    "SEC-04": canaries.CONTROL_TOKEN,
}


def search(run_dir: Path, private: Path, context: RunContext) -> list[Record]:
    """One record for each kind of secret, those that this stack does not have being skipped.

    Args:
        run_dir: the run's folder, with everything in it.
        private: the folder of secrets and answers (`pms_drill.evidence.canaries`).
        context: for the line that shows it again.

    Returns:
        Nothing if no stack was started, so that there were no secrets. If one was started and planted none, the
        record of the PMS's key is unknown. A kind that the stack has and that was not planted has no record.

    Raises:
        OSError: a file cannot be read.
    """
    known = [Canary(kind, value) for kind, value in canaries.planted(private)]
    kinds = {canary.kind for canary in known}
    if not known:
        if not _stack_was_started(run_dir):
            return []
        kinds = set() if context.stack == "external" else {canaries.PMS_KEY}
    needles = Needles(known)
    hits: list[Hit] = []
    files = size = 0
    for path in _files(run_dir):
        text = path.read_bytes()
        files, size = files + 1, size + len(text)
        hits += needles.found_in(text, path.relative_to(run_dir).as_posix())
    told = canaries.answers(private)
    for asked, answer in told:
        hits += needles.found_in(answer.encode(), asked)
    searched = Searched(files, size, len(told))
    found = [_record(name, kind, known, hits, searched, context) for name, kind in PROPERTIES.items() if kind in kinds]
    return found + [
        _absent(name, kind, *why, context)
        for name, kind in PROPERTIES.items()
        if kind not in kinds and (why := _why_absent(kind, context.stack))
    ]


def _record(
    name: str, kind: str, known: list[Canary], hits: list[Hit], searched: Searched, context: RunContext
) -> Record:
    verdict = nothing_leaked(kind, known, hits, searched)
    passed = verdict.outcome is Outcome.PASSED
    return Record(
        nodeid=f"pms_drill/report/secret_search.py::{name}",
        part=PART,
        property=name,
        sentence=f"the {kind} stands in no answer, header, log, metric or result",
        outcome=verdict.outcome,
        why="" if passed else verdict.why,
        reproduce="" if passed else context.command("").replace("  ", " "),
    )


def _why_absent(kind: str, stack: str) -> tuple[SkipReason, str] | None:
    """Why a stack has no secret of this kind; None if it must have one."""
    if stack == "external":
        return (
            SkipReason.NO_WITNESS,
            "the harness was given no such secret of this system, so there is none to look for",
        )
    if kind == canaries.DB_PASSWORD and backends.stand_in(stack):
        return SkipReason.NEEDS_REAL_PMS, "the twin has no database, so that there is no password to look for"
    return None


def _absent(name: str, kind: str, reason: SkipReason, why: str, context: RunContext) -> Record:
    return _record(name, kind, [], [], Searched(0, 0, 0), context).model_copy(
        update={"outcome": Outcome.SKIPPED, "skip_reason": reason, "why": why, "reproduce": ""}
    )


def _files(run_dir: Path) -> Iterator[Path]:
    """Every file, once: results are also linked under a second name."""
    seen: set[int] = set()
    for folder, _, names in os.walk(run_dir):
        for name in sorted(names):
            path = Path(folder) / name
            if path.is_symlink() or not path.is_file():
                continue
            inode = path.stat().st_ino
            if inode not in seen:
                seen.add(inode)
                yield path


def _stack_was_started(run_dir: Path) -> bool:
    return any((run_dir / "evidence").glob("*/journal.jsonl"))
