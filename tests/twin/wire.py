"""A twin inside the test, on a real socket, and a client that sends bytes and reads one answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httptools

from qloapps_twin.head import headers
from qloapps_twin.http_edge import Gate, Server
from qloapps_twin.service import WebService


@dataclass
class Reply:
    """What came back. Header names are as sent; of several with one name the last counts."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    complete: bool = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1")] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete = True


@asynccontextmanager
async def served(service: WebService, gate: Gate | None = None) -> AsyncIterator[int]:
    """Serve a web service; gives the port."""
    server, port = await Server(service.answer, headers, gate or Gate()).start(0)
    try:
        yield port
    finally:
        server.close()


async def ask(port: int, request: bytes, *, head: bool = False) -> Reply:
    """Send a request and read its answer.

    Raises:
        TimeoutError: no complete answer within 10 s.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    reply = Reply()
    parser = httptools.HttpResponseParser(reply)
    try:
        writer.write(request)
        async with asyncio.timeout(10):
            raw = b""
            while not reply.complete:
                data = await reader.read(65536)
                if not data:
                    break
                raw += data
                if head and b"\r\n\r\n" in raw:
                    data, reply.complete = data.replace(b"Content-Length: ", b"X-Length: "), True
                parser.feed_data(data)
        reply.status = parser.get_status_code()
        return reply
    finally:
        writer.close()
