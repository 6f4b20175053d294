"""A QloApps source tree: which version it is, whether it is whole, and a copy of it to work on.

The tree itself is only read. A release comes with its installer (`install/index_cli.php`); a tree that was installed
somewhere has `config/settings.inc.php` instead and needs a dump of its database.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from pms_drill.errors import DrillError

#: Tried: 1.6.1 and 1.7.0. Older releases have no usable web service for bookings.
OLDEST = (1, 6, 1)
NEWEST = (1, 7)
#: Without one of these a tree is only half unpacked.
_NEEDED = (
    "webservice/dispatcher.php",
    "config/config.inc.php",
    "config/defines.inc.php",
    "classes/webservice/WebserviceRequest.php",
    "modules/hotelreservationsystem/hotelreservationsystem.php",
    "init.php",
    "index.php",
)
#: Not needed to answer, and not copied: version control, tests, documents, what another installation has cached.
_LEFT_OUT = (".git", "docs", "docs-old", "cache", "log")
_VERSION = re.compile(r"define\(\s*'_(?:QLO_INSTALL|QLOAPPS)_VERSION_'\s*,\s*'(\d+(?:\.\d+)*)'\s*\)")
_TODO = "set QLOAPPS_DIR to a complete QloApps 1.6.1 or 1.7.0; `make qloapps` says how to get one"


@dataclass(frozen=True)
class Tree:
    """A whole QloApps source tree of a version that is supported.

    Attributes:
        path: its folder; never changed.
        version: such as "1.6.1.0".
        installer: whether it brings its command-line installer.
    """

    path: Path
    version: str
    installer: bool

    def digest(self) -> str:
        """SHA-256 over names, sizes and times of the files that are copied: cheap, and new when one was changed."""
        found = hashlib.sha256()
        for file in sorted(self.path.rglob("*")):
            below = file.relative_to(self.path)
            if below.parts[0] in _LEFT_OUT or not file.is_file():
                continue
            told = file.stat()
            found.update(f"{below}\0{told.st_size}\0{told.st_mtime_ns}\n".encode())
        return found.hexdigest()

    def copy(self, target: Path) -> None:
        """Copy it to a folder that is not there yet, with empty folders where QloApps writes.

        Raises:
            DrillError: it cannot be read, or the disk is full.
        """
        copy_tree(self.path, target, shutil.ignore_patterns(".git"), top_only=_LEFT_OUT)
        for folder in ("cache/smarty/compile", "cache/smarty/cache", "cache/cachefs", "log"):
            (target / folder).mkdir(parents=True, exist_ok=True)
        # QloApps loads classes by an index that it writes itself; without its place it stops.
        for name in ("cache", "log"):
            index = self.path / name / "index.php"
            if index.is_file():
                shutil.copy(index, target / name)


def copy_tree(source: Path, target: Path, ignore: object = None, top_only: tuple[str, ...] = ()) -> None:
    """Copy a folder; `top_only` names entries of the topmost level that are left out.

    Raises:
        DrillError: something cannot be read or written.
    """

    def leave_out(folder: str, names: list[str]) -> set[str]:
        chosen: set[str] = set(ignore(folder, names)) if callable(ignore) else set()
        return chosen | (set(names) & set(top_only) if Path(folder) == source else set())

    try:
        shutil.copytree(source, target, symlinks=True, ignore=leave_out)
    except (OSError, shutil.Error) as error:
        raise DrillError(
            "the QloApps tree cannot be copied",
            where=f"{source} to {target}",
            todo="check its permissions, and that TMPDIR has 300 MB free",
            detail=str(error)[:500],
        ) from error


def look(path: Path) -> Tree:
    """Judge a folder.

    Raises:
        DrillError: it is no QloApps tree, not a whole one, or of a version that is not supported.
    """
    if not path.is_dir():
        raise DrillError("QLOAPPS_DIR names no folder", where=str(path), todo=_TODO)
    missing = [name for name in _NEEDED if not (path / name).is_file()]
    if len(missing) == len(_NEEDED):
        raise DrillError("QLOAPPS_DIR names no QloApps source tree", where=f"{path} has no {missing[0]}", todo=_TODO)
    if missing:
        raise DrillError(
            "QLOAPPS_DIR names half a QloApps tree",
            where=str(path),
            todo=_TODO,
            detail="missing: " + ", ".join(missing),
        )
    installer = (path / "install" / "index_cli.php").is_file()
    version = _version(path)
    if not version:
        raise DrillError(
            "the QloApps tree does not tell its version",
            where=f"{path}: neither install/install_version.php nor config/settings.inc.php",
            todo=_TODO,
        )
    number = tuple(int(part) for part in version.split("."))
    if number[:3] < OLDEST or number[:2] > NEWEST:
        raise DrillError(f"QloApps {version} is not supported", where=str(path), todo=_TODO)
    return Tree(path.absolute(), version, installer)


def _version(path: Path) -> str:
    for name in ("install/install_version.php", "config/settings.inc.php"):
        try:
            found = _VERSION.search((path / name).read_text(encoding="utf-8", errors="replace"))
        except OSError:
            continue
        if found:
            return found.group(1)
    return ""
