"""Evidence in which nothing happened, or nobody looked, passes no check that the suites claim."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from pms_drill.checks import breaker
from pms_drill.checks.verdict import Outcome
from pms_drill.evidence.bundle import Evidence
from pms_drill.properties import suites
from tests.checks.literal import outage


def of_an_outage() -> dict[str, Callable[[Evidence], Any]]:
    """Dotted name -> check, for each one that the suites claim and that judges the evidence of an experiment."""
    found = {}
    for name in sorted({name for test in suites.judging() for name in test.checks}):
        module, _, function = name.rpartition(".")
        if module.startswith("pms_drill.checks."):
            check = getattr(importlib.import_module(module), function)
            parameters = list(inspect.signature(check).parameters.values())
            if len(parameters) == 1 and parameters[0].annotation == "Evidence":
                found[name] = check
    return found


CHECKS = of_an_outage()
NOTHING: dict[str, Any] = {"operations": [], "ledger": [], "scrapes": [], "log": "", "bookings": None}
NOTHING |= {"statuses": {}, "readiness": [], "epoch": None, "secrets": ()}


def test_the_checks_are_found() -> None:
    assert len(CHECKS) >= 50


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("phases", [{}, None], ids=["no phase", "phases"])
def test_nothing_at_all_passes_no_check(name: str, phases: dict[str, Any] | None) -> None:
    evidence = outage(**NOTHING, **({} if phases is None else {"phases": phases}))
    try:
        verdict = CHECKS[name](evidence)
    except (KeyError, ValueError):
        return  # an exception in a test is unknown
    assert verdict.outcome is not Outcome.PASSED, verdict.why


def test_ledger_that_saw_nothing_all_the_time_does_not_witness_that_nothing_was_sent() -> None:
    assert breaker.no_call_while_open(outage()).outcome is Outcome.PASSED
    assert breaker.no_call_while_open(outage(ledger=[])).outcome is Outcome.UNKNOWN
