"""Secrets of a run, noted where they are made, and the answers that they must not stand in.

Both go to a private folder outside of the results, which the runner names by a variable, searches at the end and
removes. Without the variable nothing is kept.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

VARIABLE = "PMS_DRILL_CANARIES"
PMS_KEY, ADMIN_TOKEN, DB_PASSWORD, CONTROL_TOKEN = "PMS key", "admin token", "database password", "control token"

_VALUES = "values.jsonl"
_ANSWERS = "answers-*.jsonl"
_lock = threading.Lock()


def plant(kind: str, value: str) -> str:
    """Note a secret of this run; returns it, so that it can be planted where it is made."""
    folder = os.environ.get(VARIABLE)
    if folder and value:
        _append(Path(folder) / _VALUES, {"kind": kind, "value": value})
    return value


def hooks(others: Mapping[str, list[Callable[..., Any]]] | None = None) -> dict[str, list[Callable[..., Any]]]:
    """For `httpx.Client(event_hooks=...)`: the others, and one that keeps every answer with its headers."""
    both = {event: list(calls) for event, calls in (others or {}).items()}
    if os.environ.get(VARIABLE):
        both.setdefault("response", []).append(_keep)
    return both


def planted(folder: Path) -> list[tuple[str, str]]:
    """Kind and value of everything that was planted, each once."""
    found = dict.fromkeys((line["kind"], line["value"]) for line in _lines(folder / _VALUES))
    return list(found)


def answers(folder: Path) -> list[tuple[str, str]]:
    """Name and text of every answer that was kept: status, headers, an empty line, body."""
    return [
        (f"answer to {line['asked']}", line["text"]) for path in sorted(folder.glob(_ANSWERS)) for line in _lines(path)
    ]


def _keep(answer: httpx.Response) -> None:
    folder = os.environ.get(VARIABLE)
    if not folder:
        return
    answer.read()
    head = "\n".join(f"{name}: {value}" for name, value in answer.headers.multi_items())
    text = f"{answer.status_code}\n{head}\n\n{answer.text}"
    asked = f"{answer.request.method} {answer.request.url.path}"
    _append(Path(folder) / _ANSWERS.replace("*", str(os.getpid())), {"asked": asked, "text": text})


def _append(path: Path, line: dict[str, str]) -> None:
    with _lock, path.open("a", encoding="utf-8") as file:  # one write of a line: other processes write here, too
        file.write(json.dumps(line) + "\n")


def _lines(path: Path) -> list[dict[str, Any]]:
    """The file's lines; one that was cut by the end of its process is left out."""
    found = []
    if path.is_file():
        for text in path.read_text(encoding="utf-8").splitlines():
            try:
                found.append(json.loads(text))
            except ValueError:
                continue
    return found
