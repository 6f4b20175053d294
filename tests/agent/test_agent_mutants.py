"""The first three mutants start as programs and do the wrong thing that they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.agent.scripted_pms import ScriptedPms, answers, hang, works_then
from tests.agent.support import FAST, RunningAgent, eventually

StartMutant = Callable[[str], RunningAgent]


@pytest.fixture
def start_mutant(pms: ScriptedPms, tmp_path: Path) -> Iterator[StartMutant]:
    """Start `tests.mutants.<name>` against `pms`."""
    started: list[RunningAgent] = []

    def start(name: str) -> RunningAgent:
        place = {"PMS_BASE_URL": f"http://127.0.0.1:{pms.port}", "PMS_CURRENCY": "PLN"}
        waits = {"PMS_CIRCUIT_BREAKER_RECOVERY_TIMEOUT": "60", "PMS_OUTBOX_INTERVAL": "600"}
        running = RunningAgent(tmp_path, FAST | place | waits, module=f"tests.mutants.{name}")
        started.append(running)
        eventually(lambda: running.pms()["status"] == "up")
        return running

    yield start
    for running in started:
        running.close()


@pytest.mark.parametrize("name", ["never_opens", "repeats_post", "mock_confirms"])
def test_a_mutant_serves_guests_while_nothing_is_wrong(start_mutant: StartMutant, pms: ScriptedPms, name: str) -> None:
    mutant = start_mutant(name)
    assert mutant.ask().json()["source"] == "pms"
    answer = mutant.book()
    assert answer.status_code == 201
    assert answer.json()["pms_booking_id"] == pms.live[0].id
    assert pms.count("booking") == 1


def test_never_opens_still_calls_after_ten_failures(start_mutant: StartMutant, pms: ScriptedPms) -> None:
    mutant = start_mutant("never_opens")
    pms.always("availability", answers(500))
    for _ in range(10):
        mutant.ask()
    assert pms.count("availability") == 10
    assert mutant.state() == "closed"


def test_repeats_post_sends_a_booking_twice(start_mutant: StartMutant, pms: ScriptedPms) -> None:
    mutant = start_mutant("repeats_post")
    pms.next("booking", works_then(hang))
    mutant.book()
    eventually(lambda: pms.count("booking") == 2)
    [first, second] = pms.live
    assert first.source == second.source


def test_mock_confirms_tells_a_booking_that_the_pms_does_not_hold(start_mutant: StartMutant, pms: ScriptedPms) -> None:
    mutant = start_mutant("mock_confirms")
    pms.always("availability", answers(500))
    for _ in range(5):
        mutant.ask()
    answer = mutant.book()
    assert (answer.status_code, answer.json()["status"]) == (201, "confirmed")
    assert pms.orders == []
