"""How pytest is started for a part of a run: its command, the plugins that it loads, and how many processes it has."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

#: pytest_asyncio is not used by the suite; pyproject.toml has a setting of it, and unknown settings are errors.
_PLUGINS = ("pytest_timeout", "pytest_randomly", "allure_pytest.plugin", "pytest_asyncio.plugin")
_CONTRACT_PLUGINS = ("_hypothesis_pytestplugin", "schemathesis.pytest.plugin")
_MOST_WORKERS = 4
#: Variables by which somebody's shell or CI would change what pytest and its plugins run or how they judge:
#: `PYTEST_ADDOPTS="--deselect ..."` takes properties out of a run without a word. PYTHONOPTIMIZE removes assertions.
_CHANGES_A_RUN = ("PYTEST_", "_PYTEST_", "COV_CORE_", "HYPOTHESIS_", "SCHEMATHESIS_", "ALLURE_")
_CHANGES_PYTHON = ("PYTHONOPTIMIZE", "PYTHONWARNINGS", "PYTHONBREAKPOINT", "PYTHONINSPECT")
#: What pytest sets itself for what it runs: told of by nobody.
_BY_PYTEST = ("PYTEST_CURRENT_TEST", "PYTEST_VERSION", "PYTEST_XDIST_")


def words(part: str, root: Path, folder: Path, processes: int, seed: int) -> list[str]:
    """The command, without the suite's own options.

    Args:
        root: the project; only its own pyproject.toml configures pytest, whatever else lies in the way.
        folder: gets junit.xml and Allure's results.
        processes: see `workers`.
        seed: of the order of the tests.
    """
    return [
        *(sys.executable, "-m", "pytest", part, "-q", "-rfE", "--tb=short"),
        *("-c", str(root / "pyproject.toml"), f"--rootdir={root}"),
        *("-p", "no:cacheprovider"),
        *("-p", "xdist"),  # others look for it by this name, which it has only if it is loaded so
        *("-n", str(processes), "--dist", "loadgroup", f"--randomly-seed={seed}"),
        *(f"--junitxml={folder / 'junit.xml'}", f"--alluredir={folder / 'allure'}"),
    ]


def environment(part: str, own: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a session: pytest and its workers load the plugins that the part needs and no others.

    What else is installed must not change a verdict (one that repeats failed tests would), and each plugin that is
    found by itself costs seconds per process: pytest rewrites all modules of the packages that bring one.

    Args:
        own: the environment of the run; what would change pytest in it (`ignored`) does not come through.
    """
    names = [*_PLUGINS, *(_CONTRACT_PLUGINS if part == "contracts" else ())]
    kept = {name: value for name, value in own.items() if not _changes(name)}
    return kept | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": ",".join(names)}


def ignored(own: Mapping[str, str]) -> list[str]:
    """Names of the variables that somebody set and that do not reach pytest, in order."""
    return sorted(name for name in own if _changes(name) and not name.startswith(_BY_PYTEST))


def _changes(name: str) -> bool:
    return name.startswith(_CHANGES_A_RUN) or name in _CHANGES_PYTHON


def workers(part: str, stack: str, wanted: int | None) -> int:
    """Processes beside the controller; 0 for load, which is measured alone, and for one agent for all.

    Experiments of chaos wait most of their time, so that there is one more of them than there are cores. Two more were
    tried on two cores: a third of the experiments then had a machine that was too late to judge time.

    Args:
        wanted: what the command line says; None if it says nothing.
    """
    if part == "load" or stack == "external":
        return 0
    if wanted is not None:
        return wanted
    return min(_MOST_WORKERS, (os.cpu_count() or 1) + (part == "chaos"))
