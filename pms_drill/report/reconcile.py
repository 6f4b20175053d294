"""Counting again: a test that any of the results does not show must not go unnoticed."""

from __future__ import annotations

import json
from pathlib import Path

from junitparser import JUnitXml, JUnitXmlError

from pms_drill.report.outcomes import PartOutcomes


def junit_count(path: Path) -> int | None:
    """Tests in a JUnit file; None if it cannot be read. A test with an error in teardown has two entries."""
    try:
        suites = JUnitXml.fromfile(str(path))
    except (OSError, JUnitXmlError, SyntaxError):
        return None
    return len({(case.classname, case.name) for suite in suites for case in suite})


def allure_count(folder: Path) -> int | None:
    """Tests as Allure will show them: results with one history id are shown as retries of one test."""
    if not folder.is_dir():
        return None
    shown = set()
    for path in folder.glob("*-result.json"):
        try:
            result = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, json.JSONDecodeError):
            continue
        shown.add(result.get("historyId") or result.get("uuid"))
    return len(shown)


def differences(part: PartOutcomes, junit: int | None, allure: int | None) -> list[str]:
    """What does not add up in a part that ended by itself, one line each.

    Args:
        junit, allure: as counted by `junit_count` and `allure_count`; None if there is nothing to count.
    """
    tests = {item.nodeid for item in part.collected}
    # A module that could not be collected has a record and an entry in JUnit, and no test.
    modules = sum(record.nodeid not in tests for record in part.records)
    collected = len(part.collected)
    counts = {
        "records": len(part.records) - modules,
        "JUnit": None if junit is None else junit - modules,
        "Allure": allure,
    }
    lines = []
    for name, count in counts.items():
        if count is None:
            lines.append(f"{part.part}: {collected} tests were collected, the results for {name} are missing")
        elif count != collected:
            lines.append(f"{part.part}: {collected} tests were collected, {name} shows {count}")
    if part.damaged:
        lines.append(f"{part.part}: {part.damaged} lines of the records cannot be read")
    return lines
