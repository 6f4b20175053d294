"""One history of an experiment: invocations and completions of guests, and the faults, on one clock, as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pms_drill.evidence.bundle import Evidence

#: Events of the journal that belong into a history.
_KINDS = ("nemesis", "fault", "phase", "step")


def timeline(evidence: Evidence) -> list[dict[str, Any]]:
    """Every event with its moment `at` (seconds on the run's clock), in order.

    An operation has two events of one `process`: `invoke`, and `ok`, `fail` or `info`. Everything else has the type
    `fault`, `nemesis`, `phase` or `step`.
    """
    found = [*_operations(evidence), *_events(evidence)]
    return sorted(found, key=lambda event: float(event["at"]))


def write(path: Path, evidence: Evidence) -> None:
    """Write the history, one event a line.

    Raises:
        OSError: the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(event) + "\n" for event in timeline(evidence)), encoding="utf-8")


def _operations(evidence: Evidence) -> Iterator[dict[str, Any]]:
    for process, operation in enumerate(sorted(evidence.operations, key=lambda op: op.started), start=1):
        about: dict[str, Any] = {"process": process, "f": str(operation.kind), "guest": operation.guest.email}
        if operation.key:
            about["key"] = operation.key
        yield {"at": operation.started, "type": "invoke", **about}
        told = {name: operation.body.get(name) for name in ("status", "pms_booking_id") if name in operation.body}
        answer: dict[str, Any] = {
            "http": operation.status,
            "error": operation.error,
            "says": operation.source or operation.problem,
        }
        yield {"at": operation.ended, "type": str(operation.ending), **about} | answer | told


def _events(evidence: Evidence) -> Iterator[dict[str, Any]]:
    for event in evidence.events:
        if event.kind in _KINDS:
            yield {"at": event.at, "type": event.kind, "name": event.name, "what": event.what, "detail": event.detail}
