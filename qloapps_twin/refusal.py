"""How QloApps refuses a booking."""

from __future__ import annotations

from qloapps_twin.answers import Problem, Refused


def refuse(text: str, *before: Problem) -> Refused:
    """A refusal: HTTP 400, code 404, whatever is wrong; `before` are PHP's warnings."""
    return Refused(400, *before, Problem(404, text))
