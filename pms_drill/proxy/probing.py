"""How the harness's probes are marked and which of them the fault proxy answers itself."""

from __future__ import annotations

#: Answered by the fault proxy itself, after its rules. Below it stands the path whose rules are to act:
#: `GET /__drill__/ping/api/hotels` gets what `GET /api/hotels` would get, and the PMS never sees it.
PING = "/__drill__/ping"
#: Its value is the control token of the run; with any other value a request is an ordinary one.
PROBE_HEADER = "X-Drill-Probe"

_READING = ("GET", "HEAD", "OPTIONS", "TRACE")


def is_own(method: str, path: str) -> bool:
    """Whether the fault proxy answers this probe itself: a ping, or a method that may write."""
    return path == PING or path.startswith(f"{PING}/") or method not in _READING


def asked_path(path: str) -> str:
    """The path that rules look at."""
    return path.removeprefix(PING) if path.startswith(f"{PING}/") else path
