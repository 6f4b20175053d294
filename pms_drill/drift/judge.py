"""Judges an answer by what the contract says of it."""

from __future__ import annotations

from pms_drill.drift.recording import PHP_WARNING, Answer
from pms_drill.drift.script import Says
from pms_drill.drift.shape import shape


def breaches(says: Says, answer: Answer) -> list[str]:
    """One sentence for each thing that does not hold; none means that the contract is kept."""
    found = []
    if answer.status != says.status:
        found.append(f"status {answer.status}, the contract says {says.status}")
    if answer.type != says.type:
        found.append(f"content type {answer.type or 'none'}, the contract says {says.type or 'none'}")
    if says.empty != (answer.body is None):
        found.append("a body, the contract says none" if says.empty else "no body")
    found += [f"no header {name}" for name in says.headers if name.lower() not in answer.headers]
    found += [f"a header {name}" for name in says.absent if name.lower() in answer.headers]
    return found + _fields(says, answer) + _errors(says, answer)


def _fields(says: Says, answer: Answer) -> list[str]:
    seen = shape(answer.body)
    found = []
    for claim in says.has:
        path, _, allowed = (part.strip() for part in claim.partition(": "))
        types = seen.get("" if path == "." else path)
        if types is None:
            found.append(f"no field {path}")
        elif allowed and not types <= {kind.strip() for kind in allowed.split(" or ")}:
            found.append(f"field {path} is {' or '.join(sorted(types))}, the contract says {allowed}")
    return found + [f"a field {path}" for path in says.lacks if path in seen]


def _errors(says: Says, answer: Answer) -> list[str]:
    errors = [(code, text) for code, text in answer.errors() if code != PHP_WARNING]
    found = []
    codes = tuple(code for code, _ in errors)
    if says.codes is not None and codes != says.codes:
        found.append(f"error codes {list(codes)}, the contract says {list(says.codes)}")
    texts = [text for _, text in answer.errors()] + ([answer.body] if isinstance(answer.body, str) else [])
    if says.text and not any(says.text in text for text in texts):
        found.append(f"no error says {says.text!r}: {texts}")
    return found
