"""The runbook's ports, or the next free ones."""

from __future__ import annotations

import socket

from pms_drill.errors import DrillError

#: Where the runbook's commands expect agent and Prometheus.
AGENT, PROMETHEUS = 8000, 9090
_TRIES = 50


def free_from(wanted: int) -> int:
    """The port, or the first free one above it on 127.0.0.1.

    Raises:
        DrillError: fifty in a row are taken.
    """
    for port in range(wanted, wanted + _TRIES):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise DrillError(
        "no free port on 127.0.0.1", where=f"{wanted} to {wanted + _TRIES - 1}", todo="end what listens there"
    )
