"""The command itself: messages and exit codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pms_drill import cli
from pms_drill.errors import DrillError


def pms_drill(*words, cwd=None):
    command = [sys.executable, "-m", "pms_drill", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, cwd=cwd)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["run", "chaoss"], "there is no part 'chaoss'"),
        (["run", "--pms-tier", "hourly"], "there is no tier 'hourly'"),
        (["run", "--pms-seed", "many"], "--pms-seed"),
        (["fly"], "No such command 'fly'"),
    ],
)
def test_a_wrong_word_is_a_message_and_exit_code_2(words, says, project, monkeypatch):
    project()  # its PYTHONPATH
    done = pms_drill(*words)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_version_and_help(project):
    project()
    assert pms_drill("--version").stdout.startswith("pms-drill")
    told = pms_drill("--help").stdout
    assert all(command in told for command in ("run", "report", "heal"))


def test_report_of_a_folder_without_a_run(tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["report", str(tmp_path)])
    assert end.value.code == 2
    assert "there is no result here" in capsys.readouterr().err


def test_an_unexpected_error_is_one_line_and_a_log_with_the_trace(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(cli.cli, "main", lambda **_: 1 / 0)
    with pytest.raises(SystemExit) as end:
        cli.main([])
    assert end.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("pms-drill broke: ZeroDivisionError")
    (log,) = Path(tmp_path).glob("pms-drill-crash-*.log")
    assert "Traceback" in log.read_text()
    assert str(log) in line


def test_an_error_of_the_user_is_told_without_a_trace(monkeypatch, capsys):
    def broken(**_):
        raise DrillError("the agent did not start", where="agent.log", todo="look there")

    monkeypatch.setattr(cli.cli, "main", broken)
    with pytest.raises(SystemExit) as end:
        cli.main([])
    assert end.value.code == 2
    assert capsys.readouterr().err == "the agent did not start\n  where: agent.log\n  to do: look there\n"
