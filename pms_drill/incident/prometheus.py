"""Prometheus beside the incident, for the runbook's queries; left out where there is none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from pms_drill import external
from pms_drill.errors import DrillError
from pms_drill.lease import Lease
from pms_drill.stack.process import Program

_START_LIMIT_S = 20.0


def binary() -> Path | None:
    """The program, if the finder knows it and finds it."""
    wanted = external.PROGRAMS.get("prometheus")
    if wanted is None:
        return None
    try:
        return external.find(wanted)
    except DrillError:
        return None


@contextmanager
def prometheus(
    program: Path, port: int, agent: str, metrics_path: str, lease: Lease, log: Path, say: Callable[[str], None]
) -> Iterator[str]:
    """A server that scrapes the agent every second; gives its base URL, or "" if it did not start.

    Args:
        agent: base URL of the agent.
        say: told why it did not start; the incident does without.
    """
    folder = lease.new_folder("prometheus")
    job = {
        "job_name": "agent",
        "metrics_path": metrics_path,
        "static_configs": [{"targets": [agent.partition("//")[2]]}],
    }
    config = folder / "prometheus.yml"  # JSON is YAML
    settings = {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "scrape_configs": [job]}
    config.write_text(json.dumps(settings), encoding="utf-8")
    url = f"http://127.0.0.1:{port}"
    words = [str(program), f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"]
    words += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]
    server = Program("prometheus", words, env={}, cwd=folder, log=log)
    try:
        server.start()
        lease.add_child(server.pid, "prometheus")
        server.wait_until(lambda: _ready(url), within=_START_LIMIT_S, todo="read its log")
    except DrillError as error:
        server.stop()
        say(f"Prometheus did not start, the incident does without: {error.what}")
        yield ""
        return
    try:
        yield url
    finally:
        server.stop()


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready", timeout=1.0, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
