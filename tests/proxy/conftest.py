"""A fault proxy on real sockets in front of a scripted upstream."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
import uvloop
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from pms_drill.evidence.journal import Journal
from pms_drill.evidence.ledger import LedgerEntry
from pms_drill.external import TOXIPROXY, find
from pms_drill.faults.lifecycle import Place
from pms_drill.faults.probe import Probe, Seen
from pms_drill.faults.toxiproxy import OwnToxiproxy
from pms_drill.faults.toxiproxy_server import ToxiproxyServer
from pms_drill.proxy.client import FaultProxyControl
from pms_drill.proxy.control import Control
from pms_drill.proxy.exchange import Proxy
from pms_drill.proxy.server import HOST, Listener
from tests.proxy.scripted_upstream import Peer, Script, ScriptedUpstream

T = TypeVar("T")
TOKEN = "token-of-this-test-run"
BOOKING = b'{"booking":{"id":7,"total":"120.00"}}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BOOKING), BOOKING)


class RunningProxy:
    """Listener and control in a thread with an event loop of its own, as the program has one."""

    def __init__(self, upstream: str, ledger: Path) -> None:
        host, _, port = upstream.rpartition(":")
        self.proxy = Proxy.writing_to(ledger, (host, int(port)), TOKEN)
        self.listener = Listener(self.proxy)
        self.control = Control(self.proxy, self.listener)
        self.loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self) -> RunningProxy:
        self._thread.start()
        self._wait(self.listener.start(0))
        self._wait(self.control.start(HOST, 0))
        return self

    def __exit__(self, *_: object) -> None:
        self._wait(self.listener.stop())
        self._wait(self.control.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)
        self.loop.close()

    def _wait(self, step) -> None:
        asyncio.run_coroutine_threadsafe(step, self.loop).result(5)


@dataclass
class Net:
    """What a test needs."""

    upstream: ScriptedUpstream
    running: RunningProxy
    control: FaultProxyControl
    ledger_file: Path
    clients: list[Peer]

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.running.listener.port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def client(self) -> Peer:
        """A new connection to the proxy."""
        peer = Peer(socket.create_connection((HOST, self.running.listener.port), timeout=5))
        self.clients.append(peer)
        return peer

    def ask(self, request: bytes, script: Script, length: int) -> bytes:
        """Send a request on a new connection; give the first `length` bytes that come back."""
        self.upstream.script = script
        client = self.client()
        client.send(request)
        return client.expect(length)

    def probe(self, method: str = "GET", path: str = "/__drill__/ping", patience: float = 1.0) -> Seen:
        return Probe(method, path, patience).send(self.address, TOKEN)

    def rule(self, effect: dict, **match: object) -> str:
        """Put a rule in force; gives its name."""
        name = f"rule-{len(self.control.rules())}"
        self.control.add_rule({"name": name, "effect": effect, **match})
        return name

    def entries(self, count: int, holds: Callable[[LedgerEntry], bool] = lambda entry: True) -> list[LedgerEntry]:
        """The ledger, once it has `count` entries that all satisfy `holds`."""
        return eventually(self.control.ledger, lambda found: len(found) == count and all(map(holds, found)))

    def entries_with(self, holds: Callable[[LedgerEntry], bool]) -> list[LedgerEntry]:
        """The entries that satisfy `holds`, once there is one."""
        return list(filter(holds, eventually(self.control.ledger, lambda found: any(map(holds, found)))))

    def written(self, count: int) -> list[LedgerEntry]:
        """The entries in the file, once there are `count`."""
        lines = eventually(lambda: self.ledger_file.read_text().splitlines(), lambda found: len(found) == count)
        return [LedgerEntry.model_validate_json(line) for line in lines]


def eventually(look: Callable[[], list[T]], holds: Callable[[list[T]], bool]) -> list[T]:
    """What `look` gives, once it satisfies `holds`; fails with what was last seen."""
    for attempt in Retrying(
        stop=stop_after_delay(5), wait=wait_fixed(0.005), retry=retry_if_exception_type(AssertionError), reraise=True
    ):
        with attempt:
            seen = look()
            assert holds(seen), f"last seen: {seen}"
    return seen


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Net]:
    upstream = ScriptedUpstream()
    file = tmp_path / "ledger.jsonl"
    with RunningProxy(upstream.address, file) as running:
        with FaultProxyControl(f"http://127.0.0.1:{running.control.port}", TOKEN) as control:
            net = Net(upstream, running, control, file, [])
            yield net
            for client in net.clients:
                client.close()
        upstream.close()


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
def place(net: Net, journal: Journal, tmp_path: Path) -> Iterator[Place]:
    def serve(peer: Peer) -> None:
        answered = 0
        while peer.receive():
            while peer.received.count(b"\r\n\r\n") > answered:
                answered += 1
                peer.send(ANSWER)

    net.upstream.script = serve
    with OwnToxiproxy(ToxiproxyServer(find(TOXIPROXY), tmp_path / "toxiproxy.log")) as toxiproxy:
        toxiproxy.create("pms", net.address)
        yield Place(toxiproxy, "pms", net.control, TOKEN, journal.note)
