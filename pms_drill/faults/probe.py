"""One request of the harness on a fresh connection, through the same listener as the agent's: what came of it?"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import httptools

from pms_drill import clock
from pms_drill.proxy.probing import PING, PROBE_HEADER

_WRITING = ("POST", "PUT", "PATCH")


class Came(StrEnum):
    """How a probe ended."""

    UNRESOLVED = "unresolved"
    REFUSED = "refused"
    UNCONNECTED = "unconnected"
    UNTRUSTED = "untrusted"
    RESET = "reset"
    CLOSED = "closed"
    SILENT = "silent"
    UNFINISHED = "unfinished"
    INCOMPLETE = "incomplete"
    ANSWERED = "answered"


@dataclass(frozen=True)
class Seen:
    """What a probe saw.

    Attributes:
        came: UNRESOLVED: the name has no address. REFUSED: no connection. UNCONNECTED: neither made nor refused in
            time. UNTRUSTED: the certificate was refused. RESET, CLOSED: ended before a byte of the answer. SILENT:
            open, and no byte came within the patience. UNFINISHED: an answer that began, is not complete within the
            patience and may still go on. INCOMPLETE: an answer that began and did not end properly. ANSWERED: a
            complete answer.
        waited: seconds from the request's last byte to the first byte of the answer, or to the end of waiting.
        status, headers, body: of the answer, as far as it came; header names in lower case.
        left_open: the answer was complete and the connection, which was to be closed, stayed open for the linger time.
        detail: words of the system or of the TLS library.
    """

    came: Came
    waited: float
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    left_open: bool = False
    detail: str = ""

    def __str__(self) -> str:
        """For people: `answered 429 after 0.8 ms`."""
        status = f" {self.status}" if self.status is not None else ""
        left = ", connection left open" if self.left_open else ""
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.came}{status} after {self.waited * 1000:.1f} ms{left}{detail}"


def host_of(address: str) -> tuple[str, int]:
    """Host and port of "host:port"; an address of IPv6 stands in brackets, and comes back without."""
    host, _, port = address.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


@dataclass(frozen=True)
class Probe:
    """A request that the harness sends.

    Args:
        method, path: what is asked. A writing method is answered by the fault proxy itself, never forwarded.
        patience: seconds for each of connecting and the whole answer.
        headers: more headers, such as Authorization.
        linger: seconds to wait, after a complete answer, for the close that was asked for; 0 does not look.
    """

    method: str = "GET"
    path: str = PING
    patience: float = 1.0
    headers: Mapping[str, str] = field(default_factory=dict)
    linger: float = 0.0

    def send(self, address: str, token: str, tls: ssl.SSLContext | None = None) -> Seen:
        """Send it to "host:port" with the token that marks it as the harness's own, in TLS if a context is given."""
        host, port = host_of(address)
        started = clock.now()
        connected = False
        with contextlib.ExitStack() as ends:
            try:
                channel: socket.socket = ends.enter_context(
                    socket.create_connection((host, port), timeout=self.patience)
                )
                connected = True
                if tls is not None:
                    channel = ends.enter_context(tls.wrap_socket(channel, server_hostname=host))
            except socket.gaierror as error:
                return Seen(Came.UNRESOLVED, clock.now() - started, detail=error.strerror or "")
            except ConnectionRefusedError:
                return Seen(Came.REFUSED, clock.now() - started)
            except TimeoutError:
                # A handshake that does not end is silence on a connection that is there.
                return Seen(Came.SILENT if connected else Came.UNCONNECTED, clock.now() - started)
            except ssl.SSLCertVerificationError as error:
                return Seen(Came.UNTRUSTED, clock.now() - started, detail=error.verify_message)
            except (ConnectionError, ssl.SSLError) as error:
                return Seen(Came.RESET, clock.now() - started, detail=type(error).__name__)
            with contextlib.suppress(ConnectionError, ssl.SSLError):  # what has been answered is read all the same
                channel.sendall(self._wire(address, token))
            return self._read(channel, clock.now())

    def _wire(self, address: str, token: str) -> bytes:
        headers = {"Host": address, "Connection": "close", PROBE_HEADER: token, **self.headers}
        if self.method in _WRITING:
            headers["Content-Length"] = "0"
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def _read(self, channel: socket.socket, started: float) -> Seen:
        answer = _Answer(headless=self.method == "HEAD")
        waited: float | None = None
        ends = started + self.patience
        while not answer.complete:
            came, piece = _take(channel, ends - clock.now())
            if waited is None and piece:
                waited = clock.now() - started
            if piece and answer.takes(piece):
                continue
            now = clock.now() - started
            if waited is None:
                return Seen(came or Came.INCOMPLETE, now)
            if came is Came.CLOSED and answer.ends_with_connection:
                break
            late = came is Came.SILENT
            return answer.seen(Came.UNFINISHED if late else Came.INCOMPLETE, waited)
        left_open = self.linger > 0 and _take(channel, self.linger)[0] is Came.SILENT
        return answer.seen(Came.ANSWERED, waited or 0.0, left_open=left_open)


class _Answer:
    """An answer as it arrives; the callbacks are httptools'."""

    def __init__(self, *, headless: bool) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._headless = headless
        self._framed = False
        self._begun = False
        self.complete = False
        self.headers: dict[str, str] = {}
        self.body = bytearray()

    @property
    def ends_with_connection(self) -> bool:
        """Whether the end of the connection is the end of the body."""
        return self._begun and not self._framed

    def takes(self, piece: bytes) -> bool:
        """Take the next bytes; false when they are no HTTP."""
        try:
            self._parser.feed_data(piece)
        except httptools.HttpParserError:
            return self.complete
        return True

    def seen(self, came: Came, waited: float, *, left_open: bool = False) -> Seen:
        status = self._parser.get_status_code() if self._begun else None
        return Seen(came, waited, status, self.headers, bytes(self.body), left_open)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called for each header."""
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Called at the end of the head."""
        self._begun = True
        self._framed = bool(self.headers.keys() & {"content-length", "transfer-encoding"})
        self.complete = self.complete or self._headless

    def on_body(self, piece: bytes) -> None:
        """Called for each piece of the body."""
        self.body += piece

    def on_message_complete(self) -> None:
        """Called at the end of the body."""
        self.complete = True


def _take(channel: socket.socket, seconds: float) -> tuple[Came | None, bytes]:
    """The next bytes; or none, and how it ended: SILENT, CLOSED or RESET."""
    channel.settimeout(max(seconds, 0.001))
    try:
        piece = channel.recv(65536)
    except TimeoutError:
        return Came.SILENT, b""
    except ssl.SSLEOFError:
        return Came.CLOSED, b""
    except (ConnectionError, ssl.SSLError):
        return Came.RESET, b""
    return (None, piece) if piece else (Came.CLOSED, b"")
