"""Is an answer a problem as RFC 9457 and the agent's contract describe it?"""

from __future__ import annotations

import json
import re

from pms_drill.checks.verdict import Verdict, judge

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def is_problem(status: int, content_type: str, body: str, *, wanted: int) -> Verdict:
    """Judge one refused request.

    Args:
        status, content_type, body: of the answer.
        wanted: the status that it has to have.
    """
    claimed = f"the answer is a problem of RFC 9457 with status {wanted} and a bare slug as type"
    found = _defects(status, content_type, body, wanted)
    return judge(not found, claimed, answer=f"{status} {content_type} {body[:300]}", defects="; ".join(found) or "none")


def _defects(status: int, content_type: str, body: str, wanted: int) -> list[str]:
    found = []
    if status != wanted:
        found.append(f"the status is {status}")
    if content_type.partition(";")[0].strip() != "application/problem+json":
        found.append(f"the content type is {content_type or 'missing'}")
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        return [*found, "the body is no JSON object"]
    if not isinstance(told.get("type"), str) or not _SLUG.fullmatch(told["type"]):
        found.append(f"type is {told.get('type')!r}")
    found += [f"{name} is {told.get(name)!r}" for name in ("title", "detail") if not _is_text(told.get(name))]
    if told.get("status") != status:
        found.append(f"status in the body is {told.get('status')!r}")
    return found


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
