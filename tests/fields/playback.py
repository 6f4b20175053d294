"""A contract test, recorded with the true answers and played back with one cell of them told otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from pms_drill import clock
from pms_drill.episodes.guests import GuestBook
from pms_drill.properties.fields import Cell
from tests.fields import tamper
from tests.fields.tamper import Answer

_AVAILABILITY, _RESERVATIONS = "/pms/availability", "/pms/reservations"


class Playback:
    """One test with what it was answered.

    Args:
        names: the arguments of the test.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names
        book = names.get("guest_book")
        self._draws = (book._random.getstate(), book._count) if isinstance(book, GuestBook) else None
        self._answers: list[tuple[httpx.Request, httpx.Response]] = []
        self._times: list[Any] = []

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Keep every answer and every reading of the wall clock."""
        send, utc = httpx.Client.send, clock.utc

        def kept(client: httpx.Client, request: httpx.Request, **how: Any) -> httpx.Response:
            answer = send(client, request, **how)
            answer.read()
            self._answers.append((request, answer))
            return answer

        def looked() -> Any:
            self._times.append(utc())
            return self._times[-1]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(httpx.Client, "send", kept)
            patch.setattr(clock, "utc", looked)
            yield

    def noticed(self, test: Callable[..., None], lines: list[dict[str, Any]]) -> Iterator[tuple[Cell, str]]:
        """Cells and tamperings for which the test fails; `lines` gets what was told and tried."""
        if self._outcome(test, {}) != "passed":
            return  # not a function of what it was answered
        told = {number: found for number, pair in enumerate(self._answers) if (found := _answer(*pair))}
        cells = sorted({cell for found in told.values() for cell in found.cells()})
        for cell in cells:
            lines.append({"told": str(cell)})
            changes: dict[str, dict[int, Answer]] = {}
            for number, found in told.items():
                if cell in set(found.cells()):
                    for name, other in tamper.of_answer(found, cell).items():
                        changes.setdefault(name, {})[number] = other
            for name, others in changes.items():
                lines.append({"cell": str(cell), "tampering": name, "property": None})
                if self._outcome(test, others) == "failed":
                    yield cell, name

    def _outcome(self, test: Callable[..., None], others: dict[int, Answer]) -> str:
        """passed, failed (an assertion did not hold), or unknown, as the suite has it."""
        answers, times = enumerate(self._answers), iter(self._times)

        def play(_: httpx.Client, request: httpx.Request, **__: Any) -> httpx.Response:
            for number, (sent, answer) in answers:
                if (request.method, request.url.path) == (sent.method, sent.url.path):
                    return _told(answer, others.get(number))
            raise LookupError(f"no answer was recorded to {request.method} {request.url.path}")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(httpx.Client, "send", play)
            patch.setattr(clock, "utc", lambda: next(times))
            if self._draws is not None:
                self._names["guest_book"]._random.setstate(self._draws[0])
                self._names["guest_book"]._count = self._draws[1]
            try:
                test(**self._names)
            except AssertionError:
                return "failed"
            except Exception:
                return "unknown"
        return "passed"


def _answer(request: httpx.Request, answer: httpx.Response) -> Answer | None:
    path, method = request.url.path, request.method
    try:
        body = answer.json()
    except ValueError:
        return None
    if not isinstance(body, dict):
        return None
    headers = {"Content-Type": answer.headers.get("Content-Type", "")}
    if answer.headers.get("Content-Type", "").startswith("application/problem+json"):
        if answer.status_code == 503:
            headers["Retry-After"] = answer.headers.get("Retry-After", "")
        return Answer("problem", answer.status_code, headers, body)
    if path.endswith(_AVAILABILITY):
        return Answer("availability", answer.status_code, headers, body)
    if path.endswith(_RESERVATIONS) and method == "POST":
        headers["Location"] = answer.headers.get("Location", "")
        return Answer("reservation", answer.status_code, headers, body)
    if _RESERVATIONS in path:
        return Answer("look-up", answer.status_code, headers, body)
    if path.endswith("/health/ready"):
        return Answer("readiness", answer.status_code, {}, body)
    if path.endswith("/reset"):
        return Answer("reset", answer.status_code, {}, {"state": body.get("state")})
    return None


def _told(answer: httpx.Response, other: Answer | None) -> httpx.Response:
    if other is None:
        return httpx.Response(
            answer.status_code, headers=_plain(answer), content=answer.content, request=answer.request
        )
    ours = ("location", "content-type", "retry-after")
    headers = {name: value for name, value in _plain(answer).items() if name not in ours}
    content = json.dumps(other.body).encode()
    return httpx.Response(other.status, headers=headers | dict(other.headers), content=content, request=answer.request)


def _plain(answer: httpx.Response) -> dict[str, str]:
    return {
        name: value
        for name, value in answer.headers.items()
        if name not in ("content-length", "content-encoding", "transfer-encoding")
    }
