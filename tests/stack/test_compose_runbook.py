"""The runbook's names and ports, for an on-call engineer: `pms-drill up --pms-stack compose --runbook`."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pms_drill.errors import DrillError
from pms_drill.lease import Lease
from pms_drill.stack import compose_runbook
from pms_drill.stack.agent_program import REPO
from tests.stack.compose_help import engine, eventually, left, opened, place

__all__ = ["engine", "place"]


def test_text_names_what_the_runbook_names() -> None:
    told = "\n".join(compose_runbook.lines(Path("/folder"), ("docker", "compose"), twin=False))
    for word in ("agente-api", "qloapps", "mysql-qloapps", "localhost:8000", "localhost:9090", "/folder/.env"):
        assert word in told
    assert "docker compose restart agente-api" in told
    assert "mysql-qloapps" not in "\n".join(compose_runbook.lines(Path("/folder"), ("docker", "compose"), twin=True))


def test_runbook_without_containers_is_refused() -> None:
    words = [sys.executable, "-m", "pms_drill", "up", "--runbook", "--pms-stack", "native"]
    done = subprocess.run(words, cwd=REPO, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "only containers have the runbook's names" in done.stderr


class Held:
    """`pms-drill up --pms-stack compose --runbook` in a process of its own."""

    def __init__(self) -> None:
        words = [sys.executable, "-m", "pms_drill", "up", "--pms-stack", "compose", "--runbook"]
        self.process = subprocess.Popen(words, cwd=REPO, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.said = ""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.said += line

    def wait_until_up(self) -> None:
        eventually("the stack is up", lambda: "incident by hand" in self.said or self.process.poll() is not None, 180)
        assert self.process.poll() is None, self.said


@pytest.fixture
def held(engine: Any, place: Path) -> Iterator[Held]:
    running = Held()
    yield running
    if running.process.poll() is None:
        running.process.send_signal(signal.SIGTERM)
        running.process.wait(timeout=60)


def shell(command: str, folder: str = ".") -> str:
    done = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.xdist_group("incident")
@pytest.mark.timeout(600)
def test_commands_of_the_runbook_work_as_they_stand_there(held: Held, engine: Any) -> None:
    held.wait_until_up()
    assert httpx.get("http://localhost:8000/health/ready", trust_env=False).json()["pms"]["adapter"] == "qloapps"
    assert httpx.get("http://localhost:9090/-/ready", trust_env=False).status_code == 200
    assert "PMS adapter type" in shell('docker logs agente-api --since 10m 2>&1 | grep "PMS"')
    shell("docker logs qloapps --tail 50")
    shell("docker exec agente-api nslookup toxiproxy")
    shell("docker exec agente-api sh -c 'echo \"PMS_TYPE=mock\" >> /app/.env'")
    [restart] = [line.strip() for line in held.said.splitlines() if line.endswith("restart agente-api")]
    shell(restart)

    def mocked() -> bool:
        return "PMS adapter type: mock" in shell("docker logs agente-api 2>&1")

    eventually("the mock is in the log", mocked, within=30)
    run = engine.containers.get("agente-api").labels["io.pms-drill.run"]
    held.process.send_signal(signal.SIGINT)
    assert held.process.wait(timeout=60) == 0
    assert left(engine, run) == []


@pytest.mark.xdist_group("incident")
@pytest.mark.timeout(600)
def test_down_in_another_terminal_removes_what_a_killed_one_left(held: Held, engine: Any) -> None:
    held.wait_until_up()
    run = engine.containers.get("agente-api").labels["io.pms-drill.run"]
    held.process.kill()
    held.process.wait(timeout=20)
    assert left(engine, run)
    words = [sys.executable, "-m", "pms_drill", "down"]
    done = subprocess.run(words, env=os.environ, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert left(engine, run) == []


@pytest.mark.xdist_group("incident")
@pytest.mark.timeout(600)
def test_taken_port_is_told_and_nothing_is_left(engine: Any, place: Path) -> None:
    with socket.create_server(("127.0.0.1", 9090)), Lease() as lease:
        stack = opened(place, lease, "conflict", runbook=True)
        with pytest.raises(DrillError, match="a port is taken"), stack:
            pass
        assert left(engine, stack.run) == []
