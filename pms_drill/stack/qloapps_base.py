"""The base state of an installed QloApps, kept in the cache: making it takes 10 to 20 s, copying it about one.

It holds a tree and a data folder of the database, both as they are right after the installation, with the web service
on and without any key. Its name is a digest of everything that it was made from. The password in it opens nothing: each
run changes it in its own copies, before anything but the harness uses them.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import filelock

from pms_drill.errors import DrillError
from pms_drill.external.finder import CACHE_VARIABLE, cache_folder
from pms_drill.lease import Lease
from pms_drill.stack import qloapps_installer as installer
from pms_drill.stack import qloapps_settings as settings
from pms_drill.stack import qloapps_sql as sql
from pms_drill.stack.mariadb import Database, DatabaseServer
from pms_drill.stack.php import Php
from pms_drill.stack.process import environment
from pms_drill.stack.qloapps_tree import Tree, copy_tree

#: Changes when this module or `qloapps_sql.base_settings` does, so that no older state is used.
_RECIPE = "2"
_INSTALL_LIMIT_S = 180.0
_LOCK_PATIENCE_S = 300.0
#: Folders that QloApps writes to, and those whose scripts look for their neighbours beside the file that they are.
_OWN = ("config", "webservice", "cache", "log", "upload", "download")
#: Older states are removed; each has about 200 MB.
_KEPT = 3


@dataclass(frozen=True)
class Origin:
    """What a base state is made from.

    Attributes:
        dump: text dump of the database, for a tree that was installed elsewhere; None for a release.
    """

    tree: Tree
    php: Php
    server: DatabaseServer
    dump: Path | None

    def name(self) -> str:
        """Of the folder in the cache."""
        digest = hashlib.sha256("\0".join((_RECIPE, self.tree.digest(), self.php.version)).encode())
        digest.update(f"{self.server.name} {self.server.version}".encode())
        if self.dump is not None:
            digest.update(self.dump.read_bytes())
        return f"qloapps-base-{self.tree.version}-{digest.hexdigest()[:16]}"


def base_state(origin: Origin, log: Path, lease: Lease, say: Callable[[str], None]) -> Path:
    """Folder with `tree` and `data` of the base state, made now if it is not in the cache.

    Args:
        log: file for the output of what makes it.
        lease: gets what is started and made meanwhile.
        say: told when something slow begins.

    Raises:
        DrillError: it could not be made, or the cache cannot be written.
    """
    place = cache_folder() / origin.name()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(_lock_file(place), timeout=_LOCK_PATIENCE_S):
            if not place.is_dir():
                say("making the base state of QloApps, once (10 to 20 s)")
                work = lease.new_folder("base", place.parent) / "base"
                _make(origin, work, log, lease)
                work.replace(place)
            place.touch()
            _forget_old(place)
    except filelock.Timeout as error:
        raise DrillError(
            "another run has been making the base state of QloApps for too long",
            where=str(place),
            todo="wait for it or end it, then try again",
        ) from error
    except OSError as error:
        raise DrillError(
            f"the cache for QloApps' base state cannot be used: {error.strerror}",
            where=str(place.parent),
            todo=f"set {CACHE_VARIABLE} to a folder that can be written and has 300 MB free",
        ) from error
    return place


def restore_data(base: Path, target: Path) -> None:
    """Put a fresh copy of the base state's data in place of `target`; no server may be running over it."""
    shutil.rmtree(target, ignore_errors=True)
    copy_tree(base / "data", target)


def lay_out(base: Path, target: Path) -> None:
    """A tree to run: own copies of what QloApps writes to or finds the rest from, links for everything else.

    A tree has 9,000 files; the links make a start quick also where the disk is slow.
    """
    target.mkdir()
    for entry in (base / "tree").iterdir():
        if entry.is_file():
            shutil.copy2(entry, target / entry.name)
        elif entry.name in _OWN:
            copy_tree(entry, target / entry.name)
        else:
            (target / entry.name).symlink_to(entry, target_is_directory=True)


def _make(origin: Origin, work: Path, log: Path, lease: Lease) -> None:
    tree, data, password = work / "tree", work / "data", secrets.token_hex(16)
    work.mkdir()
    origin.tree.copy(tree)
    origin.server.install(data, log)
    database = Database(origin.server, data, log, lease.new_folder("db"))
    try:
        database.start(lease.add_child)
        database.run(sql.new_schema(password))
        if origin.tree.installer:
            _install(origin.php, tree, database, password, log)
        where = {"schema": sql.SCHEMA, "user": sql.USER, "password": password}
        prefix = settings.point_at(tree, server=database.address, **where)
        if origin.dump is not None:
            database.load(sql.SCHEMA, origin.dump.read_text(encoding="utf-8", errors="surrogateescape"))
        database.run(sql.base_settings(prefix), sql.SCHEMA)
    finally:
        database.stop()
    shutil.rmtree(tree / "install", ignore_errors=True)


def _install(php: Php, tree: Path, database: Database, password: str, log: Path) -> None:
    """Run QloApps' own installer."""
    words = php.words(*installer.words(database.address, password))
    try:
        done = subprocess.run(
            words,
            cwd=tree / "install",
            env=environment({}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_INSTALL_LIMIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DrillError("QloApps' installer did not end", where=str(tree / "install"), detail=str(error)) from error
    with log.open("a", encoding="utf-8") as sink:
        sink.write(done.stdout)
    if not (tree / "config" / "settings.inc.php").is_file() or not installer.succeeded(done.stdout):
        raise DrillError(
            f"QloApps' installer failed with exit code {done.returncode}",
            where=str(log),
            todo="read the lines below",
            detail="\n".join(done.stdout.strip().splitlines()[-15:]),
        )


def _lock_file(place: Path) -> Path:
    return place.parent / f"{place.name}.lock"


def _forget_old(newest: Path) -> None:
    """Keep the last few base states that were used."""
    found = sorted(newest.parent.glob("qloapps-base-*/"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in found[_KEPT:]:
        lock = filelock.FileLock(_lock_file(old))
        try:
            with lock.acquire(timeout=0):
                shutil.rmtree(old, ignore_errors=True)
        except filelock.Timeout:
            continue
