"""A stack that is held for people."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from pms_drill.lease import STATE_VARIABLE

CODE = (
    "import sys; from pathlib import Path; from pms_drill import hold\n"
    "hold.up('embedded', 'reference-fast', Path(sys.argv[1]), lambda line: print(line, flush=True))"
)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, STATE_VARIABLE: str(tmp_path / "state")}


@pytest.fixture
def held(tmp_path: Path, environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A held stack and the address of its agent."""
    child = subprocess.Popen(
        [sys.executable, "-c", CODE, str(tmp_path / "held")], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    yield child, child.stdout.readline().split()[-1]
    child.kill()
    child.wait()
    child.stdout.close()


def down(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "pms_drill", "down"]
    return subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=False)


def below(child: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(child.pid).children(recursive=True)


def test_held_stack_answers_and_ctrl_c_ends_all_of_it(held, environment: dict[str, str]) -> None:
    child, agent = held
    assert httpx.get(f"{agent}/health/ready", trust_env=False).status_code == 200
    programs = below(child)
    assert len(programs) >= 4
    second = subprocess.run(
        [sys.executable, "-m", "pms_drill", "up"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 2
    assert "held already" in second.stderr
    child.send_signal(signal.SIGINT)
    assert child.wait(timeout=30) == 0
    assert psutil.wait_procs(programs, timeout=10)[1] == []


def test_down_ends_a_stack_of_another_terminal(held, environment: dict[str, str]) -> None:
    child, _ = held
    programs = below(child)
    done = down(environment)
    assert (done.returncode, f"process {child.pid} held" in done.stdout) == (0, True)
    assert child.wait(timeout=30) == 0
    assert psutil.wait_procs(programs, timeout=10)[1] == []


def test_down_cleans_what_a_killed_one_left(held, environment: dict[str, str], tmp_path: Path) -> None:
    child, _ = held
    child.kill()
    child.wait()
    done = down(environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "cleaned the lease" in done.stdout
    assert list((tmp_path / "state" / "leases").glob("*.json")) == []
