"""How much load the twin carries on one core, and how fast it starts: bars 500 availability requests/s and 1 s.

`python -m tests.bench.twin [--seconds N] [--connections N]` prints a line per kind of request; exit code 1 when a bar
is missed. The client is bare asyncio and sends prepared bytes, so that it is not what is measured; it shares the
machine with the twin.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

from pms_drill.load.percentiles import percentile

BAR_RPS = 500.0
BAR_START_S = 1.0
_KEY = "BENCHKEY000000000000000000000001"
_ARI = (
    "<qloapps><hotel_ari><id_hotel>1</id_hotel><id_room_type>1</id_room_type>"
    "<date_from>2027-03-01</date_from><date_to>2027-03-03</date_to></hotel_ari></qloapps>"
)


class Twin:
    """A started twin.

    Attributes:
        started: seconds from the start of the process until it accepts.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        ready = folder / "ready.json"
        begun = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "qloapps_twin", "--ready-file", str(ready), *options],
            env={**os.environ, "TWIN_API_KEY": _KEY, "TWIN_CONTROL_TOKEN": "bench"},
            stdout=subprocess.DEVNULL,
        )
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() - begun > 20:
                raise SystemExit("the twin did not start")
            time.sleep(0.005)
        self.started = time.monotonic() - begun
        self.port = int(json.loads(ready.read_text())["port"])

    def cpu(self) -> float:
        """Seconds of processor time it has used."""
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(10)


def request(method: str, path: str, body: str = "") -> bytes:
    """The bytes of one request."""
    credentials = base64.b64encode(f"{_KEY}:".encode()).decode()
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: twin\r\nAuthorization: Basic {credentials}\r\nContent-Length: {len(body)}"
    )
    return f"{head}\r\n\r\n{body}".encode()


def booking(number: int) -> bytes:
    """A booking request of its own guest and night."""
    first = f"20{28 + number // 324 % 60}-{1 + number // 27 % 12:02}"
    kind = {
        "id_room_type": 1 + number % 4,
        "checkin_date": f"{first}-{1 + number % 27:02}",
        "checkout_date": f"{first}-{2 + number % 27:02}",
        "number_of_rooms": 1,
    }
    person = {"firstname": "Ada", "lastname": "Lovelace", "email": f"ada{number}@example.com", "phone": "123"}
    parts = {"customer_detail": person, "room_types": [kind]}
    tree = {"booking": {"id_property": 1, "currency": "PLN", "source": f"ref-{number}", "associations": parts}}
    return request("POST", "/api/bookings?output_format=JSON", json.dumps(tree))


async def _connection(port: int, requests: list[bytes], until: float, taken: list[float], told: Counter[int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    place = 0
    while time.monotonic() < until:
        begun = time.perf_counter()
        writer.write(requests[place % len(requests)])
        place += 1
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if b"transfer-encoding: chunked" in head:
            await reader.readuntil(b"\r\n0\r\n\r\n")
        else:
            await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
        taken.append((time.perf_counter() - begun) * 1000)
        told[int(head[9:12])] += 1
    writer.close()


async def load(port: int, requests: list[list[bytes]], seconds: float) -> tuple[list[float], Counter[int]]:
    """Send each connection's requests over and over; gives milliseconds and statuses."""
    taken: list[float] = []
    told: Counter[int] = Counter()
    until = time.monotonic() + seconds
    await asyncio.gather(*(_connection(port, own, until, taken, told) for own in requests))
    return taken, told


def main() -> int:
    """Measure start and load."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--connections", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        starts = []
        for place in range(5):
            own = Path(folder) / str(place)
            own.mkdir()
            twin = Twin(own)
            starts.append(twin.started)
            twin.stop()
        print(f"start until it accepts: median {sorted(starts)[2]:.2f} s, longest {max(starts):.2f} s")
        twin = Twin(Path(folder))
        try:
            slowest = measure(twin, options.seconds, options.connections)
        finally:
            twin.stop()
    loaded, quick = slowest >= BAR_RPS, sorted(starts)[2] < BAR_START_S
    print(f"availability {slowest:.0f}/s, bar {BAR_RPS:g}/s: {'met' if loaded else 'MISSED'}")
    print(f"start {sorted(starts)[2]:.2f} s, bar {BAR_START_S:g} s: {'met' if quick else 'MISSED'}")
    return 0 if loaded and quick else 1


def measure(twin: Twin, seconds: float, many: int) -> float:
    """Load a twin with each kind of request; gives the lowest rate of availability requests."""
    availability = [[request("POST", "/api/hotel_ari?output_format=JSON", _ARI)]] * many
    readback = "/api/orders?output_format=JSON&filter[source]=[ref-1]&display=[id,current_state,total_paid_tax_incl]"
    plan = {
        "availability, 1 type": availability,
        "hotels": [[request("GET", "/api/hotels?output_format=JSON")]] * many,
        "bookings, all new": [[booking(n) for n in range(place * 5000, place * 5000 + 5000)] for place in range(many)],
        "readback by source": [[request("GET", readback)]] * many,
        "availability after that": availability,
    }
    slowest = float("inf")
    for name, requests in plan.items():
        used, begun = twin.cpu(), time.monotonic()
        taken, told = asyncio.run(load(twin.port, requests, seconds))
        rate = len(taken) / (time.monotonic() - begun)
        if name.startswith("availability"):
            slowest = min(slowest, rate)
        print(
            f"{name:<24} {rate:7.0f}/s ({len(taken) / (twin.cpu() - used):7.0f} per second of its processor time)   "
            f"p50 {percentile(taken, 50):6.2f} ms   p95 {percentile(taken, 95):6.2f} ms   {dict(told)}"
        )
    return slowest


if __name__ == "__main__":
    sys.exit(main())
