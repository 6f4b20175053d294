"""From an exception in a test to pass, fail or unknown (design rule 2). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import Literal

import pytest

from pms_drill.checks.verdict import ClaimFailed, Outcome, SkipReason, Unproven
from pms_drill.errors import DrillError
from pms_drill.report.skips import TypedSkip

Phase = Literal["setup", "call", "teardown"]

#: pytest-timeout ends a test with pytest.fail; a test that did not end has proven nothing.
_TIMEOUT_MARK = "from pytest-timeout"
#: How the text of a verdict begins (`Verdict.why`).
_CLAIM = "claimed"
_LONGEST = 4000
#: Folders below the project whose own assertions are claims.
_SUITES = ("contracts", "chaos", "load")
#: Its failures are assertions about an answer of the agent.
_SCHEMATHESIS = "schemathesis"
#: Where pytest itself raises for a suite: `pytest.fail`, and `pytest.raises` that saw nothing.
_PYTEST_FAILS = (("_pytest", "outcomes.py"), ("_pytest", "raises.py"))
_PYTEST_FIXTURES = ("_pytest", "fixtures.py")


@dataclass(frozen=True)
class Judged:
    """What one phase of a test says."""

    outcome: Outcome
    why: str = ""
    skip_reason: SkipReason | None = None


def judge_exception(error: BaseException, phase: Phase, *, root: Path, where: str = "") -> Judged:
    """Fail for a claim of the suite in the call phase, skipped for a typed skip, unknown for everything else.

    Args:
        root: folder of the suites.
        where: file and line at which it was raised; not told where a verdict explains itself.
    """
    if isinstance(error, TypedSkip):
        return Judged(Outcome.SKIPPED, error.why, error.reason)
    if isinstance(error, pytest.skip.Exception):
        return Judged(Outcome.UNKNOWN, f"skipped without a typed reason: {error.msg or 'none given'}")
    text = describe(error)
    place = f"\nat {where}" if where and not text.startswith(_CLAIM) else ""
    if phase == "call" and is_claim(error, root):
        return Judged(Outcome.FAILED, shorten(text) + place)
    if isinstance(error, Unproven | DrillError) and phase == "call":
        return Judged(Outcome.UNKNOWN, shorten(text))
    kind = "" if isinstance(error, DrillError) else f"{type(error).__name__}: "
    return Judged(Outcome.UNKNOWN, shorten(f"in {phase}: {kind}{text}") + place)


def is_claim(error: BaseException, root: Path) -> bool:
    """Whether the exception says that a claim of the suite does not hold, alone or as a group of such exceptions.

    That is `claim`, an assertion of Schemathesis, and an assertion (or `pytest.fail`) that a file of the suites made
    itself. An `assert` of the harness or of a library says that those are broken, which proves nothing about an agent;
    so does one of a fixture, also where a test asks for it by name.
    """
    leaves = list(_leaves(error))
    return bool(leaves) and all(_claims(leaf, trace, root) for leaf, trace in leaves)


def describe(error: BaseException) -> str:
    """The text of an exception with its notes, of a group that of its members."""
    texts = [str(leaf).strip() or type(leaf).__name__ for leaf, _ in _leaves(error)]
    notes = [note for one in (error, *(leaf for leaf, _ in _leaves(error))) for note in getattr(one, "__notes__", [])]
    return "\n".join(dict.fromkeys([*texts, *notes]))


def shorten(text: str) -> str:
    """At most a few thousand characters; the whole text stays in the log of the part."""
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}\n... ({len(text) - _LONGEST} more characters in the log)"


def _claims(error: BaseException, trace: TracebackType | None, root: Path) -> bool:
    if not isinstance(error, AssertionError | pytest.fail.Exception) or _TIMEOUT_MARK in str(error):
        return False
    if isinstance(error, ClaimFailed) or type(error).__module__.partition(".")[0] == _SCHEMATHESIS:
        return True
    files = [Path(frame.f_code.co_filename) for frame, _ in walk_tb(trace)]
    while files and files[-1].parts[-2:] in _PYTEST_FAILS:
        files.pop()
    if not files or any(file.parts[-2:] == _PYTEST_FIXTURES for file in files):
        return False
    last, root = files[-1].resolve(), root.resolve()
    return any(last.is_relative_to(root / suite) for suite in _SUITES)


def _leaves(
    error: BaseException, above: TracebackType | None = None
) -> Iterator[tuple[BaseException, TracebackType | None]]:
    """Members of groups with their tracebacks; one that was never raised by itself has that of its group."""
    trace = error.__traceback__ or above
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            yield from _leaves(member, trace)
    else:
        yield error, trace
