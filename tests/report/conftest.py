"""A project in a temporary folder: suites, tiers, and a small plugin that stands for the harness's own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from pms_drill.report.outcomes import PartOutcomes, read_part

#: What the root conftest of the project does for the collector, and nothing more.
PLUGIN = """
    from pathlib import Path
    from pms_drill.report.collect import OutcomeCollector
    from pms_drill.report.outcomes import RunContext

    def pytest_addoption(parser):
        for name in ("run-dir", "tier", "stack", "profile", "seed"):
            parser.addoption(f"--pms-{name}", default="")

    def pytest_configure(config):
        config.addinivalue_line("markers", "property(id): catalogue id")
        config.addinivalue_line("markers", "finding(id): defect of the PMS")
        config.addinivalue_line("markers", "episode(name): experiment")
        part = Path(config.args[0]).name
        context = RunContext(seed=int(config.getoption("--pms-seed")))
        worker = getattr(config, "workerinput", {}).get("workerid", "main")
        config.pluginmanager.register(OutcomeCollector(Path(config.getoption("--pms-run-dir")), part, context, worker))
"""

TIERS = """
    [pr]
    deadline = "100s"
    parts = ["contracts", "chaos"]
    examples = 5
    [pr.skips]
    embedded = ["not-claimed"]

    [short]
    deadline = "10s"
    parts = ["contracts", "chaos"]
    examples = 5
"""


def write_project(root: Path, **parts: str) -> Path:
    """Write a project; keyword arguments are parts and the source of their test module."""
    root.mkdir(exist_ok=True)
    (root / "conftest.py").write_text(textwrap.dedent(PLUGIN))
    (root / "tiers.toml").write_text(textwrap.dedent(TIERS))
    (root / "pyproject.toml").write_text('[tool.pytest]\naddopts = ["--import-mode=importlib"]\n')
    for part, source in parts.items():
        (root / part).mkdir(exist_ok=True)
        (root / part / f"test_{part}_sample.py").write_text("import pytest\n" + textwrap.dedent(source))
    return root


def collect(root: Path, part: str, *options: str) -> PartOutcomes:
    """Run one part of a project with the collector, and read what it wrote into `<root>/run`."""
    command = [sys.executable, "-m", "pytest", part, "-q", "-p", "no:locust", "-p", "no:cacheprovider"]
    command += [f"--pms-run-dir={root / 'run'}", "--pms-seed=7", "--max-worker-restart=0"]
    command += [f"--junitxml={root / 'run' / 'junit.xml'}", f"--alluredir={root / 'run' / 'allure'}", *options]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=False, env=environment())
    (root / "output.txt").write_text(done.stdout + done.stderr)
    return read_part(root / "run", part)


def environment() -> dict[str, str]:
    """Ours, with the package on the path and without what this very session of pytest put there."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    return {**kept, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """See `write_project`; leases of its runs go to a folder of its own."""
    monkeypatch.setenv("PMS_DRILL_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])

    def write(**parts: str) -> Path:
        return write_project(tmp_path / "project", **parts)

    return write


@pytest.fixture
def collected(project: Callable[..., Path]) -> Callable[..., PartOutcomes]:
    """Run a module as the part chaos and read its records."""

    def run(source: str, *options: str, part: str = "chaos") -> PartOutcomes:
        return collect(project(**{part: source}), part, *options)

    return run
