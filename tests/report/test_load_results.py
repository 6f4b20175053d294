"""Bands of load on their way through a whole run: page, review, JUnit, Allure and exit code tell the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from junitparser import JUnitXml

from pms_drill.checks.verdict import Outcome
from pms_drill.runner import Run, RunOptions

pytestmark = pytest.mark.xdist_group("runner")

#: What the load part does, with literal figures: rows are made, written, and each is claimed by its property.
LOAD = """
    from dataclasses import replace
    from pathlib import Path

    from pms_drill.checks.verdict import Outcome, claim
    from pms_drill.evidence.bundle import Span
    from pms_drill.load.bands import PROPERTIES, Band, load_targets
    from pms_drill.load.judge import METRICS, judge
    from pms_drill.load.operation import Operation
    from pms_drill.load.phases import Reading
    from pms_drill.load.run import write_targets

    CALLS = [Operation(n, "availability", 1.0, 1.0, 1.0 + 1.2, 200, "pms") for n in range(200)]
    CALLS += [Operation(n, "reservations", 1.0, 1.0, 1.0 + 1.2, 201, "confirmed") for n in range(200, 230)]
    CLOSED = [Reading(float(n), 0.0) for n in range(9)]
    ROWS = judge(CALLS, CLOSED, {"steady": Span(0.0, 9.0)}, load_targets(), {})
    ROWS = [replace(row, band=Band("BAND")) for row in ROWS]

    @pytest.fixture(scope="session")
    def rows(pytestconfig):
        write_targets(Path(pytestconfig.getoption("--pms-run-dir")) / "targets.json", ROWS)
        return ROWS

    def of(metric):
        @pytest.mark.property(PROPERTIES[metric.partition(":")[0]])
        def test(rows, request):
            verdict = next(row.verdict for row in rows if row.metric == metric)
            request.node.user_properties.append(("seen", verdict.why))
            claim(verdict)
        return test

    for metric in METRICS:
        globals()["test_" + metric.replace(":", "_")] = of(metric)
"""


def run_with(project, band: str):
    root = project(load=LOAD.replace("BAND", band))
    return Run(
        RunOptions(seed=7, workers=0, parts=["load"]), root=root, properties=(), say=lambda _: None
    ).execute(), root


def page_of(root: Path) -> str:
    return (root / "runs" / "latest" / "pms_test_results.txt").read_text(encoding="utf-8")


def test_a_run_with_every_figure_in_warning_is_not_0_and_says_why(project):
    verdict, root = run_with(project, "warning")
    assert (verdict.exit_code, verdict.fail_on, verdict.complete) == (11, "warning", True), verdict.trouble
    assert {row.band for row in verdict.targets} == {"warning"}
    assert {result.verdict for result in verdict.properties.values() if result.part == "load"} == {Outcome.PASSED}
    assert ": warning (target < 500, warning > 1000, critical > 3000)" in verdict.properties["LOAD-02"].why
    page = page_of(root)
    assert page.startswith("PMS integration, a selection (part load): WARNING")
    assert "a figure is past the runbook's warning limit" in page
    assert "Response time (availability), steady: p50 1200 ms" in page


def test_the_band_critical_fails_its_property_everywhere(project):
    verdict, root = run_with(project, "critical")
    assert verdict.exit_code == 12
    load = {name: result for name, result in verdict.properties.items() if name.startswith("LOAD")}
    assert {result.verdict for result in load.values()} == {Outcome.FAILED}
    assert len(load) == 4
    folder = root / "runs" / "latest"
    page, review = page_of(root), (folder / "review.md").read_text(encoding="utf-8")
    assert page.startswith("PMS integration, a selection (part load): CRITICAL")
    assert "LOAD-02" in page.partition("What failed")[2]
    assert "### LOAD-02" in review.partition("What does not hold")[2]
    suites = {suite.name: suite for suite in JUnitXml.fromfile(str(folder / "junit.xml"))}
    assert (suites["load"].failures, suites["load"].tests) == (5, 5)
    told = [json.loads(path.read_text()) for path in (folder / "allure-results").glob("*-result.json")]
    assert sorted(result["status"] for result in told if "load" in result["fullName"]) == ["failed"] * 5
