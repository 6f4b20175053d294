"""`pms-drill replay`: a schedule with guests, the same decisions each time, and a code that says what was shown."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pms_drill.lease import STATE_VARIABLE
from tests.suite.conftest import REPO

SHORT = """
title = "two faults, one inside the other"
seed = 5
duration = "4s"

[guests]
per_second = 6

[[fault]]
fault = "slow"
level = 0.4
from = "500ms"
to = "3s"

[[fault]]
fault = ["server_error", "bad_gateway"]
from = "1s"
to = "2s"
"""


def replay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> subprocess.CompletedProcess[str]:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "state"))
    argv = [sys.executable, "-m", "pms_drill", "replay", *words, "--results", str(tmp_path / "runs")]
    return subprocess.run(argv, cwd=REPO, capture_output=True, text=True, timeout=110, check=False)


@pytest.fixture
def short(tmp_path: Path) -> Path:
    file = tmp_path / "short.toml"
    file.write_text(SHORT, encoding="utf-8")
    return file


def test_replay_shows_every_fault_and_ends_with_0(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, short: Path) -> None:
    done = replay(tmp_path, monkeypatch, str(short))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every fault had its effect and is gone" in done.stdout
    assert sum(" s  breaker " in line for line in done.stdout.splitlines()) == 4
    [journal] = (tmp_path / "runs").glob("*-replay-*/evidence/replay/journal.jsonl")
    events = [json.loads(line) for line in journal.read_text().splitlines()]
    decided = [event["detail"] for event in events if event["what"] == "decided"]
    printed = replay(tmp_path, monkeypatch, str(short), "--decisions").stdout.splitlines()[1:]
    assert [line.strip() for line in printed] == [line.strip() for line in decided]
    assert len(decided) == 4


def test_wrong_schedule_is_one_message_and_code_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(SHORT.replace('"slow"', '"sloow"'), encoding="utf-8")
    done = replay(tmp_path, monkeypatch, str(file))
    assert done.returncode == 2
    assert "there is no fault 'sloow'" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()
