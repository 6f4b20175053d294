"""The CI files: pinned, limited, and every `run:` step executed here, whole or in its dry form."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from pms_drill.drift import command, store
from pms_drill.report.model import Counts, RunVerdict

REPO = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((REPO / ".github" / "workflows").glob("*.yml"))
#: Steps that are executed as they stand; the others are shell lines that begin with make, executed with -n.
WHOLE = re.compile(r"^(\.venv/bin/pms-drill (report|doctor)\b|make drift TO=|cat )")
#: Why a whole step of ours is executed in another form. `make -n` prints what would be done, and fails for a target
#: that is not there; the commands behind it have tests of their own.
DRY = {
    "make setup": "it would change the environment that this test runs in",
    "make promtool": "a download from the internet, unless it is installed",
    "make lint": "half a minute, and part of every change by itself",
    "make test": "it is this test's own session",
    "make kill-matrix": "a quarter of an hour; the next test looks at what it selects",
    "make test-pms-integration TIER=pr": "minutes; tests/suite runs experiments of it",
    "make test-pms-integration TIER=weekly STACK=compose PROFILE=reference-real": "an hour, and needs a Docker engine",
    "make qloapps": "a download from the internet",
    ".venv/bin/pms-drill doctor --pms-stack compose": "needs a Docker engine; its embedded form runs whole",
}


@dataclass(frozen=True)
class Step:
    workflow: str
    run: str


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def steps() -> list[Step]:
    return [
        Step(path.stem, step["run"])
        for path in WORKFLOWS
        for job in read(path)["jobs"].values()
        for step in job["steps"]
        if "run" in step
    ]


def bash(script: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """As a runner executes a step: `bash -e` on a file."""
    file = folder / "step.sh"
    file.write_text(script, encoding="utf-8")
    return subprocess.run(
        ["bash", "-e", str(file)], cwd=folder, env={**os.environ, **env}, capture_output=True, text=True, timeout=100,
        check=False,
    )  # fmt: skip


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What a step finds: the Makefile, the environment that `make setup` made, and a run that has ended."""
    (tmp_path / "checkout").mkdir()
    root = tmp_path / "checkout"
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy2(REPO / name, root)  # not newer than the environment, which make would renew
    (root / ".venv").symlink_to(REPO / ".venv")
    folder = root / "runs" / "20270101T000000Z-pr-embedded"
    folder.mkdir(parents=True)
    (root / "runs" / "latest").symlink_to(folder.name)
    verdict = RunVerdict(
        run_id=folder.name, commit="c", tier="pr", stack="embedded", profile="p", seed=1, started="", duration_s=1,
        exit_code=0, parts=["contracts"], versions={}, machine={}, counts=Counts(passed=3), properties={}, targets=[],
        findings=[], trouble=[], complete=True,
    )  # fmt: skip
    (folder / "verdict.json").write_text(verdict.model_dump_json())
    # What its PMS answered: as recorded.
    (folder / "versions.json").write_text('{"pms": "QloApps 1.6.1.0"}')
    shutil.copytree(store.RECORDINGS / "1.6.1", folder / store.OF_A_RUN)
    (folder / command.OF_A_RUN).write_text("# Changes\n")
    return root


#: Those that judge an agent, and keep the results.
JUDGING = [path for path in WORKFLOWS if path.stem != "kill-matrix"]


def test_all_workflows_are_there() -> None:
    assert [path.stem for path in WORKFLOWS] == ["kill-matrix", "pull-request", "weekly"]


def test_kill_matrix_runs_every_night_and_selects_every_agent_with_a_defect(checkout: Path) -> None:
    workflow = read(REPO / ".github" / "workflows" / "kill-matrix.yml")
    [night] = [entry["cron"] for entry in workflow[True]["schedule"]]
    assert night.split()[2:] == ["*", "*", "*"]
    done = bash("make -n kill-matrix", checkout)
    assert '-m "kill_matrix or kill_sample"' in done.stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_may_only_read_the_code_and_ends_in_time(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["group"]
    for job in workflow["jobs"].values():
        assert "permissions" not in job
        assert 0 < job["timeout-minutes"] <= 120
        for step in job["steps"]:
            if str(step.get("uses", "")).startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
    assert "secrets." not in path.read_text(encoding="utf-8")
    # YAML 1.1 reads the key `on` as true.
    assert "pull_request_target" not in workflow[True]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_pinned_by_its_commit_and_names_its_tag(path: Path) -> None:
    uses = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if "uses:" in line]
    assert uses
    wrong = [line for line in uses if not re.search(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)]
    assert wrong == []


@pytest.mark.parametrize("path", JUDGING, ids=lambda path: path.stem)
def test_results_and_summary_are_kept_also_when_the_run_is_red(path: Path) -> None:
    [job] = [job for name, job in read(path)["jobs"].items() if name == "integration"]
    kept = [step for step in job["steps"] if step.get("if") == "${{ !cancelled() }}"]
    assert any("GITHUB_STEP_SUMMARY" in step.get("run", "") for step in kept)
    [upload] = [step for step in kept if step.get("uses", "").startswith("actions/upload-artifact@")]
    assert "tests/integration/pms_test_results.txt" in upload["with"]["path"]
    assert upload["with"]["if-no-files-found"] == "error"


def test_no_step_contains_an_expression_of_the_workflow() -> None:
    assert [step.run for step in steps() if "${{" in step.run] == []


def test_each_step_is_either_whole_or_dry_with_a_reason() -> None:
    undecided = [step.run for step in steps() if not WHOLE.match(step.run) and step.run not in DRY]
    assert undecided == []
    assert set(DRY) <= {step.run for step in steps()}


@pytest.mark.parametrize(
    "step", [one for one in steps() if one.run not in DRY], ids=lambda one: f"{one.workflow}: {one.run[:50]}"
)
def test_step_runs_whole(step: Step, checkout: Path, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.touch()
    state = str(tmp_path / "state")
    done = bash(step.run, checkout, GITHUB_STEP_SUMMARY=str(summary), PMS_DRILL_STATE=state)
    assert done.returncode == 0, done.stdout + done.stderr
    if "report --markdown" in step.run:
        assert summary.read_text().startswith("## PMS integration: PASSED\n\n3 tests passed")
    elif "GITHUB_STEP_SUMMARY" in step.run:
        assert summary.read_text() == "# Changes\n"


def step_with(words: str, workflow: str = "weekly") -> Step:
    [found] = [step for step in steps() if step.workflow == workflow and words in step.run]
    return found


@pytest.mark.parametrize("workflow", ["weekly", "pull-request"])
@pytest.mark.parametrize("lost", ["runs", ".venv"], ids=["no result", "set-up failed"])
def test_summary_says_unknown_where_no_run_left_a_result(
    checkout: Path, tmp_path: Path, workflow: str, lost: str
) -> None:
    gone = checkout / lost
    gone.unlink() if gone.is_symlink() else shutil.rmtree(gone)
    summary = tmp_path / "summary.md"
    done = bash(step_with("report --markdown", workflow).run, checkout, GITHUB_STEP_SUMMARY=str(summary))
    assert done.returncode == 2, done.stdout + done.stderr
    assert summary.read_text().startswith("## PMS integration: UNKNOWN")


def test_pms_of_the_run_that_answers_otherwise_than_recorded_makes_the_job_red(checkout: Path) -> None:
    step = step_with("make drift")
    assert bash(step.run, checkout).returncode == 0
    recording = checkout / "runs" / "latest" / store.OF_A_RUN / store.FILE
    recording.write_text(recording.read_text().replace('"status": 200', '"status": 503'))
    done = bash(step.run, checkout)
    assert done.returncode != 0
    assert "breaking" in (checkout / "runs" / "latest" / command.OF_A_RUN).read_text().lower()


def test_run_without_a_recording_of_its_pms_makes_the_job_red(checkout: Path) -> None:
    shutil.rmtree(checkout / "runs" / "latest" / store.OF_A_RUN)
    done = bash(step_with("make drift").run, checkout)
    assert done.returncode != 0
    assert "no recording can be read" in done.stdout + done.stderr


def test_alert_rules_are_judged_in_every_workflow_that_runs_the_suite() -> None:
    for path in WORKFLOWS:
        [job] = [job for name, job in read(path)["jobs"].items() if name == "integration"] or [{"steps": []}]
        runs = [step.get("run", "") for step in job["steps"]]
        assert not runs or "make promtool" in runs, path.stem


@pytest.mark.parametrize(
    "step", [one for one in steps() if one.run.startswith("make ")], ids=lambda one: f"{one.workflow}: {one.run[:50]}"
)
def test_step_that_is_not_run_whole_has_a_dry_form_that_works(step: Step, checkout: Path) -> None:
    done = bash(step.run.replace("make ", "make -n ", 1), checkout)
    assert done.returncode == 0, done.stdout + done.stderr
    for word in step.run.split():
        name, _, value = word.partition("=")
        option = {"TIER": "--pms-tier", "STACK": "--pms-stack", "PROFILE": "--pms-profile"}.get(name)
        assert option is None or f"{option} {value}" in done.stdout


def test_weekly_runs_the_real_pms() -> None:
    [run] = [step.run for step in steps() if step.workflow == "weekly" and "test-pms-integration" in step.run]
    assert "STACK=compose" in run
    assert "TIER=weekly" in run
    assert "ALLOW_TWIN" not in (REPO / ".github" / "workflows" / "weekly.yml").read_text(encoding="utf-8")
