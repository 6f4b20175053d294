"""Liveness and readiness ask nobody."""

from __future__ import annotations

from datetime import datetime

import pytest

from pms_drill import clock
from pms_drill.contract.agent import Agent
from pms_drill.contract.calls import Calls
from pms_drill.episodes.guests import GuestBook


@pytest.mark.property("API-29")
def test_readiness_after_an_answer_of_the_pms_is_up_and_closed(agent: Agent, guest_book: GuestBook) -> None:
    before = clock.utc().replace(microsecond=0)
    assert agent.ask(guest_book.guest().availability()).status_code == 200
    answer = agent.ready()
    assert answer.status_code == 200
    told = answer.json()
    assert told.get("status") == "ready"
    assert set(told["pms"]) >= {"status", "adapter", "breaker", "checked_at", "pending"}
    assert (told["pms"]["status"], told["pms"]["adapter"], told["pms"]["breaker"]) == ("up", "qloapps", "closed")
    assert isinstance(told["pms"]["checked_at"], str)
    assert before <= datetime.fromisoformat(told["pms"]["checked_at"]) <= clock.utc()
    assert isinstance(told["pms"]["pending"], int)


@pytest.mark.property("API-30")
def test_health_and_metrics_make_no_call_to_the_pms(agent: Agent, calls: Calls) -> None:
    for _ in range(5):
        assert [answer.status_code for answer in (agent.live(), agent.ready(), agent.metrics())] == [200, 200, 200]
    assert calls.made_with_probes() == []
