"""One request of the harness on a fresh connection, through the same listener as the agent's: what came of it?"""

from __future__ import annotations

import http.client
import select
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pms_drill import clock
from pms_drill.proxy.probing import PING, PROBE_HEADER


class Came(StrEnum):
    """How a probe ended."""

    REFUSED = "refused"
    UNCONNECTED = "unconnected"
    RESET = "reset"
    CLOSED = "closed"
    SILENT = "silent"
    INCOMPLETE = "incomplete"
    ANSWERED = "answered"


@dataclass(frozen=True)
class Seen:
    """What a probe saw.

    Attributes:
        came: REFUSED: no connection. UNCONNECTED: neither made nor refused in time. RESET, CLOSED: ended before a byte
            of the answer. SILENT: open, and no byte came within the patience. INCOMPLETE: an answer that began and did
            not end properly. ANSWERED: a complete answer.
        waited: seconds from the request's last byte to the first byte of the answer, or to the end of waiting.
        status, headers, body: of the answer; header names in lower case.
    """

    came: Came
    waited: float
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def __str__(self) -> str:
        """For people: `answered 429 after 0.8 ms`."""
        status = f" {self.status}" if self.status is not None else ""
        return f"{self.came}{status} after {self.waited * 1000:.1f} ms"


@dataclass(frozen=True)
class Probe:
    """A request that the harness sends.

    Args:
        method, path: what is asked. A writing method is answered by the fault proxy itself, never forwarded.
        patience: seconds to wait for the first byte.
        headers: more headers, such as Authorization.
    """

    method: str = "GET"
    path: str = PING
    patience: float = 1.0
    headers: Mapping[str, str] = field(default_factory=dict)

    def send(self, address: str, token: str) -> Seen:
        """Send it to "host:port" with the token that marks it as the harness's own."""
        host, _, port = address.rpartition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=self.patience)
        started = clock.now()
        try:
            try:
                connection.connect()
            except ConnectionRefusedError:
                return Seen(Came.REFUSED, clock.now() - started)
            except TimeoutError:
                return Seen(Came.UNCONNECTED, clock.now() - started)
            body = b"" if self.method in ("POST", "PUT", "PATCH") else None
            headers = {"Connection": "close", PROBE_HEADER: token, **self.headers}
            connection.request(self.method, self.path, body=body, headers=headers)
            started = clock.now()
            return self._read(connection, started)
        except (ConnectionResetError, BrokenPipeError):
            return Seen(Came.RESET, clock.now() - started)
        finally:
            connection.close()

    def _read(self, connection: http.client.HTTPConnection, started: float) -> Seen:
        channel: socket.socket = connection.sock
        ready, _, _ = select.select([channel], [], [], self.patience)
        waited = clock.now() - started
        if not ready:
            return Seen(Came.SILENT, waited)
        if not channel.recv(1, socket.MSG_PEEK):
            return Seen(Came.CLOSED, waited)
        try:
            answer = connection.getresponse()
            body = answer.read()
        except (http.client.HTTPException, OSError):
            return Seen(Came.INCOMPLETE, waited)
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Seen(Came.ANSWERED, waited, answer.status, headers, body)
