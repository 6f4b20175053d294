"""Gets the pinned release of QloApps, for people and CI jobs with access to its repository.

A release is fetched by its commit, which names its content, so that nothing else can come in its place.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from pms_drill.errors import DrillError

#: Tag v1.6.1. A newer release is taken here when its commit has been checked.
VERSION = "1.6.1"
COMMIT = "950b37ed1c044f2252149aa09ca7f9adeb97991e"
REPOSITORY = "https://github.com/Qloapps/QloApps"
#: Another repository, for a mirror inside a company.
REPOSITORY_VARIABLE = "QLOAPPS_REPOSITORY"
#: Where the tree goes; the same variable tells the stacks where it is.
TREE_VARIABLE = "QLOAPPS_DIR"

_LIMIT_S = 600.0


def get(folder: Path, say: Callable[[str], None], commit: str = COMMIT) -> Path:
    """Put the pinned tree into a folder; one that is there already is left alone.

    Raises:
        DrillError: git is missing, the repository cannot be reached or does not have the commit, or the folder holds
            something else. Nothing is left half done.
    """
    if (folder / "webservice" / "dispatcher.php").is_file():
        say(f"QloApps is there: {folder}")
        return folder
    if folder.exists() and any(folder.iterdir()):
        raise DrillError(
            "the folder for QloApps holds something else", where=str(folder), todo=f"empty it, or set {TREE_VARIABLE}"
        )
    source = os.environ.get(REPOSITORY_VARIABLE) or REPOSITORY
    say(f"getting QloApps {VERSION} ({commit[:12]}) from {source}")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as fresh:
        for words in (
            ["init", "--quiet"],
            ["fetch", "--quiet", "--depth", "1", source, commit],
            ["-c", "advice.detachedHead=false", "checkout", "--quiet", commit],
        ):
            _git(Path(fresh), words, source)
        if folder.exists():
            folder.rmdir()
        Path(fresh).rename(folder)
        Path(fresh).mkdir()  # for the end of the block, which removes it
    say(f"QloApps {VERSION}: {TREE_VARIABLE}={folder}")
    return folder


def _git(folder: Path, words: list[str], source: str) -> None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words],
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=False,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
        )
    except FileNotFoundError as error:
        raise DrillError("git is needed to get QloApps", todo="install git (Debian)") from error
    except subprocess.TimeoutExpired as error:
        raise DrillError(f"git {words[0]} did not end in {_LIMIT_S:g} s", where=source, todo=_TODO) from error
    if done.returncode:
        raise DrillError(
            f"QloApps {VERSION} could not be got: git {words[0]} failed",
            where=source,
            todo=_TODO,
            detail=done.stderr.strip()[:1000],
        )


_TODO = (
    f"without access to it: unpack a QloApps 1.6.1 or 1.7.0 anywhere and set {TREE_VARIABLE} to its folder, or set "
    f"{REPOSITORY_VARIABLE} to a mirror"
)
