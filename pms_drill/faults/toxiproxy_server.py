"""A Toxiproxy server as a child process, one for each worker."""

from __future__ import annotations

import random
import socket
from pathlib import Path

import requests

from pms_drill.errors import DrillError
from pms_drill.faults.toxiproxy_api import Api, ControlLocked
from pms_drill.stack.process import Program

#: Below the ports that systems give to outgoing connections: a port of ours that is closed for a moment (a disabled
#: or recreated proxy) must not be taken by somebody's connection.
_PORTS = range(20_000, 32_000)
_START_LIMIT_S = 10.0


def stable_port() -> int:
    """A free port on 127.0.0.1 that no outgoing connection will be given.

    Raises:
        DrillError: a hundred tries found none.
    """
    draw = random.SystemRandom()
    for _ in range(100):
        port = draw.choice(_PORTS)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise DrillError("no free port on 127.0.0.1", where=f"{_PORTS.start}-{_PORTS.stop - 1}", todo="end what listens")


class ToxiproxyServer:
    """Starts, restarts and stops the server program; it listens on loopback and dies with the harness.

    Args:
        binary: the `toxiproxy-server` program (`pms_drill.external.find`).
        log: file for its output.
    """

    def __init__(self, binary: Path, log: Path) -> None:
        self._binary = binary
        self._log = log
        self._port = 0
        self._program: Program | None = None

    @property
    def address(self) -> str:
        """Control address, "127.0.0.1:<port>"; the same after a restart."""
        return f"127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """Process id; 0 when it was never started."""
        return self._program.pid if self._program else 0

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._program is not None and self._program.running

    def start(self) -> None:
        """Start it on a free port.

        Raises:
            DrillError: it did not answer in time, with its last log lines.
        """
        last_try = 3
        for attempt in range(1, last_try + 1):
            self._port = stable_port()
            try:
                self._launch()
                return
            except DrillError:
                # Another worker may have taken the port between the look and the start.
                self.stop()
                if attempt == last_try:
                    raise

    def restart(self) -> None:
        """Kill it and start it at the same address. It comes back without any proxy."""
        if self._program is not None:
            self._program.kill()
        self._launch()

    def stop(self) -> None:
        """End it."""
        if self._program is not None:
            self._program.stop(grace=1.0)

    def _launch(self) -> None:
        self._program = Program(
            "toxiproxy",
            [str(self._binary), "-host", "127.0.0.1", "-port", str(self._port)],
            env={"LOG_LEVEL": "warn"},
            cwd=self._log.parent,
            log=self._log,
        )
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._program.start()
        self._program.wait_until(
            self._answers, within=_START_LIMIT_S, todo="see its log; another program may hold the port"
        )

    def _answers(self) -> bool:
        try:
            Api(self.address, limit=0.5).version()
        except (ControlLocked, requests.RequestException):
            return False
        return True
