"""A PMS side that costs next to nothing: one canned answer per request, on uvloop.

`python -m tests.bench._upstream FILE` writes its port to FILE and serves until its parent ends.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import uvloop

BODY = b'{"booking":{"id":4711,"currency":"EUR","rooms":[' + b'{"id":1,"price":120.0},' * 40 + b"{}]}}"
ANSWER = (
    b"HTTP/1.1 200 OK\r\nDate: Mon, 02 Nov 2026 10:00:00 GMT\r\nServer: Apache/2.4.57 (Debian)\r\n"
    b"Access-Time: 1793613600\r\nX-Powered-By: PrestaShop Webservice\r\nPSWS-Version: 1.6.1.23\r\n"
    b"Execution-Time: 0.021\r\nContent-Length: %d\r\nKeep-Alive: timeout=5, max=100\r\nConnection: Keep-Alive\r\n"
    b"Content-Type: application/json\r\n\r\n%s"
) % (len(BODY), BODY)


class Answering(asyncio.Protocol):
    """Answers what ends with the mark that all requests of this bench end with."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.rest = b""

    def data_received(self, data: bytes) -> None:
        self.rest += data
        if self.rest.endswith(b"</booking>"):
            self.rest = b""
            self.transport.write(ANSWER)  # type: ignore[attr-defined]


async def serve(ready: Path) -> None:
    """Until the parent ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Answering, "127.0.0.1", 0)
    announce(ready, server.sockets[0].getsockname()[1])
    parent, over = os.getppid(), loop.create_future()

    def look() -> None:
        if os.getppid() == parent:
            loop.call_later(0.3, look)
        else:
            over.set_result(None)

    look()
    await over


def announce(ready: Path, port: int) -> None:
    """In one step, so that nobody reads half of it."""
    draft = ready.with_suffix(".tmp")
    draft.write_text(str(port))
    draft.replace(ready)


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1])))
