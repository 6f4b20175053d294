"""A plug-in for pytest: every contract test is told something false, and must fail.

`pms-drill run contracts --pytest=-p --pytest=tests.mutants.lies`. Only while a test runs, not in its fixtures.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import httpx
import pytest

from pms_drill.contract.findings import FindingBook
from tests.mutants.lies.table import FORGOTTEN, LIES


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    marker = item.get_closest_marker("property")
    key = str(marker.args[0]) if marker else ""
    with pytest.MonkeyPatch.context() as patch:
        if lie := LIES.get(key):
            send = httpx.Client.send

            def falsified(client: httpx.Client, request: httpx.Request, **how: Any) -> httpx.Response:
                return lie(request, send(client, request, **how))

            patch.setattr(httpx.Client, "send", falsified)
        if key in FORGOTTEN:
            book = getattr(item, "funcargs", {})["finding_book"]
            assert isinstance(book, FindingBook)
            patch.setattr(book, "_known", {})
        return (yield)
