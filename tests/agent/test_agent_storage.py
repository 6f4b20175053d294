"""A disk that is full: no file of the agent may grow, by a limit of the operating system that can be lifted again."""

from __future__ import annotations

import resource
import sys

import pytest

from tests.agent.scripted_pms import ScriptedPms
from tests.agent.support import PATIENT, RunningAgent, StartAgent, eventually, problem

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs prlimit")


def disk(agent: RunningAgent, *, full: bool) -> None:
    _, hard = resource.prlimit(agent.program.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(agent.program.pid, resource.RLIMIT_FSIZE, (0 if full else hard, hard))


def ready(agent: RunningAgent) -> int:
    return agent.client.get("/health/ready").status_code


def test_readiness_sees_a_full_disk_and_room_on_it_again(agent: RunningAgent) -> None:
    assert ready(agent) == 200
    disk(agent, full=True)
    eventually(lambda: ready(agent) == 503)
    assert agent.client.get("/health/live").status_code == 200
    disk(agent, full=False)
    eventually(lambda: ready(agent) == 200)


@pytest.mark.parametrize("key", [None, "k"], ids=["without a key", "with a key"])
@pytest.mark.parametrize("failover", ["mock", "off"])
def test_a_reservation_that_cannot_be_stored_is_told_and_nothing_is_sent(
    start_agent: StartAgent, pms: ScriptedPms, failover: str, key: str | None
) -> None:
    agent = start_agent(PMS_CURRENCY="PLN", PMS_FAILOVER=failover, **PATIENT)
    disk(agent, full=True)
    answer = agent.book(key=key)
    assert (answer.status_code, problem(answer)["type"]) == (503, "outbox-unusable")
    assert int(answer.headers["Retry-After"]) >= 1
    assert ready(agent) == 503, "a write that failed a moment ago is known"
    assert agent.ask().json()["source"] == "pms"
    disk(agent, full=False)
    assert agent.book(key=key).status_code == 201
    assert pms.count("booking") == len(pms.live) == 1
    eventually(lambda: ready(agent) == 200)


def test_readiness_writes_no_more_often_than_once_a_second(agent: RunningAgent) -> None:
    log = agent.folder / "outbox.sqlite-wal"
    ready(agent)
    before = log.stat().st_size
    for _ in range(200):
        ready(agent)
    # Not a count of rounds in a time, which the machine decides: far less than one write for each question.
    assert log.stat().st_size - before < 100 * 16384
