"""Guests arrive at the agent on a schedule, whether it answers or not (open model).

Locust's users wait for an answer before they ask again, so that a stalled service is simply asked less
often and its percentiles look fine. Here one user walks a seeded schedule, starts a greenlet per arrival,
and measures from the moment at which the guest was to arrive.

Started by the harness: `python -m locust -f load/locustfile.py --headless --host URL`, with the path of
the settings in `PMS_DRILL_LOAD`. Exit code 0 only if every planned arrival was made and recorded.
"""

from __future__ import annotations

import base64
import gc
import json
import os
import time
from pathlib import Path
from typing import Any, TextIO

import gevent
from gevent.pool import Group
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError
from locust import FastHttpUser, events, task
from locust.contrib.fasthttp import LocustBadStatusCode
from locust.env import Environment

from pms_drill.load import direct
from pms_drill.load.generator import VARIABLE, GeneratorSettings, Started, Summary
from pms_drill.load.operation import Answered, Operation
from pms_drill.load.percentiles import percentile
from pms_drill.load.schedule import Arrival

if VARIABLE not in os.environ:
    raise SystemExit(f"{VARIABLE} is not set: start the load by `make load`, or name a settings file")
SETTINGS = GeneratorSettings.model_validate_json(Path(os.environ[VARIABLE]).read_text(encoding="utf-8"))

#: Of the PMS's web service, for a direct control: the key is the user, and there is no password.
AUTHORIZATION = "Basic " + base64.b64encode(f"{os.environ.get(direct.KEY_VARIABLE, '')}:".encode()).decode()

#: Each guest comes by a connection of their own: one that was left open may be closed at the moment of its next use
#: (RFC 9112, 9.3), and a guest would pay for it who never shared it with anybody.
OWN_CONNECTION = {"Connection": "close"}

#: Exit code when arrivals are missing; Locust itself says 0 when nothing was sent at all.
INCOMPLETE = 3


class Guests(FastHttpUser):
    """All guests: one Locust user whose task is the schedule."""

    host = SETTINGS.agent_url
    fixed_count = 1
    connection_timeout = SETTINGS.patience
    network_timeout = SETTINGS.patience
    max_redirects = 0
    # No guest ever waits for another one's connection.
    concurrency = 100_000

    def on_start(self) -> None:
        """Prepare everything that may cost time, before the first guest is due."""
        self.schedule = SETTINGS.schedule
        self.guests = SETTINGS.guests
        self.lateness: list[float] = []
        # The schedule and the modules are never collected; pauses for them would be lateness.
        gc.collect()
        gc.freeze()

    @task
    def walk_the_schedule(self) -> None:
        """Start every arrival at its time, wait for the last answers, end the run."""
        with SETTINGS.operations_file.open("w", encoding="utf-8") as sink:
            t0 = time.monotonic() + 0.1
            write(SETTINGS.started_file, Started(t0=t0).model_dump())
            under_way = Group()
            for arrival in self.schedule:
                due = t0 + arrival.at
                while (left := due - time.monotonic()) > 0:
                    gevent.sleep(left)
                under_way.spawn(self.call, arrival, due, sink)
            while (left := t0 + SETTINGS.total - time.monotonic()) > 0:
                gevent.sleep(left)
            under_way.join(timeout=3 * SETTINGS.patience)
        late = self.lateness
        summary = Summary(
            planned=len(self.schedule),
            recorded=len(late),
            lateness_p99_ms=percentile(late, 99) if late else None,
            lateness_max_ms=max(late, default=None),
        )
        write(SETTINGS.summary_file, summary.model_dump())
        if summary.recorded == summary.planned > 0:
            self.environment.process_exit_code = 0
        self.environment.runner.quit()

    def call(self, arrival: Arrival, due: float, sink: TextIO) -> None:
        """One guest: ask, and record what came of it."""
        start = time.monotonic()
        status: int | None = None
        answer: str | None = None
        error: str | None = None
        try:
            path, headers, body = self.request(arrival)
            with self.client.post(
                path, data=body, name=arrival.endpoint, headers=OWN_CONNECTION | headers, catch_response=True
            ) as response:
                end = time.monotonic()
                failure = response.request_meta["exception"]
                if failure is None or isinstance(failure, LocustBadStatusCode):
                    status = response.status_code
                    if SETTINGS.direct_currency:
                        status, answer, error = direct.translated(arrival, status, response.content)
                    else:
                        answer, error = read_answer(status, response.content)
                else:
                    error = kind_of(failure)
                operation = Operation(arrival.number, arrival.endpoint, due, start, end, status, answer, error)
                response.request_meta["response_time"] = operation.response_ms
                if operation.answered is Answered.ERROR:
                    response.failure(error or f"HTTP {status} {answer or ''}".strip())
                else:
                    response.success()
        except Exception as defect:
            self.environment.events.user_error.fire(user_instance=self, exception=defect, tb=defect.__traceback__)
            operation = Operation(arrival.number, arrival.endpoint, due, start, time.monotonic(), error="generator")
        self.lateness.append(operation.lateness_ms)
        sink.write(operation.line())

    def request(self, arrival: Arrival) -> tuple[str, dict[str, str], bytes]:
        """Path, headers and body: the guest's at the agent, or in a direct control the PMS's."""
        if SETTINGS.direct_currency:
            path, kind, body = direct.request(arrival, self.guests, SETTINGS.direct_currency)
            return path, {"Content-Type": kind, "Authorization": AUTHORIZATION}, body
        path = SETTINGS.reservations_path if arrival.endpoint == "reservations" else SETTINGS.availability_path
        return path, {"Content-Type": "application/json"}, json.dumps(self.guests.body(arrival)).encode()


def read_answer(status: int, content: bytes | None) -> tuple[str | None, str | None]:
    """What the body says (`source`, `status` or `type`), and "garbage" if a success says nothing."""
    try:
        body: Any = json.loads(content or b"")
    except ValueError:
        body = None
    said = None
    if isinstance(body, dict):
        # A reservation has both: there the status counts, and `source` follows from it.
        said = body.get("type") if status >= 400 else body.get("status", body.get("source"))
    if isinstance(said, str):
        return said, None
    return None, "garbage" if 200 <= status < 300 else None


def kind_of(error: BaseException | None) -> str:
    """connect, timeout, lost or garbage, from the client's exception and what it wraps."""
    while (inner := getattr(error, "original", None)) is not None:
        error = inner
    if isinstance(error, gevent.Timeout | TimeoutError):
        return "timeout"
    if isinstance(error, ConnectionRefusedError):
        return "connect"
    if isinstance(error, HTTPParseError) and not isinstance(error, HTTPConnectionClosed):
        return "garbage"
    return "lost"


def write(path: Path, data: dict[str, Any]) -> None:
    """Write JSON so that a reader sees all of it or nothing."""
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(data), encoding="utf-8")
    draft.replace(path)


@events.init.add_listener
def incomplete_until_proved(environment: Environment, **_: Any) -> None:
    """Zero requests, or an end before the last arrival, must not look like success."""
    environment.process_exit_code = INCOMPLETE
