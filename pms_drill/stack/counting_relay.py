"""A TCP relay that counts: how often something was asked of a server whose protocol we do not know."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from types import TracebackType
from typing import Self

_PIECE = 65536
_CONNECT_LIMIT_S = 2.0


class CountingRelay:
    """Passes bytes on in both directions, from a free loopback port; a context manager.

    Args:
        upstream: "host:port" of the server.

    Attributes:
        address: "127.0.0.1:<port>".
        asked: pieces of data that clients have sent so far; one question is at least one.
    """

    def __init__(self, upstream: str) -> None:
        host, _, port = upstream.rpartition(":")
        self._upstream = (host, int(port))
        self._lock = threading.Lock()
        self._asked = 0
        relay = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                relay._serve(self.request)

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="counting relay", daemon=True
        )

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening; connections end with their peers."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=2.0)

    @property
    def asked(self) -> int:
        """See above."""
        with self._lock:
            return self._asked

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), socket.create_connection(self._upstream, _CONNECT_LIMIT_S) as server:
            server.settimeout(None)
            back = threading.Thread(target=self._pass_on, args=(server, client, False), daemon=True)
            back.start()
            self._pass_on(client, server, True)
            back.join(timeout=2.0)

    def _pass_on(self, source: socket.socket, target: socket.socket, count: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(_PIECE):
                if count:
                    with self._lock:
                        self._asked += 1
                target.sendall(piece)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False
