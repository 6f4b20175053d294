"""A hotel that somebody else runs: an embedded stack with recorders in front of all that the harness may reach."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pms_drill import profile as profiles
from pms_drill.lease import STATE_VARIABLE, Lease
from pms_drill.report.model import RunVerdict
from pms_drill.report.results import read_verdict
from pms_drill.stack.embedded import embedded_stack
from pms_drill.stack.process_stack import ProcessStack
from pms_drill.target import ADMIN_TOKEN, CONTROL_TOKEN, PMS_KEY
from tests.external_stack.recording import Recorder

REPO = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Hotel:
    """A running system, and what reached it through the addresses that the harness was given."""

    stack: ProcessStack
    agent: Recorder
    pms: Recorder
    toxiproxy: Recorder
    fault_proxy: Recorder

    @property
    def secrets(self) -> dict[str, str]:
        return {
            PMS_KEY: self.stack.pms_key,
            CONTROL_TOKEN: self.stack.place.token,
            ADMIN_TOKEN: self.stack.admin_token,
        }

    def everything(self, *, toxiproxy: bool = True) -> list[str]:
        words = [f"--agent-url={self.agent.url}", f"--pms-url={self.pms.url}"]
        words += [f"--fault-proxy-url={self.fault_proxy.url}"]
        return words + ([f"--toxiproxy-url={self.toxiproxy.url}"] if toxiproxy else [])


@pytest.fixture(scope="module")
def hotel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotel]:
    folder = tmp_path_factory.mktemp("hotel")
    (folder / "run" / "logs").mkdir(parents=True)
    with ExitStack() as opened, Lease(folder / "state") as lease:
        stack = opened.enter_context(
            embedded_stack(profiles.load("reference-fast"), folder / "run", label="hotel", lease=lease, seed=1)
        )
        ways = [stack.addresses.agent, stack.addresses.pms, f"http://{stack.place.toxiproxy.api.address}"]
        ways.append(stack.place.fault_proxy.url)  # type: ignore[attr-defined]
        recorders = [opened.enter_context(Recorder(urlsplit(url).netloc)) for url in ways]
        yield Hotel(stack, *recorders)


@dataclass(frozen=True)
class Ran:
    """One run: exit code, verdict, output."""

    code: int
    verdict: RunVerdict
    said: str
    folder: Path


RunExternal = Callable[..., Ran]


@pytest.fixture
def run_external(hotel: Hotel, tmp_path: Path) -> RunExternal:
    """Runs `pms-drill run --pms-stack external` with the hotel's secrets."""

    def run(*words: str, parts: tuple[str, ...] = ("contracts",), without: tuple[str, ...] = ()) -> Ran:
        results = tmp_path / "results"
        argv = [sys.executable, "-m", "pms_drill", "run", *parts, "--pms-stack", "external", "--pms-tier", "pr"]
        argv += ["--pms-seed", "4711", "--results", str(results), *words]
        env = {**os.environ, STATE_VARIABLE: str(tmp_path / "state"), **hotel.secrets}
        env = {name: value for name, value in env.items() if name not in without}
        done = subprocess.run(argv, cwd=REPO, env=env, capture_output=True, text=True, timeout=300, check=False)
        said = done.stdout + done.stderr
        assert (results / "latest").exists(), said
        return Ran(done.returncode, read_verdict(results / "latest"), said, results / "latest")

    return run
