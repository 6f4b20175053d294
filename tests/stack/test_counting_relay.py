"""The relay before a second service passes bytes on and counts what is asked."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pms_drill.faults.toxiproxy import accepts
from pms_drill.faults.toxiproxy_server import stable_port
from pms_drill.stack.counting_relay import CountingRelay
from pms_drill.stack.process import Program

REPO = Path(__file__).resolve().parents[2]


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[str]:
    port = stable_port()
    words = [sys.executable, "-m", "tests.variants.cache", str(port)]
    program = Program("cache", words, env={}, cwd=REPO, log=tmp_path / "cache.log")
    program.start()
    program.wait_until(lambda: accepts(f"127.0.0.1:{port}"), within=10, todo="read the log")
    yield f"127.0.0.1:{port}"
    program.stop()


def question(address: str) -> bytes:
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=5) as client:
        client.sendall(b"GET x\r\n")
        return client.recv(100)


def test_questions_are_passed_on_and_counted(cache: str) -> None:
    with CountingRelay(cache) as relay:
        assert relay.asked == 0
        assert [question(relay.address), question(relay.address)] == [b"$-1\r\n", b"$-1\r\n"]
        assert relay.asked == 2
    assert not accepts(relay.address)


def test_connection_without_a_question_is_not_counted(cache: str) -> None:
    with CountingRelay(cache) as relay:
        assert accepts(relay.address)
        assert relay.asked == 0


def test_server_that_has_gone_closes_the_connection_of_the_client() -> None:
    with CountingRelay(f"127.0.0.1:{stable_port()}") as relay:
        host, _, port = relay.address.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=5) as client:
            assert client.recv(10) == b""
