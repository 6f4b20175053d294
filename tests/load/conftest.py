"""A real agent stand-in on a real port, and the stack that a load run sees."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from pms_drill.load.direct import DirectTarget
from pms_drill.load.plan import Strike
from pms_drill.profile import BreakerPart, PmsPart, Profile
from pms_drill.stack.process import Program

STANDIN = Path(__file__).with_name("standin_agent.py")


class StandinStack:
    """Offers what `run_load` needs, with the stand-in as agent."""

    def __init__(self, port: int, recovery: float) -> None:
        self.agent_url = f"http://127.0.0.1:{port}"
        self.profile = Profile(name="standin", breaker=BreakerPart(recovery_timeout=recovery), pms=PmsPart(timeout=1.0))
        self.healed = 0
        self.direct_target = DirectTarget("", "")
        self.ask: Callable[[], object] | None = None

    def control(self) -> Callable[[], object] | None:
        return self.ask

    def scrape(self) -> str:
        return httpx.get(f"{self.agent_url}/metrics", timeout=5).raise_for_status().text

    def post(self, path: str) -> None:
        httpx.post(f"{self.agent_url}{path}", timeout=5).raise_for_status()

    @contextlib.contextmanager
    def outage(self, strike: Strike) -> Iterator[None]:
        self.post("/pms/down")
        try:
            yield
        finally:
            self.post("/pms/up")
            self.healed += 1

    def reset(self) -> None:
        self.post("/pms/reset")

    def pms(self) -> DirectTarget:
        return self.direct_target

    def currency(self) -> str:
        return "PLN"


Start = Callable[..., StandinStack]


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[Start]:
    """Starts stand-ins: `standin(recovery=1.0, stall_every=0.0, stall=1.5)`."""
    with contextlib.ExitStack() as running:

        def start(*, recovery: float = 1.0, stall_every: float = 0.0, stall: float = 1.5) -> StandinStack:
            ready = tmp_path / "standin.ready"
            words = [sys.executable, str(STANDIN), "--ready-file", str(ready)]
            words += ["--recovery", str(recovery), "--stall-every", str(stall_every), "--stall", str(stall)]
            program = Program("stand-in", words, env={}, cwd=tmp_path, log=tmp_path / "standin.log")
            program.start()
            running.callback(program.stop)
            program.wait_until(ready.exists, within=15, todo="read its log")
            return StandinStack(json.loads(ready.read_text())["port"], recovery)

        yield start
