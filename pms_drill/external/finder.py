"""Tries the ways to an external program in a fixed order and says why each did not work.

variable, PATH, cache, pinned release, `go install`. The first that gives a program which reports a fitting version
wins. What is fetched or built is put into the cache in one step, so that a cut set-up leaves nothing half done.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import filelock
import platformdirs

from pms_drill.errors import DrillError
from pms_drill.external.fetch import NotObtained, build, download
from pms_drill.external.programs import Program, this_platform

#: Another place for the cache, for example one that CI keeps between runs.
CACHE_VARIABLE = "PMS_DRILL_CACHE"

_LOCK_PATIENCE_S = 600.0
_VERSION_PATIENCE_S = 10.0


def cache_folder() -> Path:
    """Folder of fetched programs: the user's cache, or the one that PMS_DRILL_CACHE names."""
    given = os.environ.get(CACHE_VARIABLE)
    return Path(given) if given else platformdirs.user_cache_path("pms-drill")


def find(program: Program, *, say: Callable[[str], None] = lambda _line: None) -> Path:
    """Give the path of a program that runs, getting it first if need be.

    Args:
        program: an entry of the table.
        say: is told when something slow begins (a download, a build).

    Raises:
        DrillError: the variable names something unfit, or no way led to the program.
    """
    tried: list[str] = []
    here = _here(program, tried)
    if here is not None:
        return here
    place = _place(program)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(place.parent / ".lock", timeout=_LOCK_PATIENCE_S):
            if _fits(program, place):  # somebody else got it while we waited
                return place
            tried.append(f"cache: not in {place.parent}")
            return _obtain(program, place, tried, say)
    except filelock.Timeout as error:
        raise DrillError(
            f"another set-up has been getting {program.name} for {_LOCK_PATIENCE_S:g} s",
            where=str(place.parent),
            todo="wait for it or end it, then try again",
        ) from error
    except OSError as error:
        raise DrillError(
            f"the cache for {program.name} cannot be used: {error.strerror}",
            where=str(place.parent),
            todo=f"set {CACHE_VARIABLE} to a folder that can be written",
        ) from error


def present(program: Program) -> Path | None:
    """The path of a program that is here already; None if it would have to be got, which `find` does.

    Raises:
        DrillError: the variable names something unfit.
    """
    return _here(program, [])


def _here(program: Program, tried: list[str]) -> Path | None:
    """Look without getting anything; why a way did not lead to it is added to `tried`."""
    given = os.environ.get(program.variable)
    if given:
        return _named(program, Path(given).expanduser())
    tried.append(f"{program.variable}: not set")
    try:
        return _on_path(program)
    except NotObtained as reason:
        tried.append(f"PATH: {reason}")
    place = _place(program)
    return place if _fits(program, place) else None


def _obtain(program: Program, place: Path, tried: list[str], say: Callable[[str], None]) -> Path:
    """Try release and build; the result is checked in a temporary folder, then moved into place."""
    ways = {"release": download, "go install": build}
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".new-") as folder:
        for way, get in ways.items():
            try:
                made = get(program, Path(folder), say)
                _check(program, made)
            except NotObtained as reason:
                tried.append(f"{way}: {reason}")
                continue
            made.replace(place)
            return place
    raise DrillError(
        f"{program.name} {program.version} was not found and could not be got",
        todo=f"install {program.executable} {program.version} or set {program.variable} to its path; "
        f"{'or install Go; ' if program.go else ''}or allow the download",
        detail="\n".join(tried),
    )


def _place(program: Program) -> Path:
    system, architecture = this_platform()
    folder = f"{program.name}-{program.version}-{system}-{architecture}"
    return cache_folder() / folder / program.executable


def _named(program: Program, path: Path) -> Path:
    """What the variable names. It must run; a build without a version number is the user's own choice."""
    try:
        _check(program, path, unnumbered_too=True)
    except NotObtained as reason:
        raise DrillError(
            f"{program.variable} does not name a fitting {program.executable}: {reason}",
            where=str(path),
            todo=f"correct or unset {program.variable}; {_wanted(program)} is needed",
        ) from reason
    return path.absolute()


def _on_path(program: Program) -> Path:
    found = shutil.which(program.executable)
    if found is None:
        raise NotObtained(f"no {program.executable}")
    _check(program, Path(found))
    return Path(found).absolute()


def _fits(program: Program, path: Path) -> bool:
    try:
        _check(program, path)
    except NotObtained:
        return False
    return True


def _check(program: Program, path: Path, *, unnumbered_too: bool = False) -> None:
    """Run the program for its version.

    Raises:
        NotObtained: it is not there, does not run, or reports another version.
    """
    try:
        answer = subprocess.run(
            [path.absolute(), *program.version_args],
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_VERSION_PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotObtained(f"{path} does not run ({error})") from error
    text = (answer.stdout + answer.stderr).strip()
    if answer.returncode != 0:
        raise NotObtained(f"{path} ended with {answer.returncode} when asked for its version")
    number = re.search(r"\d+\.\d+\.\d+", text)
    if number is None:
        if unnumbered_too:
            return
        raise NotObtained(f"{path} reports no version ({text[:80]!r})")
    if not _suits(number.group(), program.version):
        raise NotObtained(f"{path} is version {number.group()}, {_wanted(program)} is needed")


def _suits(found: str, pinned: str) -> bool:
    """Same major version and not older."""
    have, want = (tuple(int(part) for part in text.split(".")) for text in (found, pinned))
    return have[0] == want[0] and have >= want


def _wanted(program: Program) -> str:
    return f"{program.version} or a newer {program.version.partition('.')[0]}.x"
