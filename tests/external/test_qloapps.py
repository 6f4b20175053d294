"""The pinned release of QloApps, from a repository on this machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pms_drill.errors import DrillError
from pms_drill.external.qloapps import REPOSITORY_VARIABLE, get


def git(folder: Path, *words: str) -> str:
    name = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    done = subprocess.run(["git", "-C", str(folder), *name, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Commit of a small tree, in a repository that the variable names; a later commit is not what is pinned."""
    repository = tmp_path / "repository"
    (repository / "webservice").mkdir(parents=True)
    (repository / "webservice" / "dispatcher.php").write_text("<?php // pinned\n")
    git(repository, "init", "--quiet")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "release")
    commit = git(repository, "rev-parse", "HEAD")
    (repository / "webservice" / "dispatcher.php").write_text("<?php // later\n")
    git(repository, "commit", "--quiet", "-am", "later")
    monkeypatch.setenv(REPOSITORY_VARIABLE, f"file://{repository}")
    return commit


def test_exactly_the_pinned_commit_is_got_once(release: str, tmp_path: Path) -> None:
    said: list[str] = []
    tree = get(tmp_path / "cache" / "qloapps", said.append, release)
    assert (tree / "webservice" / "dispatcher.php").read_text() == "<?php // pinned\n"
    assert [path.name for path in tree.parent.iterdir()] == ["qloapps"]
    get(tree, said.append, release)
    assert said[-1] == f"QloApps is there: {tree}"


def test_repository_without_the_commit_leaves_nothing_and_says_where_to_put_a_tree(
    release: str, tmp_path: Path
) -> None:
    tree = tmp_path / "cache" / "qloapps"
    with pytest.raises(DrillError, match="could not be got") as raised:
        get(tree, lambda _line: None, "0" * 40)
    assert "QLOAPPS_DIR" in raised.value.todo
    assert list(tree.parent.iterdir()) == []


def test_folder_with_something_else_is_left_alone(release: str, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(DrillError, match="holds something else"):
        get(tmp_path, lambda _line: None, release)
    assert (tmp_path / "mine").read_text() == "mine"


def test_missing_git_is_named(release: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DrillError, match="git is needed"):
        get(tmp_path / "qloapps", lambda _line: None, release)
