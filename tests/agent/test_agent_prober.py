"""The prober and the client, whatever goes wrong around them: no verdict is lost, and no permit stays taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from hotel_agent import pms as client_module
from hotel_agent import prober as prober_module
from hotel_agent.agent import Agent
from hotel_agent.breaker import State
from hotel_agent.failures import PmsFailure
from hotel_agent.settings import Settings
from tests.agent.scripted_pms import ScriptedPms, answers
from tests.agent.support import KEY


@pytest.fixture
async def agent(tmp_path: Path, pms: ScriptedPms) -> AsyncIterator[Agent]:
    """The parts of an agent; nothing runs by itself, and the breaker opens for a thousandth of a second."""
    settings = Settings(
        pms_base_url=f"http://127.0.0.1:{pms.port}",
        pms_api_key=KEY,  # type: ignore[arg-type]
        pms_circuit_breaker_failure_threshold=2,
        pms_circuit_breaker_recovery_timeout=0.001,
        pms_health_interval=0.001,
        outbox_path=tmp_path / "outbox.sqlite",
    )
    parts = Agent(settings)
    yield parts
    await parts.client.close()


class DeadLog:
    """A logger whose calls raise, as one does that writes to a full disk by itself."""

    def __getattr__(self, _: str) -> Any:
        def fails(*_: object, **__: object) -> None:
            raise OSError("No space left on device")

        return fails


@pytest.fixture
def dead_log(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (client_module, prober_module):
        monkeypatch.setattr(module, "logger", DeadLog)


async def probe(agent: Agent) -> None:
    try:
        await agent.qloapps.probe()
    except (PmsFailure, OSError):
        return


async def until(there: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not there():  # noqa: ASYNC110 (what is awaited has no event)
            await asyncio.sleep(0.001)


async def half_open(agent: Agent, pms: ScriptedPms) -> None:
    pms.always("probe", answers(500))
    for _ in range(2):
        await probe(agent)
    await until(lambda: agent.breaker.state is State.HALF_OPEN)


@pytest.mark.usefixtures("dead_log")
async def test_failures_count_although_the_log_raises(agent: Agent, pms: ScriptedPms) -> None:
    await half_open(agent, pms)
    assert pms.count("probe") == 2


@pytest.mark.usefixtures("dead_log")
@pytest.mark.parametrize("status", [500, 400, 200])
async def test_a_half_open_probe_gives_its_permit_back_although_the_log_raises(
    agent: Agent, pms: ScriptedPms, status: int
) -> None:
    await half_open(agent, pms)
    pms.always("probe", answers(status, "[]", "application/json"))
    await probe(agent)
    assert agent.breaker._probing is False
    assert (agent.breaker.state is State.CLOSED) == (status == 200)


async def test_a_probe_that_cannot_even_be_built_gives_its_permit_back(
    agent: Agent, pms: ScriptedPms, monkeypatch: pytest.MonkeyPatch
) -> None:
    await half_open(agent, pms)

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("nobody thought of this")

    monkeypatch.setattr(agent.client._http, "build_request", fails)
    await probe(agent)
    assert agent.breaker._probing is False


@pytest.mark.usefixtures("dead_log")
async def test_the_prober_outlives_whatever_goes_wrong(
    agent: Agent, pms: ScriptedPms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prober_module, "_PAUSE", 0.001)
    pms.always("probe", answers(500))
    broken = 3
    real = agent.qloapps.probe

    async def breaks_at_first() -> None:
        nonlocal broken
        if broken:
            broken -= 1
            raise RuntimeError("nobody thought of this")
        await real()

    agent.qloapps.probe = breaks_at_first  # type: ignore[method-assign]
    probing = asyncio.create_task(agent.prober.run())
    await until(lambda: pms.count("probe") >= 5)
    pms.heal()
    await until(lambda: agent.breaker.state is State.CLOSED)
    assert not probing.done()
    probing.cancel()
