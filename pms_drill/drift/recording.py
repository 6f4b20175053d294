"""A recording: what one source answered to the contract's exchanges, with placeholders, in their order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PHP_WARNING = 3


@dataclass(frozen=True)
class Answer:
    """One answer, with placeholders.

    Attributes:
        type: content type without parameters; empty when there is none.
        headers: QloApps' own, by name in lower case.
        body: as a tree (see `body.tree`).
    """

    status: int
    type: str
    headers: Mapping[str, str]
    body: Any

    def errors(self) -> list[tuple[int, str]]:
        """Code and text of each error, PHP's warnings included, in JSON or XML."""
        body = self.body
        if isinstance(body, dict) and "errors" in body:
            found = body["errors"]
        else:
            try:
                found = body["qloapps"]["errors"][0]["error"]
            except (LookupError, TypeError):
                return []
        return [(int(_one(entry["code"])), " ".join(str(_one(entry["message"])).split())) for entry in found]


@dataclass(frozen=True)
class Recording:
    """What one source answered.

    Attributes:
        source: names it: a version of QloApps, an address.
        requests: name -> the request as a template.
        answers: name -> answer.
        left_out: name -> why there is no answer.
        milliseconds: name -> how long the answer took; not part of what is compared for equality.
    """

    source: str
    requests: Mapping[str, dict[str, Any]]
    answers: Mapping[str, Answer]
    left_out: Mapping[str, str] = field(default_factory=dict)
    milliseconds: Mapping[str, float] = field(default_factory=dict)


def to_text(recording: Recording) -> str:
    """The file of a recording: the same text for the same answers."""
    entries = [
        {
            "name": name,
            "request": recording.requests[name],
            "response": {
                "status": answer.status,
                "type": answer.type,
                "headers": dict(answer.headers),
                "body": answer.body,
            },
        }
        for name, answer in recording.answers.items()
    ]
    return json.dumps(entries, indent=1, ensure_ascii=False) + "\n"


def from_text(text: str, source: str, milliseconds: Mapping[str, float] | None = None) -> Recording:
    """A recording from its file.

    Raises:
        ValueError: it is not one.
    """
    try:
        entries = json.loads(text)
        return Recording(
            source,
            requests={entry["name"]: entry["request"] for entry in entries},
            answers={entry["name"]: Answer(**entry["response"]) for entry in entries},
            milliseconds=milliseconds or {},
        )
    except (LookupError, TypeError) as error:
        raise ValueError(f"not a recording: {type(error).__name__}: {error}") from error


def _one(value: Any) -> Any:
    """The text of an element that XML gives as a list of one."""
    return value[0] if isinstance(value, list) else value
