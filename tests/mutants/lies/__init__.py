"""A plug-in for pytest: every contract test is told something false, and must fail.

`pms-drill run contracts --pytest=-p --pytest=tests.mutants.lies`. Only while a test runs, not in its fixtures.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from pms_drill.contract.findings import FindingBook
from tests.mutants.lies.alter import telling
from tests.mutants.lies.table import FORGOTTEN, LIES


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    marker = item.get_closest_marker("property") or item.get_closest_marker("finding")
    key = str(marker.args[0]) if marker else ""
    with pytest.MonkeyPatch.context() as patch:
        if lie := LIES.get(key):
            telling(lie, patch)
        if key in FORGOTTEN:
            book = getattr(item, "funcargs", {})["finding_book"]
            assert isinstance(book, FindingBook)
            patch.setattr(book, "_known", {})
        return (yield)
