"""A plug-in for pytest: each test that passed is run again on evidence in which one cell is told otherwise.

`--fields FOLDER` gets a file of JSON lines: the cells that were told, and which property said "failed" for which
tampering of which cell. Evidence of experiments is tampered with in memory; of a contract test the answers are
recorded and played back, so that nothing is sent again.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.causes import CauseEvidence
from pms_drill.evidence.mock_switch import MockEvidence
from pms_drill.evidence.reset import ResetEvidence
from pms_drill.evidence.scrape import Scrape
from pms_drill.properties.fields import Cell, cells
from tests.fields import evidence as bundles
from tests.fields.playback import Playback

_BUNDLES = (Evidence, CauseEvidence, MockEvidence, ResetEvidence)
#: Where what is tampered with lies in the bundles: a check that reads none of them is not run again.
_BOOKINGS = {"bookings"}
_READINESS = {"readiness", "ready", "ready_while_mock", "said_while_mock", "validation"}
_METRICS = {"scrapes", "before", "validation"}


@dataclass
class _Judge:
    """A test that passed, to be run again on other evidence."""

    property: str
    run: Callable[[Any], None]
    reads: set[str]

    def may_notice(self, cell: Cell) -> bool:
        if cell.what == "metric":
            return bool(self.reads & _METRICS)
        if cell.what == "booking":
            return bool(self.reads & _BOOKINGS)
        if cell.what == "readiness":
            return bool(self.reads & _READINESS)
        return True if cell.what in ("reset", "problem") else self._reads_field(cell.field)

    def _reads_field(self, field: str) -> bool:
        top = field.partition(".")[0]
        return not top.islower() or not top.isidentifier() or bool({"body.*", f"body.{top}"} & self.reads)


class Finder:
    """Finds the readers of each cell.

    Args:
        folder: gets the results.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._judges: defaultdict[int, list[_Judge]] = defaultdict(list)
        self._bundles: dict[int, Any] = {}
        self._lines: list[dict[str, Any]] = []
        self._metric_cells = [cell for cell in cells() if cell.what == "metric"]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Let the test judge the truth first; one that does not pass can be no reader."""
        marker = item.get_closest_marker("property")
        if marker is None or not isinstance(item, pytest.Function):
            return (yield)
        key = str(marker.args[0])
        names = {name: item.funcargs[name] for name in item._fixtureinfo.argnames}
        bundle = next(((name, value) for name, value in names.items() if isinstance(value, (*_BUNDLES, Scrape))), None)
        if bundle is not None:
            result = yield
            self._keep(key, item.obj, names, *bundle)
            return result
        if "agent" not in names or "role" in names:  # a role is one of a metric, which answers do not tell
            return (yield)
        playback = Playback(names)
        with playback.recording():
            result = yield
        for cell, tampering in playback.noticed(item.obj, self._lines):
            self._note(cell, tampering, key)
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Tamper with each cell of each bundle."""
        for number, judges in self._judges.items():
            self._try(self._bundles[number], judges)
        if self._lines:
            text = "".join(json.dumps(line) + "\n" for line in self._lines)
            (self._folder / f"{os.getpid()}.jsonl").write_text(text, encoding="utf-8")

    def _keep(self, key: str, test: Callable[..., None], names: dict[str, Any], name: str, bundle: Any) -> None:
        if not {*names} <= {name, "profile", "role"}:
            return  # it notes findings, or asks a tool: not a function of the evidence alone

        def run(other: Any) -> None:
            test(**{**names, name: other})

        reads = _METRICS if isinstance(bundle, Scrape) else bundles.parts_read(run, bundle)
        self._bundles[id(bundle)] = bundle
        self._judges[id(bundle)].append(_Judge(key, run, reads))

    def _try(self, bundle: Any, judges: list[_Judge]) -> None:
        told = bundles.told_by(bundle)
        self._lines += [{"told": str(cell)} for cell in sorted(told)]
        for cell in sorted(told):
            self._judge(cell, bundles.tampered(bundle, cell), judges)
        judges = [judge for judge in judges if judge.reads & _METRICS]
        fewer = bundles.thinned(bundle)
        if not all(_passes(judge, fewer) for judge in judges):
            fewer = bundle  # where scrapes are rare already, all of them are needed
        for cell in self._metric_cells:
            changed = bundles.with_series(fewer, cell)
            if changed:
                self._lines.append({"told": str(cell)})
                self._judge(cell, changed, judges)

    def _judge(self, cell: Cell, changed: dict[str, Any], judges: list[_Judge]) -> None:
        able = [judge for judge in judges if judge.may_notice(cell)]
        for tampering, other in changed.items():
            self._note(cell, tampering, None)
            for judge in able:
                try:
                    judge.run(other)
                except AssertionError:
                    self._note(cell, tampering, judge.property)
                except Exception:  # unknown is not failed: no reader
                    continue

    def _note(self, cell: Cell, tampering: str, key: str | None) -> None:
        self._lines.append({"cell": str(cell), "tampering": tampering, "property": key})


def _passes(judge: _Judge, bundle: Any) -> bool:
    try:
        judge.run(bundle)
    except Exception:
        return False
    return True


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say where the results go."""
    parser.addoption("--fields", default="", help="folder for the readers of each field")


def pytest_configure(config: pytest.Config) -> None:
    """Find readers where a folder was named."""
    if folder := config.getoption("--fields"):
        config.pluginmanager.register(Finder(Path(folder)), "field-readers")
