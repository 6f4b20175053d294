"""Agents and the PMS they speak to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.agent.scripted_pms import ScriptedPms
from tests.agent.support import FAST, PATIENT, RunningAgent, StartAgent, eventually


@pytest.fixture
def pms() -> Iterator[ScriptedPms]:
    server = ScriptedPms()
    yield server
    server.close()


@pytest.fixture
def start_agent(pms: ScriptedPms, tmp_path: Path) -> Iterator[StartAgent]:
    """Start agents that speak to `pms`; they are stopped after the test. A setting of None is left out."""
    started: list[RunningAgent] = []

    def start(*, known_up: bool = True, **settings: str | None) -> RunningAgent:
        folder = tmp_path / f"agent{len(started)}"
        folder.mkdir()
        place = {"PMS_BASE_URL": f"http://127.0.0.1:{pms.port}", "LOG_FILE": str(folder / "agent.log")}
        chosen: dict[str, Any] = FAST | place | settings
        running = RunningAgent(folder, {name: value for name, value in chosen.items() if value is not None})
        started.append(running)
        if known_up:
            # The probe at start has ended: faults armed from here on meet the test's own calls only.
            eventually(lambda: running.pms()["status"] == "up")
        return running

    yield start
    for running in started:
        running.close()


@pytest.fixture
def agent(start_agent: StartAgent) -> RunningAgent:
    """An agent with short waits and the runbook's threshold of five."""
    return start_agent()


@pytest.fixture
def patient_agent(start_agent: StartAgent) -> RunningAgent:
    """An agent whose breaker stays closed whatever the test does."""
    return start_agent(**PATIENT)


@pytest.fixture(scope="module")
def quiet_pms() -> Iterator[ScriptedPms]:
    """A PMS without faults, shared by the tests of a module."""
    server = ScriptedPms()
    yield server
    server.close()


@pytest.fixture(scope="module")
def shared_agent(quiet_pms: ScriptedPms, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAgent]:
    """One agent for tests that leave no trace in it."""
    folder = tmp_path_factory.mktemp("agent")
    place = {"PMS_BASE_URL": f"http://127.0.0.1:{quiet_pms.port}", "LOG_FILE": str(folder / "agent.log")}
    running = RunningAgent(folder, FAST | PATIENT | place)
    eventually(lambda: running.pms()["status"] == "up")
    yield running
    running.close()
