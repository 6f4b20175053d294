"""The HTTP server: a thin edge of asyncio and httptools around functions from request to steps.

A request is answered on the spot when its steps need no waiting; otherwise it becomes a task that goes on even when
its client has left, as QloApps does.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast
from urllib.parse import parse_qsl, unquote

import httptools

from qloapps_twin.answers import Answer, Request, Steps
from qloapps_twin.latency import Latency

Handler = Callable[[Request], Steps]
Headers = Callable[[Request, Answer], list[tuple[str, str]]]
_REASONS = {
    200: "OK", 201: "Created", 302: "Found", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
    404: "Not Found", 405: "Method Not Allowed", 409: "Conflict", 414: "URI Too Long", 500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}  # fmt: skip
_CLOSING = (302, 400, 414, 500, 503)
"""After these the web server closes the connection."""
_CHUNKED_FROM = 10_000


class Gate:
    """Holds requests back while it is closed; they go on, all of them, once it opens."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()

    @property
    def closed(self) -> bool:
        """Whether requests have to wait."""
        return not self._open.is_set()

    def set_closed(self, closed: bool) -> None:
        """Close or open it."""
        if closed:
            self._open.clear()
        else:
            self._open.set()

    async def passed(self) -> None:
        """Wait until it is open."""
        await self._open.wait()


class Server:
    """Serves one handler on one port."""

    def __init__(self, handler: Handler, headers: Headers, gate: Gate, latency: Latency | None = None) -> None:
        self.handler = handler
        self.headers = headers
        self.gate = gate
        self.latency = latency
        self.tasks: set[asyncio.Task[None]] = set()

    async def start(self, port: int, host: str = "127.0.0.1") -> tuple[asyncio.Server, int]:
        """Listen; returns the server and its port."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Connection(self), host, port, backlog=1024)
        return server, int(server.sockets[0].getsockname()[1])


class Connection(asyncio.Protocol):
    """One connection: requests come in, are answered in order."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._busy = False
        self._closed = False
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one without being a subclass

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """The client has left; work under way goes on."""
        self._closed = True

    def data_received(self, data: bytes) -> None:
        """Feed the parser; what is not HTTP ends the connection."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            return
        except httptools.HttpParserError:
            self._write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            self._close()

    def on_message_begin(self) -> None:
        """A new request starts."""
        self._url, self._headers, self._body = b"", {}, bytearray()

    def on_url(self, url: bytes) -> None:
        """A part of the target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header; of several with one name the last counts."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Let a careful client send its body."""
        if self._headers.get("expect", "").lower() == "100-continue":
            self._write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._body += body

    def on_message_complete(self) -> None:
        """The request is complete: answer it, or queue it behind the one under way."""
        path, _, query = self._url.decode("latin-1").partition("?")
        request = Request(
            self._parser.get_method().decode("latin-1"),
            unquote(path),
            dict(parse_qsl(query, keep_blank_values=True)),
            self._headers,
            bytes(self._body),
            len(self._url),
        )
        self._waiting.append((request, self._parser.should_keep_alive()))
        if not self._busy:
            self._next()

    def _next(self) -> None:
        while self._waiting and not self._busy:
            request, keep = self._waiting.popleft()
            pause = self._server.latency.draw(request) if self._server.latency else 0.0
            if pause or self._server.gate.closed:
                self._start(request, keep, None, pause)
                continue
            steps = self._server.handler(request)
            try:
                pause = next(steps)
            except StopIteration as done:
                self._send(request, done.value, keep)
            else:
                self._start(request, keep, steps, pause)

    def _start(self, request: Request, keep: bool, steps: Steps | None, pause: float) -> None:
        self._busy = True
        task = asyncio.get_running_loop().create_task(self._drive(request, keep, steps, pause))
        self._server.tasks.add(task)
        task.add_done_callback(self._server.tasks.discard)

    async def _drive(self, request: Request, keep: bool, steps: Steps | None, pause: float) -> None:
        """Carry the steps out; the gate can stop them at any step."""
        latency = self._server.latency
        if latency:
            latency.under_way += 1
        try:
            answer = await self._finish(request, steps, pause)
        finally:
            if latency:
                latency.under_way -= 1
        self._busy = False
        self._send(request, answer, keep)
        self._next()

    async def _finish(self, request: Request, steps: Steps | None, pause: float) -> Answer:
        await asyncio.sleep(pause)
        await self._server.gate.passed()
        steps = steps if steps is not None else self._server.handler(request)
        while True:
            try:
                pause = next(steps)
            except StopIteration as done:
                answer: Answer = done.value
                return answer
            await asyncio.sleep(pause)
            await self._server.gate.passed()

    def _send(self, request: Request, answer: Answer, keep: bool) -> None:
        if self._closed:
            return
        keep = keep and answer.status not in _CLOSING
        lines = [f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in self._server.headers(request, answer)]
        chunked = len(answer.body) >= _CHUNKED_FROM and keep
        lines.append("Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(answer.body)}")
        if not keep:
            lines.append("Connection: close")
        if answer.content_type is not None:
            lines.append(f"Content-Type: {answer.content_type}")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        body = b"" if request.method == "HEAD" else answer.body
        if chunked and body:
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        self._write(head + body)
        if not keep:
            self._close()

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._closed:
            self._transport.write(data)

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()
