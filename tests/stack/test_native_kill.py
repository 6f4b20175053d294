"""A run on a real QloApps is killed at any moment: the next heal and the next start clean up, and nothing else."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from pms_drill import lease as leases
from pms_drill.checks.verdict import SkipReason
from pms_drill.errors import DrillError
from pms_drill.external import TOXIPROXY, find
from pms_drill.external.finder import CACHE_VARIABLE
from pms_drill.lease import STATE_VARIABLE
from pms_drill.report.skips import skip
from pms_drill.stack.agent_program import REPO
from pms_drill.stack.mariadb import Database, find_database
from pms_drill.stack.native import look_around
from tests.stack.kill_help import Victim, eventually, leases_in, marked, neighbour
from tests.stack.test_embedded_stack import HOLD

pytestmark = [
    pytest.mark.xdist_group("native kill"),
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform != "linux", reason="children die with their parent on Linux only"),
]


@dataclass
class Ground:
    """Folders of the runs to kill, the user's own database, and a run beside them."""

    state: Path
    temporary: Path
    cache: Path
    folder: Path
    users: Database
    beside: Victim

    @property
    def environment(self) -> dict[str, str]:
        return {"TMPDIR": str(self.temporary), CACHE_VARIABLE: str(self.cache), "TOXIPROXY_BIN": str(find(TOXIPROXY)),
                "PYTHONPATH": str(REPO)}  # fmt: skip

    def victim(self, name: str, *words: str) -> Victim:
        return Victim(list(words), self.environment, self.state, self.folder / f"{name}.log")

    def assert_clean(self, dead: set[str]) -> None:
        """Nothing of the dead run is left, and everything else is as it was."""
        assert dead
        assert not dead & leases_in(self.state)
        eventually("nothing of it runs", lambda: marked(dead) == [])
        assert list(self.temporary.iterdir()) == []
        assert [path for path in self.cache.glob("*") if path.name.startswith(leases.FOLDER_PREFIX)] == []
        assert self.users.run(["SELECT guest FROM hotel.guests"]) == [("ada",)]
        assert self.beside.runs("hotel_agent")


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    if not os.environ.get("QLOAPPS_DIR"):
        skip(SkipReason.NEEDS_REAL_PMS, "QLOAPPS_DIR is not set")
    try:
        look_around()
    except DrillError as error:
        skip(SkipReason.NEEDS_REAL_PMS, error.what)
    folder = tmp_path_factory.mktemp("kill")
    short = Path(tempfile.mkdtemp(prefix="t-", dir="/tmp"))  # a database's socket has no room for a long path
    (short / "tmp").mkdir()
    server = find_database()
    server.install(short / "data", folder / "users.log")
    users = Database(server, short / "data", folder / "users.log", short)
    try:
        users.start(lambda _pid, _name: None)
        users.run(
            ["CREATE DATABASE hotel", "CREATE TABLE hotel.guests (guest TEXT)", "INSERT hotel.guests VALUES('ada')"]
        )
        with pytest.MonkeyPatch.context() as patch, neighbour(folder / "state", short / "beside") as beside:
            patch.setenv(STATE_VARIABLE, str(folder / "state"))
            yield Ground(folder / "state", short / "tmp", short / "cache", folder, users, beside)
    finally:
        users.stop()
        shutil.rmtree(short)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_killed_while_the_base_state_is_made(ground: Ground, seed: int) -> None:
    shutil.rmtree(ground.cache, ignore_errors=True)
    lasts = 1.5 if os.environ.get("QLOAPPS_DUMP") else 3.0  # a dump is read sooner than the installer is done
    ready = ground.folder / f"base-{seed}.json"
    run = ground.victim(f"base-{seed}", str(HOLD), str(ground.folder / f"base-{seed}"), str(ready), "native")
    try:
        run.when("it is made", lambda: run.runs("mariadb-install-db") or run.runs("mysqld"),
                 later=Random(seed).uniform(0, lasts), within=60)  # fmt: skip
        assert list(ground.cache.glob("qloapps-base-*/")) == [], "the kill would come too late"
        dead = run.kill()
    finally:
        run.end()
    report = leases.heal()
    assert report.trouble == []
    assert len(report.alive) == 1
    ground.assert_clean(dead)


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_while_the_database_starts_and_the_next_start_cleans(ground: Ground, seed: int) -> None:
    words = ["-m", "pms_drill", "up", "--pms-stack", "native", "--pms-profile", "reference-real"]
    run = ground.victim(f"database-{seed}", *words)
    its_own = f"{leases.FOLDER_PREFIX}qloapps-"  # and not one that is only asked for its version
    try:
        run.when("the database starts", lambda: run.runs("mariadbd", its_own),
                 later=Random(seed).uniform(0, 0.5), within=120)  # fmt: skip
        dead = run.kill()
    finally:
        run.end()
    after = ground.victim(f"after-{seed}", *words)
    try:
        after.when("the next one has its database", lambda: after.runs("mariadbd", its_own), later=0, within=120)
        assert not dead & leases_in(ground.state)
        assert marked(dead) == []
    finally:
        after.end()
    ground.assert_clean(dead)


def test_killed_in_the_middle_of_an_episode(ground: Ground) -> None:
    results = ground.folder / "results"
    words = ["-m", "pms_drill", "run", "chaos", "-k", "db_paused", "--pms-stack", "native", "-n", "0"]
    words += ["--pms-profile", "reference-real", "--results", str(results)]
    run = ground.victim("episode", *words)

    def armed() -> bool:
        journals = results.glob("*/evidence/chaos-main/journal.jsonl")
        return any('"armed"' in journal.read_text() for journal in journals)

    try:
        run.when("the database is paused", armed, later=Random(1).uniform(0, 2), within=150)
        dead = run.kill()
    finally:
        run.end()
    assert len(dead) >= 2  # the runner's and the session's
    report = leases.heal()
    assert report.trouble == []
    assert len(report.alive) == 1
    ground.assert_clean(dead)
