"""From an exception in a test to pass, fail or unknown (design rule 2). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pytest

from pms_drill.checks.verdict import Outcome, SkipReason, Unproven
from pms_drill.errors import DrillError
from pms_drill.report.skips import TypedSkip

Phase = Literal["setup", "call", "teardown"]

#: pytest-timeout ends a test with pytest.fail; a test that did not end has proven nothing.
_TIMEOUT_MARK = "from pytest-timeout"
#: How the text of a verdict begins (`Verdict.why`).
_CLAIM = "claimed"
_LONGEST = 4000


@dataclass(frozen=True)
class Judged:
    """What one phase of a test says."""

    outcome: Outcome
    why: str = ""
    skip_reason: SkipReason | None = None


def judge_exception(error: BaseException, phase: Phase, *, where: str = "") -> Judged:
    """Fail for an assertion in the call phase, skipped for a typed skip, unknown for everything else.

    Args:
        where: file and line at which it was raised; not told where a verdict explains itself.
    """
    if isinstance(error, TypedSkip):
        return Judged(Outcome.SKIPPED, error.why, error.reason)
    if isinstance(error, pytest.skip.Exception):
        return Judged(Outcome.UNKNOWN, f"skipped without a typed reason: {error.msg or 'none given'}")
    text = describe(error)
    place = f"\nat {where}" if where and not text.startswith(_CLAIM) else ""
    if phase == "call" and is_assertion(error):
        return Judged(Outcome.FAILED, shorten(text) + place)
    if isinstance(error, Unproven | DrillError) and phase == "call":
        return Judged(Outcome.UNKNOWN, shorten(text))
    kind = "" if isinstance(error, DrillError) else f"{type(error).__name__}: "
    return Judged(Outcome.UNKNOWN, shorten(f"in {phase}: {kind}{text}") + place)


def is_assertion(error: BaseException) -> bool:
    """Whether the exception says that a claim does not hold, alone or as a group of such exceptions.

    Schemathesis raises groups of `Failure`, which are assertions.
    """
    leaves = list(_leaves(error))
    return bool(leaves) and all(
        isinstance(leaf, AssertionError | pytest.fail.Exception) and _TIMEOUT_MARK not in str(leaf) for leaf in leaves
    )


def describe(error: BaseException) -> str:
    """The text of an exception, of a group that of its members."""
    texts = [str(leaf).strip() or type(leaf).__name__ for leaf in _leaves(error)]
    return "\n".join(dict.fromkeys(texts))


def shorten(text: str) -> str:
    """At most a few thousand characters; the whole text stays in the log of the part."""
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}\n... ({len(text) - _LONGEST} more characters in the log)"


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            yield from _leaves(member)
    else:
        yield error
