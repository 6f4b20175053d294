"""What decides which tests run is the command line and the project's own pyproject.toml, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pms_drill import pytest_command
from pms_drill.report.model import RunVerdict
from pms_drill.runner import Run, RunOptions

pytestmark = pytest.mark.xdist_group("runner")

TWO = """
    @pytest.mark.property("BRK-18")
    def test_open_breaker_sends_nothing(): pass

    @pytest.mark.property("BRK-27")
    def test_outage_does_not_look_dead(): pass
"""
TAKES_AWAY = """
def pytest_collection_modifyitems(items):
    items[:] = items[:1]
"""


def execute(root: Path) -> tuple[RunVerdict, str]:
    said: list[str] = []
    verdict = Run(RunOptions(parts=["chaos"], seed=7, workers=0), root=root, properties=(), say=said.append).execute()
    return verdict, "\n".join(said)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PYTEST_ADDOPTS", "--deselect chaos/test_chaos_sample.py::test_outage_does_not_look_dead"),
        ("PYTEST_ADDOPTS", "--ignore chaos"),
        ("PYTEST_ADDOPTS", "-k sends_nothing"),
        ("PYTEST_PLUGINS", "takes_away"),
    ],
)
def test_variable_that_takes_tests_away_does_not_reach_a_run_and_is_told(
    project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    root = project(chaos=TWO)
    (root / "takes_away.py").write_text(TAKES_AWAY, encoding="utf-8")
    monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(root)
    verdict, said = execute(root)
    assert sorted(verdict.properties) == ["BRK-18", "BRK-27"], said
    assert (verdict.exit_code, verdict.counts.passed) == (0, 2), said
    assert f"ignored, because it would change what pytest runs: {name};" in said


@pytest.mark.parametrize("file", ["pytest.ini", "tox.ini", "chaos/pytest.ini"])
def test_configuration_file_in_the_way_is_not_read(project: Callable[..., Path], file: str) -> None:
    root = project(chaos=TWO)
    (root / file).write_text("[pytest]\naddopts = -k sends_nothing\n", encoding="utf-8")
    verdict, said = execute(root)
    assert (verdict.exit_code, verdict.counts.passed) == (0, 2), said


def test_variables_of_pytest_itself_are_left_out_and_not_told() -> None:
    own = {"PYTEST_CURRENT_TEST": "x", "PYTEST_XDIST_WORKER": "gw0", "PYTEST_VERSION": "9", "PATH": "/bin"}
    assert pytest_command.ignored(own) == []
    assert set(pytest_command.environment("chaos", own)) == {"PATH", "PYTEST_DISABLE_PLUGIN_AUTOLOAD", "PYTEST_PLUGINS"}


@pytest.mark.parametrize("name", ["PYTHONOPTIMIZE", "COV_CORE_SOURCE", "PYTEST_DISABLE_PLUGIN_AUTOLOAD", "PYTEST_NEW"])
def test_whatever_changes_how_tests_are_run_or_judged_is_ignored(name: str) -> None:
    assert pytest_command.ignored({name: "1", "HOME": "/root"}) == [name]
