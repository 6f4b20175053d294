"""Every check has been seen failing: each proof in the catalogue is looked at, and the fast ones are done again.

A history must make the check of its very property say "failed"; that is found out by running the tests of the checks
with every check watched (`witness.py`), not by reading their names.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pms_drill.checks.findings import Status
from pms_drill.checks.verdict import Outcome
from pms_drill.lease import STATE_VARIABLE
from pms_drill.properties import catalogue, suites
from pms_drill.properties.catalogue import Property
from pms_drill.report.model import RunVerdict
from pms_drill.report.results import read_verdict
from tests.mutants.lies.table import FORGOTTEN, MENDED

# The fixtures run tests of the checks, and collect whole runs: once for all of one process, and so in one process only.
pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("proofs")]

REPO = Path(__file__).resolve().parents[2]
PROPERTIES = catalogue.load().property
#: What methods hand out: those of load.
BEHIND = {
    "load_run.conservation": "pms_drill.load.validity.conservation",
    "load_run.punctuality": "pms_drill.load.validity.punctuality",
    "load_run.itself_again": "pms_drill.load.again.itself_again",
}
#: The metric that each property of load is about: its history must show that one past its limits.
METRICS = {
    "LOAD-01": "availability",
    "LOAD-02": "response_time",
    "LOAD-03": "error_rate",
    "LOAD-04": "circuit_breaker",
}


def named(entry: Property, kind: str) -> list[str]:
    return [name for found, _, name in (proof.partition(":") for proof in entry.proof) if found == kind]


def test_every_property_has_a_proof() -> None:
    assert [entry.id for entry in PROPERTIES if not entry.proof] == []


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Dotted name of a check -> the tests in which it said "failed"."""
    file = tmp_path_factory.mktemp("witness") / "seen.json"
    histories = {name for entry in PROPERTIES for name in named(entry, "history")}
    argv = [sys.executable, "-m", "pytest", *sorted(histories), "-p", "tests.proofs.witness", "-p", "no:schemathesis"]
    argv += ["-p", "no:locust", "-q", "-n", "0"]
    env = {**os.environ, "WITNESS_FILE": str(file), "PYTHONPATH": str(REPO)}
    done = subprocess.run(argv, cwd=REPO, env=env, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    seen: dict[str, list[str]] = json.loads(file.read_text(encoding="utf-8"))
    return seen


@pytest.mark.parametrize(
    "entry", [entry for entry in PROPERTIES if named(entry, "history")], ids=lambda entry: entry.id
)
def test_the_history_makes_the_check_of_this_property_fail(entry: Property, failing: dict[str, list[str]]) -> None:
    checks = [BEHIND.get(check, check) for test in suites.judging() if test.key == entry.id for check in test.checks]
    assert checks, f"{entry.id} is judged by plain assertions: give it a lie"
    if metric := METRICS.get(entry.id):
        checks = [f"pms_drill.load.judge.Target.verdict:{metric}"]
    for name in named(entry, "history"):
        assert any(name in failing.get(check, []) for check in checks), f"{name} makes none of {checks} fail"


def mutants_of(entry: Property) -> list[str]:
    return [*named(entry, "mutant"), *(f"harness/{name}" for name in named(entry, "harness"))]


@pytest.mark.parametrize("entry", [entry for entry in PROPERTIES if mutants_of(entry)], ids=lambda entry: entry.id)
def test_the_mutant_names_this_property_as_one_that_must_notice(entry: Property) -> None:
    for name in mutants_of(entry):
        text = (REPO / "tests" / "mutants" / f"{name}.py").read_text(encoding="utf-8")
        must = re.search(r"must: ([A-Z0-9 -]+)", text)
        assert must is not None
        assert entry.id in must[1].split(), f"{name} does not name {entry.id}"


@pytest.fixture(scope="module")
def killing() -> set[str]:
    """Parameters of the tests of whole runs that compare what failed with what a defect or a claim must make fail."""
    argv = [sys.executable, "-m", "pytest", "tests/suite", "--collect-only", "-q", "-n", "0"]
    argv += ["-p", "no:schemathesis", "-p", "no:locust", "-m", "kill_matrix or kill_sample"]
    done = subprocess.run(argv, cwd=REPO, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    comparing = {
        f"{path.relative_to(REPO).as_posix()}::{node.name}"
        for path in (REPO / "tests" / "suite").glob("test_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
        and {"expected_of", "proved_by"} & {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    }
    ids = [line.rstrip("]").partition("[") for line in done.stdout.splitlines() if "::" in line]
    return {parameters for test, _, parameters in ids if test in comparing}


def test_every_agent_and_harness_with_a_defect_is_run_by_a_test_that_compares_what_fails(killing: set[str]) -> None:
    """A mutant that nothing runs proves nothing, however well it is written."""
    folder = REPO / "tests" / "mutants"
    written = {path.stem for path in folder.glob("*.py")} | {
        f"harness.{path.stem}" for path in folder.glob("harness/*")
    }
    proving = {name.replace("/", ".") for entry in PROPERTIES for name in mutants_of(entry)}
    assert proving <= written
    unseen = {name for name in proving if not any(re.match(rf"{re.escape(name)}(-|$)", told) for told in killing)}
    assert unseen == set()
    assert {
        name for name in written - proving if "must: " in (folder / f"{name.replace('.', '/')}.py").read_text()
    } == set()


def test_every_claim_that_proves_is_run_by_a_test_that_compares_what_fails(killing: set[str]) -> None:
    assert {name for entry in PROPERTIES for name in named(entry, "claimed")} <= killing


def test_claims_that_the_plain_agent_does_not_keep_are_those_of_a_variant() -> None:
    # tests/suite/test_variants.py runs each of them and compares what fails with the catalogue.
    names = {name for entry in PROPERTIES for name in named(entry, "claimed")}
    assert names == {path.stem for path in (REPO / "tests" / "variants").glob("*.toml")}
    assert {entry.id for entry in PROPERTIES if entry.claim and named(entry, "claimed")} == {
        entry.id for entry in PROPERTIES if named(entry, "claimed")
    }


def told_lies(tmp_path: Path, plugin: str, expression: str) -> tuple[int, RunVerdict, str]:
    argv = [sys.executable, "-m", "pms_drill", "run", "contracts", "--pms-tier", "smoke", "-n", "0"]
    argv += ["--results", str(tmp_path / "runs"), "-k", expression, "--pms-seed", "4711"]
    argv += ["--pytest=-p", f"--pytest={plugin}"]
    env = {**os.environ, STATE_VARIABLE: str(tmp_path / "state")}
    done = subprocess.run(argv, cwd=REPO, env=env, capture_output=True, text=True, timeout=180, check=False)
    return done.returncode, read_verdict(tmp_path / "runs" / "latest"), done.stdout + done.stderr


@pytest.mark.timeout(200)
def test_lies_make_every_property_fail_that_relies_on_them(tmp_path: Path) -> None:
    wanted = {entry.id for entry in PROPERTIES if named(entry, "lie")}
    assert wanted == {name for entry in PROPERTIES for name in named(entry, "lie")}
    code, verdict, said = told_lies(tmp_path, "tests.mutants.lies", "not generated")
    assert code == 1, said
    failed = {key for key, result in verdict.properties.items() if result.verdict is Outcome.FAILED}
    # One lie tells the key where none may stand, and the search for secrets finds it there.
    assert failed - {"SEC-01"} == wanted | FORGOTTEN
    assert {finding.id for finding in verdict.findings if finding.status is Status.NEW} == FORGOTTEN


@pytest.mark.timeout(200)
def test_no_defect_is_seen_at_a_pms_that_was_mended(tmp_path: Path) -> None:
    """A test that looks for a defect could say "seen" whatever happens; each was seen not seeing it."""
    code, verdict, said = told_lies(tmp_path, "tests.mutants.lies.mended", "known_defect")
    assert code == 0, said
    assert {finding.id for finding in verdict.findings if finding.status is Status.VANISHED} == set(MENDED), said
    assert [finding.id for finding in verdict.findings if finding.seen] == []


def test_every_defect_that_is_looked_for_was_seen_and_not_seen() -> None:
    # Those of experiments have literal histories for both.
    histories = {"QLO-09", "QLO-10"}
    assert set(MENDED) == FORGOTTEN
    assert FORGOTTEN | histories == {test.key for test in suites.looking()}
