"""Sends the contract's exchanges to a PMS and records what it answers."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from pms_drill import clock
from pms_drill.drift import body as bodies
from pms_drill.drift import mask
from pms_drill.drift.recording import Answer, Recording
from pms_drill.drift.script import Exchange, filled
from pms_drill.errors import DrillError

#: Nights so far ahead that no guest of the suites asks for them; QloApps books any date.
_DAYS_AHEAD, _NIGHTS = 520, 2
#: How often a read is sent, to time it.
_TRIES = 3
#: Ends the reason for which an exchange is not sent to a read-only address.
ONLY_READ = "and the address is only read"
_UNKNOWN_KEY = "X" * 32


@dataclass(frozen=True)
class Pms:
    """Where to record.

    Attributes:
        url: base address of the PMS.
        key: of its web service.
        hotel, room_type: ids that exist there.
        timezone: of the hotel.
    """

    url: str
    key: str
    hotel: int = 1
    room_type: int = 2
    timezone: str = "UTC"


def record(
    pms: Pms,
    script: Mapping[str, Exchange],
    *,
    source: str,
    read_only: bool,
    hooks: Mapping[str, list[Callable[..., Any]]] | None = None,
    timeout: float = 20.0,
) -> Recording:
    """Send the exchanges in their order and keep the answers, with placeholders.

    Args:
        source: names the recording.
        read_only: leave out every exchange that may change something, and those that need its answer.
        hooks: of httpx, for a caller who watches what is sent.
        timeout: seconds for one exchange.

    Raises:
        DrillError: the PMS cannot be reached, or does not answer.
    """
    return _Session(pms, script, read_only, hooks or {}, timeout).run(source)


def secrets_of(pms: Pms) -> list[str]:
    """What was sent and must not stand in a recording."""
    return [pms.key, httpx.URL(pms.url).netloc.decode()]


class _Session:
    def __init__(
        self,
        pms: Pms,
        script: Mapping[str, Exchange],
        read_only: bool,
        hooks: Mapping[str, list[Callable[..., Any]]],
        timeout: float,
    ) -> None:
        arrival = clock.today(pms.timezone) + timedelta(days=_DAYS_AHEAD)
        mark = secrets.token_hex(4)
        self._script = script
        self._read_only = read_only
        self._sent: set[str] = set()
        self._values = {
            "key": pms.key,
            "key_lower": pms.key.lower(),
            "unknown_key": _UNKNOWN_KEY,
            "hotel": str(pms.hotel),
            "room_type": str(pms.room_type),
            "arrival": arrival.isoformat(),
            "departure": (arrival + timedelta(days=_NIGHTS)).isoformat(),
            "guest": f"guest.{mark}@contract.example.com",
            "reference": f"contract-{mark}",
        }
        self._http = httpx.Client(
            base_url=pms.url, timeout=timeout, trust_env=False, follow_redirects=False, event_hooks=hooks
        )

    def run(self, source: str) -> Recording:
        answers: dict[str, Answer] = {}
        left_out: dict[str, str] = {}
        milliseconds: dict[str, float] = {}
        with self._http:
            self._warm_up()
            for name, exchange in self._script.items():
                if reason := self._why_not(exchange):
                    left_out[name] = reason
                    continue
                response, milliseconds[name] = self._timed(exchange)
                answers[name] = self._answer(exchange, response)
                self._sent.add(name)
        requests = {name: self._script[name].request() for name in answers}
        return Recording(source, requests, answers, left_out, milliseconds)

    def _why_not(self, exchange: Exchange) -> str:
        if self._read_only and exchange.writes:
            return f"it may change something, {ONLY_READ}"
        why = f", {ONLY_READ}" if self._read_only else ""
        if exchange.after and exchange.after not in self._sent:
            return f"it asks for what {exchange.after} makes{why}"
        if missing := exchange.needs - self._values.keys():
            return f"no exchange before it gave {', '.join(sorted(missing))}{why}"
        return ""

    def _warm_up(self) -> None:
        """The first request of a server that was just started takes longer than any other."""
        try:
            self._http.get("/api/", auth=(self._values["key"], ""))
        except httpx.HTTPError as error:
            raise DrillError(
                f"the PMS cannot be reached: {type(error).__name__}: {error}",
                where=str(self._http.base_url),
                todo="start it, or correct the address",
            ) from error

    def _timed(self, exchange: Exchange) -> tuple[httpx.Response, float]:
        """The last answer, and the milliseconds of the fastest: a busy machine makes one call slow, hardly all."""
        fastest = float("inf")
        for _ in range(1 if exchange.writes else _TRIES):
            begun = time.monotonic()
            response = self._send(exchange)
            fastest = min(fastest, (time.monotonic() - begun) * 1000)
        return response, round(fastest, 1)

    def _send(self, exchange: Exchange) -> httpx.Response:
        content = None if exchange.body is None else filled(exchange.body, self._values).encode()
        auth = None if exchange.user is None else httpx.BasicAuth(filled(exchange.user, self._values), "")
        given = {name: filled(value, self._values) for name, value in exchange.headers.items()}
        try:
            return self._http.request(
                exchange.method, filled(exchange.path, self._values), content=content, headers=given, auth=auth
            )
        except httpx.HTTPError as error:
            raise DrillError(
                f"the PMS gave no answer to {exchange.name}: {type(error).__name__}: {error}",
                where=f"{exchange.method} {exchange.path}",
                todo="look at the PMS's log; a recording is complete or none",
            ) from error

    def _answer(self, exchange: Exchange, response: httpx.Response) -> Answer:
        content_type = response.headers.get("Content-Type", "").partition(";")[0].strip()
        told = bodies.tree(response.content, content_type)
        for name, path in exchange.keep.items():
            with contextlib.suppress(LookupError, ValueError):
                self._values[name] = str(bodies.value_at(told, path))
        found = {name.decode("latin-1"): value.decode("latin-1") for name, value in response.headers.raw}
        content = mask.page(told) if isinstance(told, str) else mask.masked(told)
        return Answer(response.status_code, content_type, mask.headers(found), content)
