"""Runs the suite as a user does, with results in a folder of the test's own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pms_drill.checks.verdict import Outcome
from pms_drill.lease import STATE_VARIABLE
from pms_drill.report.model import RunVerdict
from pms_drill.report.results import read_verdict

REPO = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ran:
    """One run: its exit code, its verdict and what it printed."""

    code: int
    verdict: RunVerdict
    page: str

    def named(self, outcome: Outcome) -> set[str]:
        return {name for name, result in self.verdict.properties.items() if result.verdict is outcome}


RunSuite = Callable[..., Ran]


@pytest.fixture
def write_profile(tmp_path: Path) -> Callable[[str], Path]:
    """A profile over `reference-fast` in a file."""

    def write(text: str) -> Path:
        path = tmp_path / "changed.toml"
        path.write_text(f'title = "changed"\nextends = "reference-fast"\n{text}', encoding="utf-8")
        return path

    return write


@pytest.fixture
def run_suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunSuite:
    """Runs `pms-drill run` with one worker and a fixed seed."""
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "state"))

    def run(*words: str, profile: Path | str = "reference-fast") -> Ran:
        results = tmp_path / "results"
        argv = [sys.executable, "-m", "pms_drill", "run", *words, "--results", str(results), "-n", "0"]
        argv += ["--pms-seed", "4711", "--pms-profile", str(profile)]
        done = subprocess.run(argv, cwd=REPO, capture_output=True, text=True, timeout=240, check=False)
        assert (results / "latest").exists(), done.stdout + done.stderr
        return Ran(done.returncode, read_verdict(results / "latest"), done.stdout)

    return run
