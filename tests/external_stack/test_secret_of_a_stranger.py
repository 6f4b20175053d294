"""A system that gave the harness no secret has none that could be looked for."""

from __future__ import annotations

from pathlib import Path

from pms_drill.checks.verdict import Outcome, SkipReason
from pms_drill.report.outcomes import RunContext
from pms_drill.report.secret_search import search


def test_without_a_secret_the_search_is_skipped_on_external_and_unknown_elsewhere(tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    (run_dir / "evidence" / "contracts-main").mkdir(parents=True)
    (run_dir / "evidence" / "contracts-main" / "journal.jsonl").touch()
    private = tmp_path / "private"
    private.mkdir()
    [skipped] = search(run_dir, private, RunContext(stack="external"))
    assert (skipped.outcome, skipped.skip_reason) == (Outcome.SKIPPED, SkipReason.NO_WITNESS)
    [unknown] = search(run_dir, private, RunContext(stack="embedded"))
    assert unknown.outcome is Outcome.UNKNOWN
