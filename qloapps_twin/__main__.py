"""Starts the twin; see docs/twin.md."""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import gc
import json
import os
import random
import signal
import sys
from pathlib import Path

import uvloop

from qloapps_twin import catalogue
from qloapps_twin.control import Control
from qloapps_twin.head import headers
from qloapps_twin.http_edge import Gate, Server
from qloapps_twin.latency import MODES, Latency
from qloapps_twin.service import WebService

_PR_SET_PDEATHSIG = 1
_RECORDED_WINDOW_MS = 50.0


def main() -> int:
    """Run until SIGTERM; returns the exit code."""
    options = _options()
    key, token = os.environ.get("TWIN_API_KEY", ""), os.environ.get("TWIN_CONTROL_TOKEN", "")
    if len(key) != 32:
        return _complain("TWIN_API_KEY must be set to a key of exactly 32 characters")
    if not token:
        return _complain("TWIN_CONTROL_TOKEN must be set: the control listener is refused without it")
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            return 0
    try:
        uvloop.run(_serve(options, key, token))
    except OSError as error:
        return _complain(f"cannot listen: {error.strerror or error}. Choose another port, or 0 for a free one")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="qloapps_twin", description="Answers as QloApps 1.7.0's web service does.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--control-port", type=int, default=0, help="0 takes a free one")
    # Loopback, except in a container, which has an address of its own on each network.
    parser.add_argument("--host", default="127.0.0.1", help="where it listens; default 127.0.0.1")
    parser.add_argument("--control-host", default="127.0.0.1", help="default 127.0.0.1")
    parser.add_argument("--ready-file", type=Path, help='gets {"port": n, "control_port": n} once both listen')
    parser.add_argument(
        "--rooms-per-type",
        type=_rooms,
        default=catalogue.ROOMS_PER_TYPE,
        help=f"default {catalogue.ROOMS_PER_TYPE}; {catalogue.RECORDED_ROOMS_PER_TYPE} is the recorded hotel",
    )
    parser.add_argument("--latency", choices=MODES, default="none", help="recorded: as slow as the recorded QloApps")
    parser.add_argument("--seed", type=int, default=0, help="of latencies, races and references")
    parser.add_argument(
        "--race-window-ms",
        type=float,
        help=f"0: bookings are atomic; default 0, with recorded latency {_RECORDED_WINDOW_MS:g}",
    )
    return parser.parse_args()


def _rooms(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 100_000:
        raise argparse.ArgumentTypeError("from 1 to 100000")
    return number


async def _serve(options: argparse.Namespace, key: str, token: str) -> None:
    window = options.race_window_ms
    if window is None:
        window = _RECORDED_WINDOW_MS if options.latency == "recorded" else 0.0
    service = WebService(lambda: catalogue.build(options.rooms_per_type), key, seed=options.seed, window=window / 1000)
    gate, rng = Gate(), random.Random(options.seed)  # noqa: S311 -- repeatable, not secret
    latency = Latency(options.latency, rng, lambda: service.race.expected())
    web = Server(service.answer, headers, gate, latency)
    control = Server(Control(service, token, gate, latency).answer, headers, Gate())
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    web_server, port = await web.start(options.port, options.host)
    control_server, control_port = await control.start(options.control_port, options.control_host)
    gc.freeze()
    if options.ready_file:
        fresh = options.ready_file.with_suffix(".new")
        fresh.write_text(json.dumps({"port": port, "control_port": control_port}), "utf-8")
        fresh.replace(options.ready_file)
    print(
        f"twin of QloApps 1.7.0 on {options.host}:{port}, control on {options.control_host}:{control_port}", flush=True
    )
    await stop.wait()
    web_server.close()
    control_server.close()


def _complain(text: str) -> int:
    print(f"qloapps_twin: {text}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
