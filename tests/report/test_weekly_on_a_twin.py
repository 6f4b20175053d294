"""A weekly run without the real PMS says so first, and is unknown unless that was allowed."""

from __future__ import annotations

import pytest

from pms_drill.report import page, summary
from pms_drill.report.results import read_verdict
from pms_drill.report.stand_in import weekly_on
from pms_drill.runner import Run, RunOptions
from pms_drill.stack.backends import stand_in

PASSES = """
    import json
    from pathlib import Path

    @pytest.mark.property("PMS-01")
    def test_hotels_are_listed(request):
        run_dir = Path(request.config.getoption("--pms-run-dir"))
        (run_dir / "versions.json").write_text(json.dumps({"pms": "twin of QloApps 1.7.0"}))
"""
TIERS = '[weekly]\ndeadline = "100s"\nparts = ["contracts"]\nexamples = 5\n'


@pytest.fixture
def weekly(project):
    root = project(contracts=PASSES)
    (root / "tiers.toml").write_text(TIERS)
    said = []
    return lambda: (
        Run(RunOptions(tier="weekly", seed=7, workers=0), root=root, properties=(), say=said.append).execute(),
        said,
    )


def test_weekly_on_a_twin_says_so_in_its_first_line_and_is_unknown(weekly, monkeypatch):
    monkeypatch.delenv("ALLOW_TWIN", raising=False)
    verdict, said = weekly()
    assert said[0].startswith("weekly without the real PMS: only a twin stands behind the agent")
    assert verdict.exit_code == 2
    assert verdict.counts.passed == 1
    assert verdict.trouble == [said[0]]
    assert page.render(verdict).startswith("PMS integration: UNKNOWN on a twin only, not on the real PMS")


def test_weekly_on_a_twin_that_is_allowed_still_says_so(weekly, monkeypatch):
    monkeypatch.setenv("ALLOW_TWIN", "1")
    verdict, said = weekly()
    assert said[0].startswith("weekly without the real PMS")
    assert (verdict.exit_code, verdict.trouble) == (0, [])
    assert page.render(verdict).startswith("PMS integration: PASSED on a twin only")
    assert summary.render(verdict).startswith("## PMS integration: PASSED on a twin only")


@pytest.mark.parametrize(
    ("tier", "twin", "objects"), [("weekly", True, True), ("weekly", False, False), ("pr", True, False)]
)
def test_only_a_weekly_run_needs_the_real_pms(tier, twin, objects):
    assert bool(weekly_on(tier, twin=twin, environment={}).objection) is objects


def test_anything_but_1_allows_nothing():
    assert not weekly_on("weekly", twin=True, environment={"ALLOW_TWIN": "yes"}).tolerated


@pytest.mark.parametrize(
    ("stack", "environment", "twin"),
    [
        ("embedded", {}, True),
        ("native", {}, False),
        ("compose", {}, False),
        ("compose", {"PMS": "twin"}, True),
        ("external", {}, False),
    ],
)
def test_which_stacks_have_a_twin(stack, environment, twin):
    assert stand_in(stack, environment) is twin


def test_summary_names_what_is_red_and_how_to_see_it_again(project):
    root = project(contracts='@pytest.mark.property("BRK-18")\ndef test_a_pipe_is_shown(): assert "a|b<c>" == ""\n')
    said = []
    verdict = Run(
        RunOptions(parts=["contracts"], seed=7, workers=0), root=root, properties=(), say=said.append
    ).execute()
    text = summary.render(read_verdict(root / "runs" / verdict.run_id))
    assert "| BRK-18 | failed | a pipe is shown | `pms-drill run contracts" in text
    assert "1 failed" in text
