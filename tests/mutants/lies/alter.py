"""Ways to falsify an answer on its way to a test."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

#: Takes a request and its true answer; gives the answer that the test is told.
Lie = Callable[[httpx.Request, httpx.Response], httpx.Response]


def instead(true: int, told: int, *, method: str = "", path: str = "") -> Lie:
    """Another status wherever the true one is `true`, and method and path fit."""

    def lie(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        fits = method in ("", request.method) and path in request.url.path
        return _with(answer, status=told) if fits and answer.status_code == true else answer

    return lie


def both(first: Lie, second: Lie) -> Lie:
    """One lie after the other."""

    def lie(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        return second(request, first(request, answer))

    return lie


def header(name: str, value: str, *, path: str = "", status: int | None = None) -> Lie:
    """A header with another value, where path and status fit."""

    def lie(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        fits = path in request.url.path and status in (None, answer.status_code)
        return _with(answer, headers={name: value}) if fits else answer

    return lie


def text(change: Callable[[str], str], *, path: str = "") -> Lie:
    """A changed body, where the path contains `path`."""

    def lie(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        return _with(answer, text=change(answer.text)) if path in request.url.path else answer

    return lie


def edit(change: Callable[[Any], None], *, path: str = "") -> Lie:
    """A JSON body changed in place; an answer that is none, or lacks what is changed, stays as it is."""

    def lie(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if path not in request.url.path:
            return answer
        try:
            body = answer.json()
            change(body)
        except (ValueError, LookupError, TypeError):
            return answer
        return _with(answer, text=json.dumps(body))

    return lie


def field(value: Any, *names: str | int, path: str = "") -> Lie:
    """A field of a JSON body with another value; a function is given the old one."""

    def change(body: Any) -> None:
        for name in names[:-1]:
            body = body[name]
        body[names[-1]] = value(body[names[-1]]) if callable(value) else value

    return edit(change, path=path)


def rows(name: str, **values: Any) -> Lie:
    """Every row of a list of QloApps with other values, for the fields that it has."""

    def change(body: Any) -> None:
        for row in body[name]:
            row.update({key: value for key, value in values.items() if key in row})

    return edit(change)


def shrinking(*names: str, path: str) -> Lie:
    """A number that is one less with every answer."""
    count = itertools.count(1)
    return field(lambda number: number - next(count), *names, path=path)


def telling(lie: Lie, patch: pytest.MonkeyPatch) -> None:
    """As long as the patch lasts every client is told the lie."""
    send = httpx.Client.send

    def falsified(client: httpx.Client, request: httpx.Request, **how: Any) -> httpx.Response:
        return lie(request, send(client, request, **how))

    patch.setattr(httpx.Client, "send", falsified)


def _with(
    answer: httpx.Response, *, status: int | None = None, headers: dict[str, str] | None = None, text: str | None = None
) -> httpx.Response:
    kept = {key: value for key, value in answer.headers.items() if key not in ("content-length", "content-encoding")}
    for key, value in (headers or {}).items():
        kept = {name: old for name, old in kept.items() if name.lower() != key.lower()} | {key: value}
    content = answer.content if text is None else text.encode()
    return httpx.Response(status or answer.status_code, headers=kept, content=content, request=answer.request)
