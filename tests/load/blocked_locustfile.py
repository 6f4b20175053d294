"""The load generator with a defect: something keeps its event loop busy for 0.2 s, twice a second."""

from __future__ import annotations

import importlib.util
import time
from typing import Any

import gevent
from locust import events

from pms_drill.load import runner

spec = importlib.util.spec_from_file_location("real_locustfile", runner.LOCUSTFILE)
assert spec is not None
assert spec.loader is not None
real = importlib.util.module_from_spec(spec)
spec.loader.exec_module(real)
Guests = real.Guests


def block() -> None:
    while True:
        gevent.sleep(0.3)
        until = time.monotonic() + 0.2
        while time.monotonic() < until:
            pass


@events.test_start.add_listener
def start_blocking(**_: Any) -> None:
    gevent.spawn(block)
