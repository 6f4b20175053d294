"""HTTP fault proxy with its ledger: added latency p50 at most 0.6 ms, 2,500 requests/s on one core (design, bars).

`python -m tests.bench.proxy [--rounds N] [--requests N] [--seconds S]`. Each round measures the way through the proxy
and, as the control, the direct way to the same stand-in for the PMS, in turns. The proxy has one core for itself where
the system allows that; client and stand-in share the others. Exit code 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import uvloop

from pms_drill.load.percentiles import percentile
from pms_drill.stack.process import Program
from tests.bench._upstream import ANSWER

LATENCY_BAR_MS = 0.6
THROUGHPUT_BAR = 2500.0
CONNECTIONS = 16
BODY = b"<qloapps><booking>" + b"<room><id>1</id></room>" * 20 + b"</booking>"
REQUEST = (
    b"POST /api/bookings HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br\r\n"
    b"Connection: keep-alive\r\nUser-Agent: python-httpx/0.28.1\r\nAuthorization: Basic a2V5a2V5a2V5a2V5Og==\r\n"
    b"Content-Type: application/xml\r\nContent-Length: %d\r\n\r\n%s"
) % (len(BODY), BODY)


def round_trips(port: int, count: int) -> list[float]:
    """Milliseconds of `count` exchanges, one after the other, on one connection."""
    taken = []
    with socket.create_connection(("127.0.0.1", port)) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(count):
            begun = time.perf_counter()
            link.sendall(REQUEST)
            left = len(ANSWER)
            while left:
                left -= len(link.recv(left))
            taken.append((time.perf_counter() - begun) * 1000)
    return taken


class Client(asyncio.Protocol):
    """Asks again as soon as it is answered."""

    answered = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.left = len(ANSWER)
        self.transport.write(REQUEST)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.left -= len(data)
        if self.left == 0:
            Client.answered += 1
            self.left = len(ANSWER)
            self.transport.write(REQUEST)  # type: ignore[attr-defined]


async def saturate(port: int, seconds: float) -> float:
    """Exchanges per second over many connections, after a tenth of the time to warm up."""
    loop = asyncio.get_running_loop()
    links = [await loop.create_connection(Client, "127.0.0.1", port) for _ in range(CONNECTIONS)]
    await asyncio.sleep(seconds / 10)
    begun, before = time.perf_counter(), Client.answered
    await asyncio.sleep(seconds)
    rate = (Client.answered - before) / (time.perf_counter() - begun)
    for transport, _ in links:
        transport.abort()
    return rate


@contextmanager
def both_ways(folder: Path) -> Iterator[tuple[int, int, psutil.Process]]:
    """Ports of the stand-in and of a fault proxy in front of it, and the proxy's process."""
    upstream = Program(
        "stand-in",
        [sys.executable, "-m", "tests.bench._upstream", str(folder / "upstream")],
        env={},
        cwd=Path.cwd(),
        log=folder / "upstream.log",
    )
    upstream.start()
    proxy: Program | None = None
    try:
        upstream.wait_until((folder / "upstream").exists, within=15, todo="read its log")
        port = int((folder / "upstream").read_text())
        files = ["--ledger", str(folder / "ledger"), "--ready-file", str(folder / "proxy")]
        proxy = Program(
            "fault proxy",
            [sys.executable, "-m", "pms_drill.proxy", "--upstream", f"127.0.0.1:{port}", *files],
            env={"PMS_DRILL_CONTROL_TOKEN": "t" * 32},
            cwd=Path.cwd(),
            log=folder / "proxy.log",
        )
        proxy.start()
        proxy.wait_until((folder / "proxy").exists, within=15, todo="read its log")
        pin(proxy.pid, upstream.pid)
        yield port, json.loads((folder / "proxy").read_text())["port"], psutil.Process(proxy.pid)
    finally:
        if proxy is not None:
            proxy.stop()
        upstream.stop()


def cpu_seconds(process: psutil.Process) -> float:
    """What it has used so far: unlike requests per second it does not depend on who else wants the core."""
    times = process.cpu_times()
    return float(times.user + times.system)


def pin(proxy: int, upstream: int) -> None:
    """Give the proxy a core of its own; nothing happens on one core or where it cannot be done."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) > 1:
        psutil.Process(proxy).cpu_affinity(cores[:1])
        psutil.Process(upstream).cpu_affinity(cores[1:])
        os.sched_setaffinity(0, cores[1:])


def main() -> int:
    """Run the rounds and print the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--requests", type=int, default=1000)
    options.add_argument("--seconds", type=float, default=2.0)
    given = options.parse_args()
    added, direct, rates, ceilings, busy = [], [], [], [], []
    with tempfile.TemporaryDirectory() as folder, both_ways(Path(folder)) as (straight, through, process):
        round_trips(through, 200)
        for _ in range(given.rounds):
            control, proxied = round_trips(straight, given.requests), round_trips(through, given.requests)
            direct.append(percentile(control, 50))
            added.append(percentile(proxied, 50) - direct[-1])
            ceilings.append(uvloop.run(saturate(straight, given.seconds)))
            before, used = Client.answered, cpu_seconds(process)
            rates.append(uvloop.run(saturate(through, given.seconds)))
            busy.append((Client.answered - before) / (cpu_seconds(process) - used))
            print(
                f"  direct p50 {direct[-1]:.3f} ms p99 {percentile(control, 99):.3f} ms, "
                f"through p50 {percentile(proxied, 50):.3f} ms p99 {percentile(proxied, 99):.3f} ms; "
                f"direct {ceilings[-1]:,.0f}/s, through {rates[-1]:,.0f}/s, "
                f"{busy[-1]:,.0f} per second of CPU"
            )
        size = (Path(folder) / "ledger").stat().st_size
    latency, rate = statistics.median(added), statistics.median(rates)
    fast, wide = latency <= LATENCY_BAR_MS, rate >= THROUGHPUT_BAR
    print(
        f"proxy: added latency p50 {latency:.3f} ms (median of {given.rounds}, {min(added):.3f} to {max(added):.3f}), "
        f"bar {LATENCY_BAR_MS:g} ms: {'met' if fast else 'MISSED'}"
    )
    print(
        f"proxy: {rate:,.0f} requests/s (median of {given.rounds}, {min(rates):,.0f} to {max(rates):,.0f}), "
        f"bar {THROUGHPUT_BAR:,.0f}: {'met' if wide else 'MISSED'}; {statistics.median(busy):,.0f} per second of its "
        f"CPU, control {statistics.median(ceilings):,.0f}/s, ledger {size / 1e6:.0f} MB"
    )
    return 0 if fast and wide else 1


if __name__ == "__main__":
    sys.exit(main())
