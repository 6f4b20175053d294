"""The address of the database stands in a log of the run, with the password encoded for a URL.   must: SEC-03

The twin has no database, so that a password is planted as a real PMS's would be. A plug-in for pytest.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from pms_drill.evidence import canaries

_PASSWORD = "p@ss/word of this-run"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Plant it, and write it where a program of the stack would."""
    log = Path(item.config.getoption("--pms-run-dir")) / "logs" / "database.log"
    canaries.plant(canaries.DB_PASSWORD, _PASSWORD)
    address = f"mysql://qloapps:{quote(_PASSWORD, safe='')}@127.0.0.1/qloapps"
    log.write_text(f"starting\nconnecting to {address}\n", encoding="utf-8")
