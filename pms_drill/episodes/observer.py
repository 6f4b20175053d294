"""Looks at the agent all the time while an episode runs: metrics and health, in a thread of its own."""

from __future__ import annotations

from collections import defaultdict
from types import TracebackType
from typing import Self

import httpx

from pms_drill import clock
from pms_drill.evidence import canaries
from pms_drill.evidence.scrape import Scrape
from pms_drill.profile import EndpointsPart
from pms_drill.repeating import Repeating


class Observer(Repeating):
    """Scrapes every `every` seconds between enter and exit.

    Attributes:
        scrapes: successful scrapes in order.
        statuses: (path, time, status) of the health endpoints; status 0 when there was no answer.
        took: (path, begin, end) of each read of a health endpoint.
        readiness: (time, `pms` object of the readiness answer), where it has one.
        said: (time, what the readiness answer says of the agent itself).
    """

    def __init__(self, agent_url: str, endpoints: EndpointsPart, every: float = 0.05) -> None:
        super().__init__(every, "observer")
        self._http = httpx.Client(base_url=agent_url, timeout=2.0, trust_env=False, event_hooks=canaries.hooks())
        self._endpoints = endpoints
        self.scrapes: list[Scrape] = []
        self.statuses: list[tuple[str, float, int]] = []
        self.took: list[tuple[str, float, float]] = []
        self.readiness: list[tuple[float, dict[str, object]]] = []
        self.said: list[tuple[float, str]] = []
        self.looks = 0

    def __enter__(self) -> Self:
        """Look once, before anything happens, and begin to look."""
        self.act()
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Look a last time and end.

        Raises:
            Unproven: the thread ended before its time: what was not seen is not known.
        """
        try:
            super().__exit__(kind, error, trace)
            self.act()
        finally:
            self._http.close()

    def health_between(self, begin: float, end: float) -> dict[str, list[int]]:
        """Statuses of the health endpoints seen in a span of time, by path."""
        seen: defaultdict[str, list[int]] = defaultdict(list)
        for path, at, status in self.statuses:
            if begin <= at < end:
                seen[path].append(status)
        return dict(seen)

    def act(self) -> None:
        """Look once: metrics, then health."""
        started = clock.now()
        try:
            text = self._http.get(self._endpoints.metrics).raise_for_status().text
            self.scrapes.append(Scrape.parse(text, started, clock.now()))
        except (httpx.HTTPError, ValueError):
            self.statuses.append((self._endpoints.metrics, started, 0))
        for path in (self._endpoints.live, self._endpoints.ready):
            at = clock.now()
            try:
                answer = self._http.get(path)
                self.statuses.append((path, at, answer.status_code))
                if path == self._endpoints.ready:
                    self._read(at, answer)
            except httpx.HTTPError:
                self.statuses.append((path, at, 0))
            finally:
                self.took.append((path, at, clock.now()))
        self.looks += 1

    def _read(self, at: float, answer: httpx.Response) -> None:
        try:
            told = answer.json()
        except ValueError:
            return
        if isinstance(told, dict):
            self.said.append((at, str(told.get("status", ""))))
            if isinstance(told.get("pms"), dict):
                self.readiness.append((at, told["pms"]))
