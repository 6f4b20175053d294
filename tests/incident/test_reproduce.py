"""`pms-drill reproduce`, as people run it: its verdicts, its commands, and nothing left when it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from pms_drill.lease import STATE_VARIABLE

REPO = Path(__file__).resolve().parents[2]
_ENDS_WITHIN_S = 60

#: All of them want port 8000 first, so they run one after the other.
pytestmark = pytest.mark.xdist_group("incident")

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, STATE_VARIABLE: str(tmp_path / "state")}


@pytest.fixture
def start(tmp_path: Path, environment: dict[str, str]) -> Iterator[Start]:
    """Start `pms-drill reproduce` with short waits."""
    children: list[subprocess.Popen[str]] = []

    def reproduce(*words: str, profile: str = "reference-fast") -> subprocess.Popen[str]:
        argv = [sys.executable, "-m", "pms_drill", "reproduce", *words, "--scaled", "--pms-profile", profile]
        argv += ["--results", str(tmp_path / "runs")]
        child = subprocess.Popen(
            argv, cwd=REPO, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        children.append(child)
        return child

    yield reproduce
    for child in children:
        child.kill()
        child.communicate()


def read_until(child: subprocess.Popen[str], text: str) -> list[str]:
    """Lines up to the one with the text; the test's own time limit ends a wait in vain."""
    assert child.stdout is not None
    lines: list[str] = []
    for line in child.stdout:
        lines.append(line.rstrip("\n"))
        if text in line:
            return lines
    raise AssertionError("\n".join(lines))


def test_a_mitigation_that_fits_helps_and_the_code_is_0(start: Start) -> None:
    child = start("A", "--mitigate", "restart-pms")
    told, _ = child.communicate(timeout=_ENDS_WITHIN_S)
    assert child.returncode == 0, told
    assert ">>> reproduced: breaker open" in told
    assert ">>> restart-pms helped: the PMS answers guests" in told
    assert "everything is healed and stopped" in told


def test_a_restart_of_the_pms_does_not_help_against_a_key_and_the_code_is_1(start: Start) -> None:
    child = start("B", "--mitigate", "restart-pms")
    told, _ = child.communicate(timeout=_ENDS_WITHIN_S)
    assert child.returncode == 1, told
    assert ">>> restart-pms did not help, as the runbook lets expect" in told


def test_an_agent_that_keeps_its_first_key_is_found_by_the_mitigation_that_should_help(
    start: Start, tmp_path: Path
) -> None:
    mutant = tmp_path / "mutant.toml"
    mutant.write_text(
        'extends = "reference-fast"\n[agent]\nstart = ["{python}", "-m", "tests.mutants.keeps_its_first_key"]\n'
    )
    child = start("B", "--mitigate", "rotate-key", profile=str(mutant))
    told, _ = child.communicate(timeout=_ENDS_WITHIN_S)
    assert child.returncode == 1, told
    assert ">>> rotate-key did not help, although the runbook says that it does" in told


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_held_incident_ends_with_a_signal_and_its_commands_work_until_then(start: Start, number: int) -> None:
    child = start("C", "--hold")
    lines = read_until(child, ">>> held")
    programs = psutil.Process(child.pid).children(recursive=True)
    commands = [line.strip().removeprefix("$ ") for line in lines if line.startswith("  $ ")]
    assert len(commands) >= 7
    for command in commands:
        argv = ["/bin/bash", "-o", "pipefail", "-c", command]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=40, check=False)
        assert (done.returncode, bool(done.stdout)) == (0, True), (command, done.stdout, done.stderr)
    child.send_signal(number)
    read_until(child, "everything is healed and stopped")
    assert child.wait(timeout=_ENDS_WITHIN_S) == 0
    assert psutil.wait_procs(programs, timeout=10)[1] == []


def test_what_a_killed_incident_leaves_is_cleaned(start: Start, environment: dict[str, str], tmp_path: Path) -> None:
    child = start("A", "--hold")
    lines = read_until(child, ">>> held")
    [folder] = {Path(line.partition(" -K ")[2].split()[0]).parent for line in lines if " -K " in line}
    assert folder.is_dir()
    programs = psutil.Process(child.pid).children(recursive=True)
    child.kill()
    child.wait()
    argv = [sys.executable, "-m", "pms_drill", "heal"]
    healed = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert healed.returncode == 0, healed.stdout + healed.stderr
    assert psutil.wait_procs(programs, timeout=10)[1] == []
    assert not folder.exists()
    assert list((tmp_path / "state" / "leases").glob("*.json")) == []


def test_a_signal_before_the_outage_is_unknown(start: Start) -> None:
    child = start("A")
    read_until(child, "starting agent")
    child.send_signal(signal.SIGINT)
    told, _ = child.communicate(timeout=_ENDS_WITHIN_S)
    assert child.returncode == 2, told
    assert "unknown: ended by a signal" in told
