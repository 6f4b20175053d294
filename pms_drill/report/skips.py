"""The only way to skip that is not a hole in the results: with a typed reason."""

from __future__ import annotations

from typing import NoReturn

import pytest

from pms_drill.checks.verdict import SkipReason


class TypedSkip(pytest.skip.Exception):  # type: ignore[misc, name-defined]
    """A skip whose reason a tier can tolerate or not. Every other skip counts as unknown.

    Attributes:
        reason: why, as a type; results count skips by it.
        why: the same for people, with the particulars.
    """

    def __init__(self, reason: SkipReason, why: str) -> None:
        super().__init__(f"{reason.value}: {why}", allow_module_level=False)
        self.reason = reason
        self.why = why


def skip(reason: SkipReason, why: str) -> NoReturn:
    """Skip the running test, from its body or from a fixture.

    Raises:
        TypedSkip: always.
    """
    __tracebackhide__ = True
    raise TypedSkip(reason, why)
