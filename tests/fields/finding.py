"""Runs the experiments and contract tests whose evidence is tampered with: two sessions beside each other.

It wants a calm machine: on one that was too late checks say unknown where they would say failed, and fewer readers are
found.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pms_drill.lease import STATE_VARIABLE
from tests.fields.table import Table, merged

REPO = Path(__file__).resolve().parents[2]
#: What tells every cell once: with failover, and without it for what is refused.
_WITH = (
    "(agent_api and not generated and not test_input) or "
    "((server_error or unauthorized or mock_switch or breaker_reset or heal_midway) and not mock_contract)"
)
_WITHOUT = "(TOLD-07 or FAIL-01 or FAIL-06 or MET-08) and hang and not cause"


def find(folder: Path) -> Table:
    """Record evidence, tamper with each cell of it, and tell which properties notice.

    Args:
        folder: for results; empty.

    Raises:
        RuntimeError: a session recorded nothing.
    """
    sessions = [
        _start(folder, "with", ["contracts/agent_api", "chaos"], "-k", _WITH, "-n", "2", "--dist", "loadgroup"),
        _start(folder, "without", ["chaos"], "-k", _WITHOUT, "-n", "0", "--pms-profile", "reference-nofailover"),
    ]
    for session in sessions:
        session.wait(timeout=500)
    table = merged(folder)
    if not table.tried:
        raise RuntimeError(f"nothing was recorded: look at the sessions' output in {folder}")
    return table


def _start(folder: Path, name: str, parts: list[str], *how: str) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-m", "pytest", *parts, *how, "-p", "tests.fields.plugin", "--fields", str(folder), "-q"]
    argv += ["-p", "no:locust", "--pms-run-dir", str(folder / name), "--pms-seed", "4711"]
    env = {**os.environ, "PYTHONPATH": str(REPO), STATE_VARIABLE: str(folder / f"state-{name}")}
    with (folder / f"{name}.txt").open("wb") as output:
        return subprocess.Popen(argv, cwd=REPO, env=env, stdout=output, stderr=subprocess.STDOUT)
