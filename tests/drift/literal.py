"""Answers and recordings written down in a line."""

from __future__ import annotations

from typing import Any

from pms_drill.drift.recording import Answer, Recording


def answer(body: Any = None, status: int = 200, kind: str = "application/json", **headers: str) -> Answer:
    return Answer(status, kind, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def refused(code: int, text: str = "no", status: int = 400) -> Answer:
    return answer({"errors": [{"code": code, "message": text}]}, status)


def recording(source: str = "old", milliseconds: dict[str, float] | None = None, **answers: Answer) -> Recording:
    requests = {name: {"method": "GET", "path": f"/api/{name}"} for name in answers}
    return Recording(source, requests, answers, {}, milliseconds or {})
