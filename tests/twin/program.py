"""A twin started as a program, with clients for its two listeners."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from tests.twin.recordings import MAIN_KEY

TOKEN = "control-token-of-this-test"
ROOT = Path(__file__).parents[2]


def environment(**changed: str | None) -> dict[str, str]:
    """The environment of a twin; None leaves a variable out."""
    own = {"TWIN_API_KEY": MAIN_KEY, "TWIN_CONTROL_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)}
    return {name: value for name, value in {**os.environ, **own, **changed}.items() if value is not None}


class RunningTwin:
    """A started twin.

    Args:
        folder: for its ready-file and log.
        options: of its command line.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self.ready = folder / "ready.json"
        self.log = folder / "twin.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "qloapps_twin", "--ready-file", str(self.ready), *options],
                env=environment(),
                cwd=folder,
                stdout=log,
                stderr=log,
            )
        try:
            wait_until(lambda: self.ready.exists() or self.process.poll() is not None)
        finally:
            if not self.ready.exists():
                self.process.kill()
        ports = json.loads(self.ready.read_text())
        self.port, self.control_port = ports["port"], ports["control_port"]
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}/api",
            auth=(MAIN_KEY, ""),
            params={"output_format": "JSON"},
            trust_env=False,
            timeout=5,
        )
        self._control = httpx.Client(
            base_url=f"http://127.0.0.1:{self.control_port}",
            headers={"Authorization": f"Bearer {TOKEN}"},
            trust_env=False,
            timeout=5,
        )

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A control request that must succeed; gives its answer."""
        answer = self._control.request(method, path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def switch(self, **values: Any) -> None:
        """Change switches."""
        self.control("PATCH", "/switches", values)

    def stop(self) -> int:
        """End it with SIGTERM; gives its exit code."""
        self.http.close()
        self._control.close()
        self.process.terminate()
        return self.process.wait(10)


def wait_until(what: Callable[[], Any], seconds: float = 10.0) -> None:
    """Poll until `what()` is true.

    Raises:
        RetryError: it was not in time.
    """
    poll = Retrying(stop=stop_after_delay(seconds), wait=wait_fixed(0.01), retry=retry_if_result(lambda done: not done))
    poll(what)
