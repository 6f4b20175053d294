"""How pytest is started for a part of a run: its command, the plugins that it loads, and how many processes it has."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pms_drill.stack import backends

#: pytest_asyncio is not used by the suite; pyproject.toml has a setting of it, and unknown settings are errors.
_PLUGINS = ("pytest_timeout", "pytest_randomly", "allure_pytest.plugin", "pytest_asyncio.plugin")
_CONTRACT_PLUGINS = ("_hypothesis_pytestplugin", "schemathesis.pytest.plugin")
_MOST_WORKERS = 4


def words(part: str, folder: Path, processes: int, seed: int) -> list[str]:
    """The command, without the suite's own options.

    Args:
        folder: gets junit.xml and Allure's results.
        processes: see `workers`.
        seed: of the order of the tests.
    """
    return [
        *(sys.executable, "-m", "pytest", part, "-q", "-rfE", "--tb=short"),
        *("-p", "no:cacheprovider"),
        *("-p", "xdist"),  # others look for it by this name, which it has only if it is loaded so
        *("-n", str(processes), "--dist", "loadgroup", f"--randomly-seed={seed}"),
        *(f"--junitxml={folder / 'junit.xml'}", f"--alluredir={folder / 'allure'}"),
    ]


def plugins(part: str) -> dict[str, str]:
    """Environment by which pytest and its workers load the plugins that the part needs and no others.

    What else is installed must not change a verdict (one that repeats failed tests would), and each plugin that is
    found by itself costs seconds per process: pytest rewrites all modules of the packages that bring one.
    """
    names = [*_PLUGINS, *(_CONTRACT_PLUGINS if part == "contracts" else ())]
    return {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": ",".join(names)}


def workers(part: str, stack: str, wanted: int | None) -> int:
    """Processes beside the controller; 0 for load, which is measured alone, and for one agent for all.

    Experiments of chaos wait most of their time. On a real PMS, where deadlines are long, there is one more of them
    than there are cores; with the twin's short ones that makes a busy machine look like a slow agent.

    Args:
        wanted: what the command line says; None if it says nothing.
    """
    if part == "load" or stack == "external":
        return 0
    if wanted is not None:
        return wanted
    more = part == "chaos" and not backends.stand_in(stack)
    return min(_MOST_WORKERS, (os.cpu_count() or 1) + more)
