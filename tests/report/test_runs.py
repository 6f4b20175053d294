"""Folders of runs."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from pms_drill import runs
from pms_drill.errors import DrillError

AT = datetime(2026, 11, 24, 17, 1, 19, tzinfo=UTC)


def finished(root, name, size=0):
    folder = root / name
    folder.mkdir(parents=True)
    (folder / runs.VERDICT).write_text("{}")
    (folder / "big").write_bytes(b"x" * size)
    return folder


def test_a_run_is_named_after_its_time_tier_and_stack_and_latest_points_to_it(tmp_path):
    first = runs.new_run(tmp_path / "runs", "pr", "embedded", AT)
    second = runs.new_run(tmp_path / "runs", "pr", "embedded", AT)
    assert first.name == "20261124T170119Z-pr-embedded"
    assert second != first
    assert runs.latest(tmp_path / "runs") == second


def test_runs_beyond_the_count_are_removed_oldest_first(tmp_path):
    folders = [finished(tmp_path, f"2026010{day}T000000Z-pr-embedded") for day in range(1, 6)]
    assert sorted(runs.prune(tmp_path, keep=2)) == folders[:3]
    assert [folder.exists() for folder in folders] == [False, False, False, True, True]


def test_runs_beyond_the_size_are_removed_but_never_the_newest(tmp_path):
    folders = [finished(tmp_path, f"2026010{day}T000000Z-pr-embedded", size=1000) for day in range(1, 4)]
    runs.prune(tmp_path, limit=2500)
    assert [folder.exists() for folder in folders] == [False, True, True]
    runs.prune(tmp_path, limit=10)
    assert [folder.exists() for folder in folders] == [False, False, True]


def test_a_run_that_is_under_way_and_what_is_no_run_stay(tmp_path):
    (tmp_path / "notes").mkdir()
    alive = runs.new_run(tmp_path, "pr", "embedded", AT)
    newer = finished(tmp_path, "20270101T000000Z-pr-embedded")
    assert runs.prune(tmp_path, keep=1) == []
    (alive / runs.VERDICT).write_text("{}")
    runs.finish(alive)
    assert runs.prune(tmp_path, keep=1) == [alive]
    assert newer.exists()
    assert (tmp_path / "notes").exists()


def test_a_run_whose_process_is_gone_can_be_removed(tmp_path):
    dead = runs.new_run(tmp_path, "pr", "embedded", AT)
    (dead / runs.ALIVE).write_text(f'{{"pid": {os.getpid()}, "created": 1.0}}')
    finished(tmp_path, "20270101T000000Z-pr-embedded")
    assert runs.prune(tmp_path, keep=1) == [dead]


def test_a_folder_that_cannot_be_made_is_an_error_of_the_user(tmp_path):
    (tmp_path / "runs").write_text("a file in the way")
    with pytest.raises(DrillError, match="no folder can be made"):
        runs.new_run(tmp_path / "runs", "pr", "embedded", AT)


def test_no_run_yet(tmp_path):
    with pytest.raises(DrillError, match="there is no run yet"):
        runs.latest(tmp_path)


def test_a_folder_of_somebody_else_is_never_removed_even_with_a_verdict_in_it(tmp_path):
    kept = finished(tmp_path, "20260101-report-for-the-team")
    finished(tmp_path, "20260102T000000Z-pr-embedded")
    finished(tmp_path, "20260103T000000Z-pr-embedded")
    runs.prune(tmp_path, keep=1)
    assert kept.exists()


def test_a_file_that_several_processes_replace_at_once_is_always_whole(tmp_path):
    file = tmp_path / "versions.json"
    replace = (
        "import sys; from pathlib import Path; from pms_drill.files import replace_text\n"
        "for number in range(300): replace_text(Path(sys.argv[1]), '[' + 'x' * 9999 + ']')"
    )
    writers = [subprocess.Popen([sys.executable, "-c", replace, str(file)]) for _ in range(2)]
    try:
        while any(writer.poll() is None for writer in writers):
            text = file.read_text() if file.exists() else "[]"
            assert (text[0], text[-1]) == ("[", "]")
    finally:
        codes = [writer.wait() for writer in writers]
    assert codes == [0, 0]
    assert list(tmp_path.iterdir()) == [file]
