"""A real Toxiproxy and a small real upstream that counts what reaches it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pms_drill.evidence.journal import Journal
from pms_drill.external import TOXIPROXY, find
from pms_drill.faults.lifecycle import Place
from pms_drill.faults.toxiproxy import OwnToxiproxy, Proxy
from pms_drill.faults.toxiproxy_server import ToxiproxyServer
from tests.faults.counting_upstream import Upstream


@dataclass
class Net:
    """What a test of the TCP level needs."""

    toxiproxy: OwnToxiproxy
    proxy: Proxy
    upstream: Upstream
    journal: Journal = field(default_factory=Journal)

    @property
    def place(self) -> Place:
        return Place(
            toxiproxy=self.toxiproxy,
            proxy_name=self.proxy.name,
            fault_proxy=None,  # type: ignore[arg-type]  # TCP faults do not use it
            token="t" * 32,
            note=self.journal.note,
        )

    def events(self) -> list[str]:
        return [event.what for event in self.journal.events]


@pytest.fixture(scope="session")
def toxiproxy_binary() -> Path:
    return find(TOXIPROXY)


@pytest.fixture
def new_toxiproxy(toxiproxy_binary: Path, tmp_path: Path) -> Iterator[Callable[[], OwnToxiproxy]]:
    with ExitStack() as open_servers:

        def start() -> OwnToxiproxy:
            server = ToxiproxyServer(toxiproxy_binary, tmp_path / "toxiproxy.log")
            return open_servers.enter_context(OwnToxiproxy(server))

        yield start


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server
        server.shutdown()


@pytest.fixture
def net(new_toxiproxy: Callable[[], OwnToxiproxy], upstream: Upstream) -> Net:
    toxiproxy = new_toxiproxy()
    return Net(toxiproxy, toxiproxy.create("pms", upstream.address), upstream)


@pytest.fixture
def silent_listener() -> Iterator[str]:
    """An address that neither accepts nor refuses: its backlog is full."""
    with ExitStack() as held:
        listener = held.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = held.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield f"127.0.0.1:{listener.getsockname()[1]}"
