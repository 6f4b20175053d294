"""Who owns what is running, so that only what the dead left behind is cleaned.

A lease is a file in the state folder that its run keeps locked. The system drops the lock when the run ends, however
it ends, so an unlocked lease is a dead run's: its children and temporary folders go. A run beside it is untouched.
A process is named by its id *and* its time of creation, because ids are used again.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import filelock
import platformdirs
import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from pms_drill.errors import DrillError

#: Another place for leases, for example one per CI job.
STATE_VARIABLE = "PMS_DRILL_STATE"

#: Names the lease of a run to everything that the run starts, however far below. So a process is known also when its
#: run was killed between starting it and noting it, or when its parent has gone. Not `PMS_...`: an agent that looks for
#: misspelt settings would take it for one.
MARK_VARIABLE = "DRILL_LEASE"

#: Every temporary folder of a run begins like this; nothing else is ever removed.
FOLDER_PREFIX = "pms-drill-"

#: Beside a lease: the list of what its run does to proxies that are not its own.
_FAULTS = ".faults"
_END_LIMIT_S = 3.0
#: Creation times of one process differ a little between reads on some systems (clock ticks).
_SAME_TIME_S = 0.05


class Process(BaseModel):
    """A process that cannot be mistaken: its id, and its time of creation in seconds since 1970."""

    model_config = ConfigDict(frozen=True)

    pid: int
    created: float
    name: str = ""

    @classmethod
    def of(cls, pid: int, name: str = "") -> Process:
        """Describe a running process.

        Raises:
            psutil.NoSuchProcess: there is none of that id.
        """
        return cls(pid=pid, created=psutil.Process(pid).create_time(), name=name)

    def running(self) -> psutil.Process | None:
        """The process if it is still this one, and not a dead entry that waits for its parent."""
        try:
            found = psutil.Process(self.pid)
            if abs(found.create_time() - self.created) > _SAME_TIME_S or found.status() == psutil.STATUS_ZOMBIE:
                return None
        except psutil.Error:
            return None
        return found


class _Content(BaseModel):
    """What stands in a lease file."""

    owner: Process
    children: list[Process] = []
    folders: list[str] = []
    engine_runs: list[str] = []


@dataclass
class HealReport:
    """What a heal did.

    Attributes:
        ended: processes that were ended.
        removed: folders that were removed.
        leases: leases of dead runs that were cleaned.
        alive: leases whose run lives; nothing of theirs was touched.
        engine: things of a container engine that were removed, one line each.
        postponed: what waits for a container engine that does not answer now, one line each.
        mended: faults at proxies of others that were taken back, one line each.
        unmended: faults at proxies of others that could not be taken back, one line each.
        trouble: what could not be cleaned, one line each.
    """

    ended: list[Process] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    leases: list[str] = field(default_factory=list)
    alive: list[str] = field(default_factory=list)
    engine: list[str] = field(default_factory=list)
    postponed: list[str] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)
    unmended: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    @property
    def found_something(self) -> bool:
        """Whether a dead run had left more than its lease."""
        return bool(
            self.ended or self.removed or self.engine or self.postponed or self.mended or self.unmended or self.trouble
        )

    def lines(self) -> list[str]:
        """The report for people."""
        told = [f"ended {process.name or 'process'} {process.pid}" for process in self.ended]
        told += [f"removed {folder}" for folder in self.removed]
        told += [f"removed {thing}" for thing in self.engine]
        told += [f"healed {thing}" for thing in self.mended]
        told += [f"cleaned the lease {name} of a run that is gone" for name in self.leases]
        told += [f"left {name} alone: its run is alive" for name in self.alive]
        told += [f"left for the next heal: {line}" for line in self.postponed]
        told += [f"NOT healed: {line}" for line in self.unmended]
        told += [f"NOT cleaned: {line}" for line in self.trouble]
        return told or ["nothing was left behind"]


def state_folder() -> Path:
    """Folder of leases: the user's state folder, or the one that PMS_DRILL_STATE names."""
    given = os.environ.get(STATE_VARIABLE)
    return (Path(given) if given else platformdirs.user_state_path("pms-drill")) / "leases"


class Lease:
    """The lease of this run, a context manager. Safe to use from several threads.

    On exit the folders of the run are removed and the lease is given back. The lock has a file of its own beside the
    lease, so that the lease can be replaced in one step.

    Args:
        state: folder of leases; by default `state_folder()`.
    """

    def __init__(self, state: Path | None = None) -> None:
        self._state = state or state_folder()
        self._guard = threading.RLock()
        self._content = _Content(owner=Process.of(os.getpid(), "pms-drill"))
        self._path = Path()
        self._lock: filelock.BaseFileLock | None = None
        self._mark_before: str | None = None
        self._unwritten = ""

    @property
    def path(self) -> Path:
        """The lease file."""
        return self._path

    def __enter__(self) -> Self:
        """Take the lease.

        Raises:
            DrillError: the state folder cannot be written.
        """
        try:
            self._state.mkdir(parents=True, exist_ok=True)
            # The folder's lock keeps a heal from seeing the file before it is locked.
            with _state_lock(self._state):
                handle, name = tempfile.mkstemp(dir=self._state, prefix=f"{os.getpid()}-", suffix=".json")
                os.close(handle)
                self._path = Path(name)
                self._lock = _lock_of(self._path)
                self._lock.acquire(timeout=0)
                self._write()
                self._mark_before = os.environ.get(MARK_VARIABLE)
                os.environ[MARK_VARIABLE] = self._path.name
        except OSError as error:
            raise DrillError(
                f"no lease can be taken: {error.strerror}",
                where=str(self._state),
                todo=f"set {STATE_VARIABLE} to a folder that can be written",
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the folders of the run and give the lease back.

        What cannot be written here holds nothing up: a lease that stays is unlocked, and the next heal removes it.

        Raises:
            DrillError: all of it is done, and a child was not noted when it was started.
        """
        with self._guard, ExitStack() as ends:
            if error is None:
                ends.callback(self._check_written)
            ends.callback(_restore_mark, self._path.name, self._mark_before)
            ends.callback(self._let_go)
            for folder in self._content.folders:
                shutil.rmtree(folder, ignore_errors=True)
            try:
                with _state_lock(self._state):
                    if not self.faults.exists():
                        self._path.unlink(missing_ok=True)
            except OSError as trouble:
                self._unwritten = self._unwritten or str(trouble.strerror or trouble)

    @property
    def faults(self) -> Path:
        """A file beside the lease: what this run does to proxies that are not its own. A heal is given it.

        As long as it is there the lease stays, also after the end of its run.
        """
        return self._path.with_suffix(_FAULTS)

    def add_child(self, pid: int, name: str) -> None:
        """Note a child; ended children may stay in the list. A child that is gone already is not noted.

        A note that cannot be written raises at the end of the run and not here, where the child would be left behind:
        a heal knows it by its mark all the same.
        """
        try:
            child = Process.of(pid, name)
        except psutil.NoSuchProcess:
            return
        with self._guard:
            self._content.children.append(child)
            try:
                self._write()
            except OSError as error:
                self._unwritten = self._unwritten or str(error.strerror or error)

    def new_folder(self, label: str, where: Path | None = None) -> Path:
        """A new temporary folder that is removed with the run, by its end or by a heal.

        Args:
            where: made in this folder; by default where the system keeps temporary ones.
        """
        with self._guard:
            folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{label}-", dir=where))
            self._content.folders.append(str(folder))
            try:
                self._write()
            except BaseException:
                folder.rmdir()
                raise
        return folder

    def add_engine_run(self, label: str) -> None:
        """Note the label of this run at a container engine; a heal has everything with it removed."""
        with self._guard:
            self._content.engine_runs.append(label)
            self._write()

    def _let_go(self) -> None:
        with suppress(OSError):
            _release(self._lock, self._path)
        self._lock = None

    def _check_written(self) -> None:
        if self._unwritten:
            raise DrillError(
                f"the lease could not be written: {self._unwritten}",
                where=str(self._state),
                todo=f"free some space, or set {STATE_VARIABLE} to a folder that can be written",
            )

    def _write(self) -> None:
        if self._lock is None:
            raise DrillError("the lease was not taken", where=str(self._state), todo="use it as a context manager")
        fresh = self._path.with_suffix(".new")
        fresh.write_text(self._content.model_dump_json(), encoding="utf-8")
        fresh.replace(self._path)


class EngineAway(DrillError):
    """No container engine answers, so its things cannot be removed now; without an engine none of them runs."""


#: Removes from a container engine what carries a run's label; returns what it was. Raises EngineAway, DrillError.
RemoveEngineRun = Callable[[str], list[str]]
#: Takes the faults of a list back; returns what was, and what could not be taken back.
MendFaults = Callable[[Path], tuple[list[str], list[str]]]


def heal(
    state: Path | None = None,
    *,
    remove_engine_run: RemoveEngineRun | None = None,
    mend_faults: MendFaults | None = None,
) -> HealReport:
    """Clean what dead runs left: end their children, take faults back, remove containers and folders, delete leases.

    Args:
        state: folder of leases; by default `state_folder()`.
        remove_engine_run: asked for runs that used a container engine; without it they are left for a later heal.
        mend_faults: asked for runs that made faults at proxies of others; without it they are left for a later heal.
    """
    folder = state or state_folder()
    report = HealReport()
    if not folder.is_dir():
        return report
    with _state_lock(folder):
        for path in sorted(folder.glob("*.json")):
            lock = _lock_of(path)
            try:
                lock.acquire(timeout=0)
            except filelock.Timeout:
                report.alive.append(path.name)
                continue
            try:
                _clean(path, report, remove_engine_run, mend_faults)
            finally:
                _release(lock, path)
    return report


def _clean(
    path: Path, report: HealReport, remove_engine_run: RemoveEngineRun | None, mend_faults: MendFaults | None
) -> None:
    try:
        content = _Content.model_validate_json(path.read_text(encoding="utf-8"))
    except (ValidationError, json.JSONDecodeError, OSError):
        # Cut while it was made: a lease is filled before its run starts anything.
        content = None
    trouble: list[str] = []
    postponed: list[str] = []
    trouble += _end([*(content.children if content else ()), *_marked(path.name)], report)
    unmended = _mend(path.with_suffix(_FAULTS), mend_faults, report)
    if content is not None:
        for name in content.folders:
            trouble += _remove(Path(name), report)
        for label in content.engine_runs:
            why, later = _remove_at_engine(label, remove_engine_run, report)
            trouble += why
            postponed += later
    report.trouble += trouble
    report.postponed += postponed
    if trouble or postponed or unmended:
        return  # the lease stays, for the next heal; what other leases wait for is not its business
    path.unlink(missing_ok=True)
    path.with_suffix(".new").unlink(missing_ok=True)
    report.leases.append(path.name)


def _mend(faults: Path, mend_faults: MendFaults | None, report: HealReport) -> list[str]:
    """Take back what a run did to proxies of others. Returns what could not be."""
    if not faults.exists():
        return []
    done, left = mend_faults(faults) if mend_faults else ([], [f"faults at proxies of others ({faults})"])
    report.mended += done
    report.unmended += left
    return left


def _restore_mark(ours: str, before: str | None) -> None:
    """What is started from here on is not this lease's any more."""
    if os.environ.get(MARK_VARIABLE) != ours:
        return  # a lease that was taken later is still held
    if before is None:
        del os.environ[MARK_VARIABLE]
    else:
        os.environ[MARK_VARIABLE] = before


def _marked(lease: str) -> list[Process]:
    """Processes that were started for this lease, by the mark in the environment that they began with."""
    ourselves = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid not in ourselves and process.environ().get(MARK_VARIABLE) == lease:
                found.append(Process.of(process.pid, process.name()))
        except (psutil.Error, OSError):  # gone, or somebody else's
            continue
    return found


def _end(children: list[Process], report: HealReport) -> list[str]:
    """End children that are still the ones noted, with their own children. Returns what could not be ended."""
    chosen: dict[int, tuple[psutil.Process, Process]] = {}
    for child in children:
        found = child.running()
        if found is None or child.pid in chosen:
            continue
        chosen[child.pid] = (found, child)
        try:
            for below in found.children(recursive=True):
                chosen[below.pid] = (below, Process(pid=below.pid, created=below.create_time(), name=below.name()))
        except psutil.Error:
            continue
    processes = [found for found, _ in chosen.values()]
    for found in processes:
        _signal(found.terminate)
    _, left = psutil.wait_procs(processes, timeout=_END_LIMIT_S)
    for found in left:
        _signal(found.kill)
    _, left = psutil.wait_procs(left, timeout=_END_LIMIT_S)
    stubborn = {found.pid for found in left}
    report.ended += [noted for pid, (_, noted) in chosen.items() if pid not in stubborn]
    return [f"process {pid} does not end" for pid in sorted(stubborn)]


def _remove_at_engine(label: str, remove: RemoveEngineRun | None, report: HealReport) -> tuple[list[str], list[str]]:
    """Remove a run's containers, networks and volumes. Returns what could not be removed, and what must wait."""
    what = f"containers of the run {label}"
    if remove is None:
        return [], [what]
    try:
        report.engine += remove(label)
    except EngineAway as error:
        return [], [f"{what}: {error.what}"]
    except DrillError as error:
        return [f"{what}: {error.what}"], []
    return [], []


def _signal(send: Callable[[], None]) -> None:
    try:
        send()  # psutil compares the time of creation once more
    except psutil.Error:
        return


def _remove(folder: Path, report: HealReport) -> list[str]:
    """Remove a folder that a run made. Returns why not."""
    if not folder.name.startswith(FOLDER_PREFIX) or not folder.is_absolute() or folder.is_symlink():
        return [f"{folder} is not a folder of ours"]
    if not folder.exists():
        return []
    try:
        shutil.rmtree(folder)
    except OSError as error:
        return [f"{folder}: {error.strerror}"]
    report.removed.append(str(folder))
    return []


@contextmanager
def _state_lock(state: Path) -> Iterator[None]:
    """Only one process at a time creates or cleans leases."""
    try:
        with filelock.FileLock(state / ".lock", timeout=60):
            yield
    except filelock.Timeout as error:
        raise DrillError(
            "another run has been cleaning for a minute", where=str(state), todo="look at it, then try again"
        ) from error


def _lock_of(path: Path) -> filelock.BaseFileLock:
    return filelock.FileLock(path.with_suffix(".lock"))


def _release(lock: filelock.BaseFileLock | None, path: Path) -> None:
    if lock is not None:
        lock.release()
    if not path.exists():
        path.with_suffix(".lock").unlink(missing_ok=True)
