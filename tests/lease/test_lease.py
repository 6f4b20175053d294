"""Only what the dead left behind is cleaned, and all of it."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from pms_drill.errors import DrillError
from pms_drill.healing import heal_command
from pms_drill.lease import MARK_VARIABLE, STATE_VARIABLE, EngineAway, HealReport, Lease, Process, heal

#: A run, whose child is known by its note only: takes a lease, starts a child that outlives it, makes a folder, tells
#: about them and waits to be ended.
RUN = """
import subprocess, sys
from pathlib import Path
from pms_drill.lease import Lease
with Lease(Path(sys.argv[1])) as lease:
    child = subprocess.Popen(["/bin/sleep", "300"], env={}, start_new_session=True, stdout=subprocess.DEVNULL)
    lease.add_child(child.pid, "sleeper")
    folder = lease.new_folder("test")
    (folder / "file").write_text("x")
    print(child.pid, folder, flush=True)
    sys.stdin.read()
    child.kill()
    child.wait()
"""


class Run:
    """A run in a process of its own."""

    def __init__(self, state: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN, str(state)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        pid, folder = self.process.stdout.readline().split()
        self.child = psutil.Process(int(pid))
        self.folder = Path(folder)

    @property
    def child_lives(self) -> bool:
        return self.child.is_running() and self.child.status() != psutil.STATUS_ZOMBIE

    def crash(self) -> None:
        self.process.kill()
        self.process.wait(timeout=5)

    def finish(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=10)

    def clear(self) -> None:
        if self.process.poll() is None:
            self.crash()
        if self.child_lives:
            self.child.kill()
        shutil.rmtree(self.folder, ignore_errors=True)  # some tests leave it on purpose


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Run]]:
    with ExitStack() as stack:

        def begin() -> Run:
            run = Run(tmp_path)
            stack.callback(run.clear)
            return run

        yield begin


def test_killed_runs_child_and_folder_are_cleaned_by_the_next(start: Callable[[], Run], tmp_path: Path) -> None:
    run = start()
    run.crash()
    assert run.child_lives
    assert run.folder.exists()
    report = heal(tmp_path)
    assert not run.child_lives
    assert not run.folder.exists()
    assert [process.pid for process in report.ended] == [run.child.pid]
    assert report.removed == [str(run.folder)]
    assert heal(tmp_path) == HealReport()


def test_run_beside_it_stays_untouched(start: Callable[[], Run], tmp_path: Path) -> None:
    dead, alive = start(), start()
    dead.crash()
    report = heal(tmp_path)
    assert not dead.child_lives
    assert alive.child_lives
    assert alive.folder.exists()
    assert len(report.alive) == 1
    alive.finish()


def test_run_that_ends_well_leaves_nothing(start: Callable[[], Run], tmp_path: Path) -> None:
    run = start()
    run.finish()
    assert not run.folder.exists()
    assert list(tmp_path.glob("*.json")) == []
    assert heal(tmp_path) == HealReport()


def test_stopped_run_is_still_alive(start: Callable[[], Run], tmp_path: Path) -> None:
    run = start()
    run.process.send_signal(signal.SIGSTOP)
    try:
        assert heal(tmp_path).ended == []
    finally:
        run.process.send_signal(signal.SIGCONT)
    assert run.child_lives


def test_process_that_got_the_pid_of_a_dead_child_is_spared(start: Callable[[], Run], tmp_path: Path) -> None:
    run = start()
    run.crash()
    lease = next(tmp_path.glob("*.json"))
    created = Process.of(run.child.pid).created
    lease.write_text(lease.read_text().replace(str(created), str(created - 100)))
    assert heal(tmp_path).ended == []
    assert run.child_lives


def test_folder_that_is_not_ours_is_never_removed(start: Callable[[], Run], tmp_path: Path) -> None:
    run = start()
    run.crash()
    precious = tmp_path / "precious"
    precious.mkdir()
    lease = next(tmp_path.glob("*.json"))
    lease.write_text(lease.read_text().replace(str(run.folder), str(precious)))
    report = heal(tmp_path)
    assert precious.exists()
    assert "not a folder of ours" in report.trouble[0]
    assert lease.exists()


def test_lease_cut_while_it_was_written_is_cleaned(tmp_path: Path) -> None:
    (tmp_path / "1-x.json").write_text("")
    assert heal(tmp_path).leases == ["1-x.json"]
    assert list(tmp_path.glob("1-x*")) == []


def test_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    deaf = subprocess.Popen(["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"], stdout=-1)
    try:
        assert deaf.stdout is not None
        assert deaf.stdout.readline() == b"ready\n"
        crashed = Lease(tmp_path)
        crashed.__enter__()
        crashed.add_child(deaf.pid, "deaf")
        crashed._lock.release(force=True)  # what the system does for a run that is gone
        assert deaf.pid in [process.pid for process in heal(tmp_path).ended]
    finally:
        deaf.kill()
        deaf.wait()
        deaf.stdout.close()


def test_many_heals_at_once_clean_each_thing_once(start: Callable[[], Run], tmp_path: Path) -> None:
    runs = [start() for _ in range(3)]
    for run in runs:
        run.crash()
    reports: list[HealReport] = []
    threads = [threading.Thread(target=lambda: reports.append(heal(tmp_path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(p.pid for r in reports for p in r.ended) == sorted(run.child.pid for run in runs)
    assert sum(len(report.leases) for report in reports) == 3


def test_own_lease_is_alive_for_a_heal_of_the_same_process(tmp_path: Path) -> None:
    with Lease(tmp_path) as lease:
        folder = lease.new_folder("own")
        assert heal(tmp_path).alive == [lease.path.name]
        assert folder.exists()
    assert not folder.exists()


def abandoned(state: Path, *engine_runs: str) -> Path:
    """The lease of a run that is gone, with a folder and what it used at a container engine."""
    crashed = Lease(state)
    crashed.__enter__()
    crashed.new_folder("left")
    for label in engine_runs:
        crashed.add_engine_run(label)
    crashed._lock.release(force=True)
    return crashed.path


def test_lease_that_waits_for_an_engine_keeps_no_other_lease(tmp_path: Path) -> None:
    def away(label: str) -> list[str]:
        raise EngineAway("no engine answers")

    waiting = abandoned(tmp_path, "run-a", "run-b").rename(tmp_path / "0-is-looked-at-first.json")
    done = abandoned(tmp_path)
    report = heal(tmp_path, remove_engine_run=away)
    assert waiting.exists()
    assert not done.exists()
    assert done.name in report.leases
    assert len(report.postponed) == 2


def test_lease_ends_and_tells_when_its_folder_cannot_be_written_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, *_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    lease = Lease(tmp_path)
    lease.__enter__()
    folder = lease.new_folder("left")
    monkeypatch.setattr(Path, "write_text", full)
    child = subprocess.Popen(["sleep", "30"])
    try:
        lease.add_child(child.pid, "child")
        with pytest.raises(OSError, match="No space"):
            lease.new_folder("none")
        with pytest.raises(DrillError, match="lease could not be written: No space"):
            lease.__exit__(None, None, None)
    finally:
        child.kill()
        child.wait()
    assert not folder.exists()
    assert not lease.path.exists()
    assert heal(tmp_path) == HealReport()


def test_heal_where_nothing_ever_ran_does_nothing(tmp_path: Path) -> None:
    assert heal(tmp_path / "never").lines() == ["nothing was left behind"]


def test_state_folder_that_cannot_be_made_is_an_error_to_act_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DrillError, match=STATE_VARIABLE), Lease(tmp_path / "file" / "state"):
        pass


def test_heal_command_tells_what_it_did(
    start: Callable[[], Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "state"))
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "leases").symlink_to(tmp_path)
    run = start()
    run.crash()
    said: list[str] = []
    assert heal_command(said.append) == 0
    assert f"ended sleeper {run.child.pid}" in said
    assert not run.folder.exists()


#: A run that is killed between starting a child and noting it; the child's own child is older than any note, too.
UNNOTED = """
import os, signal, subprocess, sys
from pathlib import Path
from pms_drill.lease import Lease
with Lease(Path(sys.argv[1])):
    words = ["sh", "-c", "sleep 300 & echo $!; exec sleep 300"]
    child = subprocess.Popen(words, start_new_session=True, stdout=subprocess.PIPE, text=True)
    print(child.pid, child.stdout.readline(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_child_that_was_not_noted_yet_is_ended_with_what_it_started(tmp_path: Path) -> None:
    stranger = subprocess.Popen(["sleep", "300"])
    run = subprocess.run([sys.executable, "-c", UNNOTED, str(tmp_path)], stdout=subprocess.PIPE, text=True, check=False)
    assert run.returncode == -signal.SIGKILL
    pids = [int(word) for word in run.stdout.split()]
    assert all(psutil.pid_exists(pid) for pid in pids)
    report = heal(tmp_path)
    assert sorted(process.pid for process in report.ended) == sorted(pids)
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait(timeout=5)


def test_what_is_started_after_a_lease_is_not_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MARK_VARIABLE, raising=False)
    with Lease(tmp_path) as outer:
        with Lease(tmp_path) as inner:
            assert os.environ[MARK_VARIABLE] == inner.path.name
        assert os.environ[MARK_VARIABLE] == outer.path.name
    assert MARK_VARIABLE not in os.environ
