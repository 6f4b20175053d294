"""Folders of runs: `runs/<UTC time>-<tier>-<stack>/`, `runs/latest`, and the removal of old ones."""

from __future__ import annotations

import os
import re
import shutil
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from pms_drill.errors import DrillError
from pms_drill.files import PRIVATE
from pms_drill.lease import Process

KEEP_COUNT = 20
KEEP_BYTES = 2 * 1024**3
MIB = 1024**2
#: A run is ended while this is still free: verdict, page and the last words of its programs need a few MiB.
RESERVE = 32 * MIB
LATEST = "latest"
#: In the folder of a run that is under way: its process.
ALIVE = ".alive.json"
#: Every run has one from its first second on; a folder without it is not a run and is never removed.
VERDICT = "verdict.json"
#: As `new_run` names folders. Others beside them are somebody's own and never removed, whatever lies in them.
_NAME = re.compile(r"\d{8}T\d{6}Z-.+")


def new_run(runs: Path, tier: str, stack: str, at: datetime) -> Path:
    """Make the folder of a run and point `latest` to it.

    Args:
        at: start in UTC.

    Raises:
        DrillError: the folder cannot be made.
    """
    stem = f"{at:%Y%m%dT%H%M%SZ}-{tier}-{stack}"
    try:
        runs.mkdir(parents=True, exist_ok=True)
        folder = _make(runs, stem)
        (folder / ALIVE).write_text(Process.of(os.getpid(), "pms-drill").model_dump_json(), encoding="utf-8")
        (folder / "logs").mkdir()
        _point(runs / LATEST, folder.name)
    except OSError as error:
        raise DrillError(
            f"no folder can be made for the results: {error.strerror}",
            where=str(error.filename or runs),
            todo="free space or make the folder writable, then run again",
        ) from error
    return folder


def finish(folder: Path) -> None:
    """Say that the run is over."""
    (folder / ALIVE).unlink(missing_ok=True)


def latest(runs: Path) -> Path:
    """The folder of the last run.

    Raises:
        DrillError: there is none.
    """
    found = runs / LATEST
    if not found.is_dir():
        raise DrillError("there is no run yet", where=str(runs), todo="make one: pms-drill run")
    return found.resolve()


def shortage(*folders: Path) -> str:
    """Which of the folders' disks is nearly full; empty while all have room.

    Asked before the disk is full, so that the verdict still fits and no program breaks in the middle of a write.
    """
    for folder in folders:
        free = shutil.disk_usage(folder).free
        if free < RESERVE:
            return (
                f"the disk of {folder} is nearly full: {free // MIB} MiB are free and {RESERVE // MIB} are needed; "
                "free some space, or name another folder with --results"
            )
    return ""


def prune(runs: Path, *, keep: int = KEEP_COUNT, limit: int = KEEP_BYTES) -> list[Path]:
    """Remove old runs: all but the newest `keep`, and the oldest beyond `limit` bytes together.

    Runs that are under way, and the newest one, always stay. Returns what was removed.
    """
    found = sorted((path for path in runs.iterdir() if _is_run(path)), key=lambda path: path.name, reverse=True)
    total = 0
    removed = []
    for position, folder in enumerate(found):
        total += _size(folder)
        too_old = position >= keep or (position > 0 and total > limit)
        if too_old and not _under_way(folder):
            shutil.rmtree(folder, ignore_errors=True)
            removed.append(folder)
    return removed


def _make(runs: Path, stem: str) -> Path:
    """A folder of this name, with a number behind it if two runs start in one second."""
    number = 1
    while True:
        folder = runs / (stem if number == 1 else f"{stem}-{number}")
        try:
            folder.mkdir(mode=PRIVATE)
        except FileExistsError:
            number += 1
        else:
            return folder


def _point(link: Path, target: str) -> None:
    fresh = link.with_name(f".{link.name}-{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target, target_is_directory=True)
    fresh.replace(link)


def _is_run(path: Path) -> bool:
    if not _NAME.fullmatch(path.name) or path.is_symlink() or not path.is_dir():
        return False
    return (path / VERDICT).is_file() or (path / ALIVE).is_file()


def _under_way(folder: Path) -> bool:
    try:
        owner = Process.model_validate_json((folder / ALIVE).read_bytes())
    except (OSError, ValidationError):
        return False
    return owner.running() is not None


def _size(folder: Path) -> int:
    """Bytes on disk; a file with two names counts once."""
    sizes = {}
    for path in folder.rglob("*"):
        try:
            stat = path.lstat()
        except OSError:
            continue
        sizes[stat.st_ino] = stat.st_size
    return sum(sizes.values())
