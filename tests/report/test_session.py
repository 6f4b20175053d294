"""The output of a session is read to its end, whatever becomes of the log and of the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pms_drill.checks.verdict import SkipReason
from pms_drill.report.skips import skip
from pms_drill.session import Session

#: More than a pipe holds: a child whose reader has gone would never end.
LOUD = "for number in range(20_000): print('line', number)"


def run(tmp_path: Path, *, log: Path, say: Callable[[str], Any]) -> Session:
    session = Session([sys.executable, "-c", LOUD], cwd=tmp_path, log=log, say=say, env={})
    try:
        assert session.wait(20) == 0, "the child is blocked: nobody reads what it says"
    finally:
        session.stop(0.1)
    return session


def test_output_stands_in_the_log_and_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    session = run(tmp_path, log=tmp_path / "log", say=said.append)
    assert len((tmp_path / "log").read_text().splitlines()) == len(said) == 20_000
    assert session.trouble == []


def test_log_that_cannot_be_opened_is_told_and_blocks_nobody(tmp_path: Path) -> None:
    said: list[str] = []
    session = run(tmp_path, log=tmp_path / "no such folder" / "chaos.log", say=said.append)
    assert len(said) == 20_000
    assert session.trouble == ["the output could not be written to chaos.log: No such file or directory"]


def test_log_on_a_full_disk_is_told_once_and_blocks_nobody(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        skip(SkipReason.NEEDS_LINUX, "no device that is always full")
    (tmp_path / "log").symlink_to("/dev/full")
    said: list[str] = []
    session = run(tmp_path, log=tmp_path / "log", say=said.append)
    assert len(said) == 20_000
    [told] = session.trouble
    assert told.startswith("the output could not be written to log: OSError")


@pytest.mark.parametrize("error", [BrokenPipeError("closed"), UnicodeEncodeError("ascii", "é", 0, 1, "no")])
def test_terminal_that_has_gone_is_told_and_the_log_is_whole(tmp_path: Path, error: Exception) -> None:
    def say(_line: str) -> None:
        raise error

    session = run(tmp_path, log=tmp_path / "log", say=say)
    assert len((tmp_path / "log").read_text().splitlines()) == 20_000
    [told] = session.trouble
    assert told.startswith(f"the output could not be shown: {type(error).__name__}")
