"""A plug-in for pytest: the tests that look for defects of the PMS are told the answers of one that was mended.

`pms-drill run contracts -k known_defect --pytest=-p --pytest=tests.mutants.lies.mended`. None may see its defect then.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from tests.mutants.lies.alter import telling
from tests.mutants.lies.table import MENDED


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    marker = item.get_closest_marker("finding")
    with pytest.MonkeyPatch.context() as patch:
        if marker:
            telling(MENDED[marker.args[0]], patch)
        return (yield)
