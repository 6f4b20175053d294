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
    found = search(run_dir, private, RunContext(stack="external"))
    assert [one.property for one in found] == ["SEC-01", "SEC-02", "SEC-03", "SEC-04"]
    assert {(one.outcome, one.skip_reason) for one in found} == {(Outcome.SKIPPED, SkipReason.NO_WITNESS)}
    told = {one.property: one.outcome for one in search(run_dir, private, RunContext(stack="embedded"))}
    assert told["SEC-01"] is Outcome.UNKNOWN
