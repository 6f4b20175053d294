"""The fault proxy as a program: how it starts, says it is ready, and ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from pms_drill.proxy.client import FaultProxyControl
from tests.proxy.scripted_upstream import Peer, ScriptedUpstream

TOKEN = "0123456789abcdef"


def soon(check: Callable[[], object], within: float = 10) -> None:
    for attempt in Retrying(
        stop=stop_after_delay(within),
        wait=wait_fixed(0.02),
        retry=retry_if_exception_type(AssertionError),
        reraise=True,
    ):
        with attempt:
            assert check()


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    made = ScriptedUpstream()
    yield made
    made.close()


def command(tmp_path: Path, upstream: str = "127.0.0.1:9") -> list[str]:
    files = ["--ledger", str(tmp_path / "ledger"), "--ready-file", str(tmp_path / "ready")]
    return [sys.executable, "-m", "pms_drill.proxy", "--upstream", upstream, *files]


def environment(token: str | None = TOKEN) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "PMS_DRILL_CONTROL_TOKEN"}
    return kept if token is None else {**kept, "PMS_DRILL_CONTROL_TOKEN": token}


def test_program_is_ready_when_its_file_says_so_and_ends_on_sigterm_with_its_ledger_written(tmp_path, upstream) -> None:
    def script(peer: Peer) -> None:
        peer.rest()

    upstream.script = script
    with subprocess.Popen(command(tmp_path, upstream.address), env=environment()) as program:
        soon((tmp_path / "ready").exists)
        ports = json.loads((tmp_path / "ready").read_text())
        assert set(ports) == {"port", "control_port"}
        addresses = {item.laddr.ip for item in psutil.Process(program.pid).net_connections() if item.status == "LISTEN"}
        assert addresses == {"127.0.0.1"}
        with FaultProxyControl(f"http://127.0.0.1:{ports['control_port']}", TOKEN) as control:
            with pytest.raises(httpx.ReadTimeout):
                httpx.get(f"http://127.0.0.1:{ports['port']}/open", timeout=0.3, trust_env=False)
            soon(lambda: control.ledger()[0].forwarded is not None)
            program.send_signal(signal.SIGTERM)
            assert program.wait(5) == 0
    [line] = (tmp_path / "ledger").read_text().splitlines()
    assert "the fault proxy was stopped" in json.loads(line)["note"]
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".tmp")] == []


def test_program_ends_when_its_parent_dies(tmp_path) -> None:
    starter = f"import subprocess, sys; p = subprocess.Popen({command(tmp_path)!r}); print(p.pid, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", starter], env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        soon((tmp_path / "ready").exists)
        parent.kill()
    psutil.wait_procs([child], timeout=5)
    assert not child.is_running()


WRONG = {
    "no token": (["--port", "0"], None, "PMS_DRILL_CONTROL_TOKEN"),
    "short token": (["--port", "0"], "short", "PMS_DRILL_CONTROL_TOKEN"),
    "upstream without port": (["--upstream", "localhost"], TOKEN, "--upstream localhost"),
    "ledger in no folder": (["--ledger", "/nonexistent/ledger"], TOKEN, "/nonexistent/ledger"),
    "port taken": (["--port", "TAKEN"], TOKEN, "could not start"),
    "misspelt option": (["--upstraem", "x"], TOKEN, "--upstraem"),
}


@pytest.mark.parametrize(("options", "token", "told"), WRONG.values(), ids=WRONG)
def test_wrong_start_is_told_in_words_and_code_2(tmp_path, upstream, options, token, told) -> None:
    taken = upstream.address.rpartition(":")[2]
    options = [taken if option == "TAKEN" else option for option in options]
    ended = subprocess.run(
        [*command(tmp_path), *options], env=environment(token), capture_output=True, text=True, timeout=20, check=False
    )
    assert ended.returncode == 2
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "ready").exists()
