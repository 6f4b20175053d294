"""A plug-in for pytest: notes which checks said "not passed" during which test.

Every function of the checks that returns a verdict is wrapped before the tests import it. The file named by the
variable WITNESS_FILE gets JSON: dotted name of the check -> node ids, without parameters. The rows of load are noted
per metric (`...Target.verdict:error_rate`).
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import pkgutil
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pms_drill.checks
from pms_drill.checks.verdict import Outcome, Verdict
from pms_drill.load import again, judge, validity

_SEEN: defaultdict[str, set[str]] = defaultdict(set)


def _note(name: str, outcome: Outcome, enough: tuple[Outcome, ...]) -> None:
    running = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]
    if running and outcome in enough:
        _SEEN[name].add(running.partition("[")[0])


def _wrapped(name: str, check: Callable[..., Verdict], enough: tuple[Outcome, ...]) -> Callable[..., Verdict]:
    @functools.wraps(check)
    def noted(*args: Any, **named: Any) -> Verdict:
        verdict = check(*args, **named)
        _note(name, verdict.outcome, enough)
        return verdict

    return noted


def _wrap(module: Any, *enough: Outcome) -> None:
    for key, value in list(vars(module).items()):
        own = callable(value) and getattr(value, "__module__", "") == module.__name__
        if own and not key.startswith("_") and getattr(value, "__annotations__", {}).get("return") == "Verdict":
            setattr(module, key, _wrapped(f"{module.__name__}.{key}", value, enough))


def pytest_configure() -> None:
    for found in pkgutil.iter_modules(pms_drill.checks.__path__, "pms_drill.checks."):
        if found.name != "pms_drill.checks.verdict":
            _wrap(importlib.import_module(found.name), Outcome.FAILED)
    _wrap(validity, Outcome.FAILED, Outcome.UNKNOWN)
    _wrap(again, Outcome.FAILED)
    of_target = judge.Target.verdict.fget
    assert of_target is not None

    def noted(row: judge.Target) -> Verdict:
        verdict = of_target(row)
        name = f"pms_drill.load.judge.Target.verdict:{row.metric.partition(':')[0]}"
        _note(name, verdict.outcome, (Outcome.FAILED,))
        return verdict

    judge.Target.verdict = property(noted)  # type: ignore[assignment, method-assign]


def pytest_unconfigure() -> None:
    target = os.environ.get("WITNESS_FILE")
    if target:
        text = json.dumps({name: sorted(ids) for name, ids in sorted(_SEEN.items())}, indent=1)
        Path(target).write_text(text, encoding="utf-8")
