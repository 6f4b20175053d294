"""`python -m pms_drill.proxy`: run the fault proxy until SIGTERM or the end of the parent process."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path

from pms_drill.errors import DrillError
from pms_drill.files import replace_text
from pms_drill.proxy.control import Control
from pms_drill.proxy.exchange import Proxy
from pms_drill.proxy.server import HOST, Listener

TOKEN_VARIABLE = "PMS_DRILL_CONTROL_TOKEN"  # noqa: S105
#: The token is a header of every probe: shorter ones could be guessed, longer ones are a mistake.
_TOKEN_LENGTH = range(16, 257)
_PARENT_CHECK_S = 0.3


def main() -> int:
    """Read the options, run, give the exit code."""
    options = argparse.ArgumentParser(prog="python -m pms_drill.proxy", description=__doc__)
    options.add_argument("--port", type=int, default=0, help="0 chooses a free one")
    options.add_argument("--control-port", type=int, default=0)
    # Loopback, except in a container, which has an address of its own on each network.
    options.add_argument("--host", default=HOST, help=f"where it listens; default {HOST}")
    options.add_argument("--control-host", default=HOST, help=f"default {HOST}")
    options.add_argument("--upstream", required=True, metavar="HOST:PORT", help="the PMS")
    options.add_argument("--ledger", required=True, type=Path, help="file that entries are appended to")
    options.add_argument("--ready-file", type=Path, help="written when both ports accept connections")
    given = options.parse_args()
    try:
        proxy = Proxy.writing_to(given.ledger, _address(given.upstream), _token())
        places = (given.host, given.port), (given.control_host, given.control_port)
        _run(serve(proxy, *places, given.ready_file))
    except DrillError as error:
        print(f"fault proxy: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"fault proxy: could not start: {error}", file=sys.stderr)
        return 2
    return 0


async def serve(proxy: Proxy, place: tuple[str, int], control_place: tuple[str, int], ready_file: Path | None) -> None:
    """Run until a signal comes or the parent ends. Places are host and port."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    orphaned = loop.create_task(_parent_ends(stop))
    listener = Listener(proxy)
    control = Control(proxy, listener)
    try:
        (host, port), (control_host, control_port) = place, control_place
        await listener.start(port, host)
        await control.start(control_host, control_port)
        print(f"fault proxy: {host}:{listener.port}, control {control_host}:{control.port}", flush=True)
        if ready_file is not None:
            replace_text(ready_file, json.dumps({"port": listener.port, "control_port": control.port}))
        await stop.wait()
    finally:
        orphaned.cancel()
        await listener.stop()
        await control.stop()


async def _parent_ends(stop: asyncio.Event) -> None:
    parent = os.getppid()
    while not stop.is_set() and os.getppid() == parent:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _PARENT_CHECK_S)
    stop.set()


def _address(given: str) -> tuple[str, int]:
    host, _, port = given.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise DrillError("the upstream is no address", where=f"--upstream {given}", todo="give HOST:PORT")
    return host, int(port)


def _token() -> str:
    token = os.environ.get(TOKEN_VARIABLE, "")
    if len(token) not in _TOKEN_LENGTH or not token.isascii() or not token.isprintable() or " " in token:
        raise DrillError(
            "the control token is missing or unfit",
            where=f"environment variable {TOKEN_VARIABLE}",
            todo="give 16 to 256 printable ASCII characters",
        )
    return token


def _run(program: Coroutine[None, None, None]) -> None:
    try:
        import uvloop
    except ImportError:  # a platform without it: slower, otherwise the same
        asyncio.run(program)
    else:
        uvloop.run(program)


if __name__ == "__main__":
    sys.exit(main())
