"""A run in containers is killed at any moment: the next heal cleans up, and touches nothing else at the engine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from pms_drill import lease as leases
from pms_drill.checks.verdict import SkipReason
from pms_drill.errors import DrillError
from pms_drill.report.skips import skip
from pms_drill.stack.agent_program import REPO
from pms_drill.stack.compose import PMS_VARIABLE, check_compose
from pms_drill.stack.engine import RUN_LABEL, remove_engine_run
from tests.stack.compose_help import HOLD, engine, have_images, left, place
from tests.stack.kill_help import Victim, leases_in, marked, neighbour

__all__ = ["engine", "place"]

pytestmark = [pytest.mark.xdist_group("compose kill"), pytest.mark.timeout(400)]


@dataclass
class Users:
    """What the user has at the engine: a container, a network and a volume without the label of a run of ours."""

    engine: Any
    container: Any
    network: Any
    volume: Any

    def assert_untouched(self) -> None:
        self.container.reload()
        self.network.reload()
        self.volume.reload()
        assert self.container.status == "running"


@pytest.fixture(scope="module")
def users(engine: Any) -> Iterator[Users]:
    image = next(iter(have_images(engine, twin=True).values()))
    name = f"somebody-elses-{os.getpid()}"
    network, volume = engine.networks.create(name), engine.volumes.create(name)
    container = engine.containers.run(
        image,
        ["sleep", "3600"],
        detach=True,
        name=name,
        network=name,
        volumes={name: {"bind": "/data"}},
        labels={RUN_LABEL: "of-somebody-else"},
    )
    try:
        yield Users(engine, container, network, volume)
    finally:
        container.remove(force=True)
        network.remove()
        volume.remove()


@pytest.fixture(scope="module")
def beside(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    with neighbour(place / "state", tmp_path_factory.mktemp("beside") / "run") as running:
        yield running


@dataclass
class Run:
    """A compose stack that is held by a process of its own, to be killed."""

    engine: Any
    victim: Victim
    folder: Path
    known: set[str]

    @property
    def things(self) -> list[Any]:
        """What it has at the engine so far."""
        mine = self.engine.containers.list(all=True, ignore_removed=True, filters={"label": RUN_LABEL})
        nets = self.engine.networks.list(filters={"label": RUN_LABEL})
        return [thing for thing in [*mine, *nets] if self._label(thing) not in self.known]

    @property
    def label(self) -> str:
        [label] = {self._label(thing) for thing in self.things}
        return label

    def has(self, service: str) -> bool:
        return any(self._service(thing) == service for thing in self.things)

    @property
    def up(self) -> bool:
        return (self.folder / "ready").exists()

    @staticmethod
    def _label(thing: Any) -> str:
        labels: dict[str, str] = thing.attrs.get("Labels") or getattr(thing, "labels", None) or {}
        return labels.get(RUN_LABEL, "")

    @staticmethod
    def _service(thing: Any) -> str:
        return (getattr(thing, "labels", None) or {}).get("com.docker.compose.service", "")


def started(engine: Any, place: Path, folder: Path, **environment: str) -> Run:
    known = {
        Run._label(thing)
        for thing in engine.containers.list(all=True, ignore_removed=True, filters={"label": RUN_LABEL})
    }
    known |= {Run._label(thing) for thing in engine.networks.list(filters={"label": RUN_LABEL})}
    words = [str(HOLD), str(folder / "run"), str(folder / "ready")]
    victim = Victim(words, {"PYTHONPATH": str(REPO), **environment}, place / "state", folder / "log")
    return Run(engine, victim, folder, known)


#: Moment -> when it has come; and how many seconds later the kill may come.
MOMENTS: dict[str, tuple[Callable[[Run], bool], float]] = {
    "networks and containers are created": (lambda run: bool(run.things), 2.0),
    "the PMS starts": (lambda run: run.has("twin"), 1.5),
    "the agent is created": (lambda run: run.has("agente-api"), 1.5),
    "the stack is up": (lambda run: run.up, 0.5),
}


@pytest.mark.parametrize("seed", [1])
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_run_is_cleaned_by_heal_and_everything_else_lives(
    engine: Any, place: Path, users: Users, beside: Victim, tmp_path: Path, moment: str, seed: int
) -> None:
    has_come, spread = MOMENTS[moment]
    run = started(engine, place, tmp_path)
    try:
        run.victim.when(moment, lambda: has_come(run), later=Random(seed).uniform(0, spread), within=120)
        label, dead = run.label, run.victim.kill()
    finally:
        run.victim.end()
    assert left(engine, label)
    report = leases.heal(remove_engine_run=remove_engine_run)
    assert report.trouble == []
    assert len(report.alive) == 1
    assert left(engine, label) == []
    assert dead
    assert not dead & leases_in(place / "state")
    assert marked(dead) == []
    users.assert_untouched()
    assert beside.runs("hotel_agent")


def test_killed_in_the_middle_of_a_fault_by_the_engine(
    engine: Any, place: Path, users: Users, beside: Victim, tmp_path: Path
) -> None:
    run = started(engine, place, tmp_path, HOLD_FAULT="pms_paused")
    try:
        run.victim.when("the PMS is paused", lambda: (tmp_path / "ready.armed").exists(), later=0.2, within=150)
        label, dead = run.label, run.victim.kill()
    finally:
        run.victim.end()
    paused = engine.containers.list(filters={"label": f"{RUN_LABEL}={label}", "status": "paused"})
    assert len(paused) == 1
    report = leases.heal(remove_engine_run=remove_engine_run)
    assert report.trouble == []
    assert left(engine, label) == []
    assert not dead & leases_in(place / "state")
    users.assert_untouched()
    assert beside.runs("hotel_agent")


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_while_the_real_pms_is_set_up(
    engine: Any, place: Path, users: Users, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setenv(PMS_VARIABLE, "qloapps")
    try:
        check_compose()
    except DrillError as error:
        skip(SkipReason.NEEDS_REAL_PMS, error.what)
    have_images(engine, twin=False)
    run = started(engine, place, tmp_path)
    try:
        run.victim.when("the database starts", lambda: run.has("mysql-qloapps"),
                        later=Random(seed).uniform(0, 12), within=120)  # fmt: skip
        label, dead = run.label, run.victim.kill()
    finally:
        run.victim.end()
    report = leases.heal(remove_engine_run=remove_engine_run)
    assert report.trouble == []
    assert left(engine, label) == []
    assert not dead & leases_in(place / "state")
    users.assert_untouched()
