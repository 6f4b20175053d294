"""A small agent for the tests of the load part: `python standin_agent.py --ready-file F [--recovery S] ...`.

It answers as the contract's two operations do, has a breaker worth of state, and can misbehave on demand.
Everything runs on one thread, so that a stall stops every guest, as a stopped process would.

GET /metrics            the breaker's state
POST /pms/down, /up     the PMS behind it stops, comes back
POST /pms/reset         the breaker closes
POST /misbehave/NAME    every later availability is answered with: garbage, cut, truncated, 500, 422, redirect,
                        or with each of them in turn: mixed. With reused, the second request on a connection is
                        dropped unanswered, as by a server that had just closed the idle connection.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from pathlib import Path

OK_AVAILABILITY = {"hotel_id": 1, "available": True, "rooms_left": 4, "binding": True, "source": "pms"}
MOCK_AVAILABILITY = {"hotel_id": 1, "available": True, "rooms_left": None, "binding": False, "source": "mock"}
CONFIRMED = {"reservation_id": "r", "status": "confirmed", "source": "pms"}
PENDING = {"reservation_id": "r", "status": "pending", "source": "outbox"}
THRESHOLD = 5
KINDS = ("garbage", "cut", "truncated", "500", "422", "redirect")


class Agent:
    """State shared by all connections."""

    def __init__(self, recovery: float, stall_every: float, stall: float) -> None:
        self.recovery = recovery
        self.stall_every = stall_every
        self.stall = stall
        self.next_stall: float | None = None
        self.down = False
        self.failures = 0
        self.opened: float | None = None
        self.wanted = ""
        self.turn = 0

    @property
    def misbehave(self) -> str:
        return KINDS[self.turn % len(KINDS)] if self.wanted == "mixed" else self.wanted

    @property
    def state(self) -> int:
        if self.opened is not None and time.monotonic() >= self.opened + self.recovery:
            self.opened = time.monotonic() if self.down else None
            self.failures = 0
        return 0 if self.opened is None else 1

    def maybe_stall(self) -> None:
        if self.stall_every == 0:
            return
        now = time.monotonic()
        if self.next_stall is None:
            self.next_stall = now + self.stall_every
        if now >= self.next_stall:
            time.sleep(self.stall)
            self.next_stall = time.monotonic() + self.stall_every

    def answer(self, path: str) -> tuple[int, object]:
        if path == "/metrics":
            return 200, (
                f'# TYPE pms_circuit_breaker_state gauge\npms_circuit_breaker_state{{service="pms"}} {self.state}\n'
            )
        if path in ("/pms/down", "/pms/up"):
            self.down = path == "/pms/down"
            return 200, {}
        if path == "/pms/reset":
            self.opened, self.failures = None, 0
            return 200, {}
        if path.startswith("/misbehave/"):
            self.wanted = path.rpartition("/")[2]
            return 200, {}
        booking = path.endswith("reservations")
        if self.state:
            return (202, PENDING) if booking else (200, MOCK_AVAILABILITY)
        if self.down:
            self.failures += 1
            if self.failures >= THRESHOLD:
                self.opened = time.monotonic()
            return (202, PENDING) if booking else (502, {"type": "pms-unreachable"})
        if booking:
            return 201, CONFIRMED
        if self.misbehave.isdigit():
            return int(self.misbehave), {"type": "because"}
        if self.misbehave == "redirect":
            return 302, {}
        return 200, "not JSON" if self.misbehave == "garbage" else OK_AVAILABILITY


class Connection(asyncio.Protocol):
    """Just enough HTTP/1.1: requests with Content-Length, one after another."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.data = b""
        self.answered = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.data += data
        while True:
            head, found, rest = self.data.partition(b"\r\n\r\n")
            if not found:
                return
            length, last = 0, False
            for line in head.split(b"\r\n")[1:]:
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                last = last or (name.lower(), value.strip().lower()) == (b"connection", b"close")
            if len(rest) < length:
                return
            self.data = rest[length:]
            if self.agent.misbehave == "reused" and self.answered:
                self.transport.close()
                return
            self.reply(head.split(b" ", 2)[1].decode(), b"Connection: close\r\n" if last else b"")
            self.answered += 1
            if last:
                self.transport.close()

    def reply(self, path: str, headers: bytes) -> None:
        spoiled = path.endswith("availability")
        if path.startswith("/api"):
            self.agent.maybe_stall()
        if spoiled:
            self.agent.turn += 1
            if self.agent.misbehave == "cut":
                self.transport.close()
                return
        status, content = self.agent.answer(path)
        body = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        size = len(body)
        if spoiled and self.agent.misbehave == "truncated":
            size += 10
        kind = b"text/plain" if isinstance(content, str) else b"application/json"
        self.transport.write(
            b"HTTP/1.1 %d X\r\nContent-Type: %b\r\nContent-Length: %d\r\n%b\r\n%b"
            % (status, kind, size, headers + (b"Location: /elsewhere\r\n" if status == 302 else b""), body)
        )
        if size != len(body):
            self.transport.close()


async def serve(agent: Agent, ready: Path) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Connection(agent), "127.0.0.1", 0)
    draft = ready.with_suffix(".part")
    draft.write_text(json.dumps({"port": server.sockets[0].getsockname()[1]}))
    draft.replace(ready)
    await server.serve_forever()


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--ready-file", type=Path, required=True)
    options.add_argument("--recovery", type=float, default=1.0)
    options.add_argument("--stall-every", type=float, default=0.0)
    options.add_argument("--stall", type=float, default=1.5)
    given = options.parse_args()
    asyncio.run(serve(Agent(given.recovery, given.stall_every, given.stall), given.ready_file))


if __name__ == "__main__":
    main()
