"""The pytest plugin that writes down what was collected and how every test ended."""

from __future__ import annotations

import inspect
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, TypedDict

import pytest

from pms_drill.checks.verdict import Outcome, SkipReason, worst
from pms_drill.report import outcomes
from pms_drill.report.classify import Judged, judge_exception, shorten
from pms_drill.report.outcomes import Generated, Item, Record, RunContext, clean_nodeid

#: Name of a user property of a test: a figure that its property tells also when it holds.
SEEN = "seen"
#: Attribute of a report that carries our facts from an xdist worker to the controller.
_FACTS = "pms_drill"


class _Facts(TypedDict):
    """One phase of one test, in types that xdist can send."""

    item: dict[str, str]
    outcome: str
    why: str
    skip_reason: str


class OutcomeCollector:
    """Register it in `pytest_configure` of the controller and of every xdist worker.

    Workers classify exceptions, because only they see them. Records are written where all reports arrive, so that a
    crashed worker leaves a trace.

    Args:
        run_dir: folder of the run; records go to its `outcomes/`.
        part: contracts, chaos or load.
        context: options of the run, for the line that reproduces a failure.
        worker: xdist's id of this process ("gw0"), or "main".
    """

    def __init__(self, run_dir: Path, part: str, context: RunContext, worker: str = "main") -> None:
        self._run_dir = run_dir
        self._part = part
        self._context = context
        self._worker = worker
        self._open: dict[str, list[tuple[_Facts, pytest.TestReport]]] = {}
        self._generated: list[Generated] = []

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Let `-k BRK-18` and `-k hang` select by property and episode; note the test, whoever takes it away later."""
        about = self._about(item)
        item.extra_keyword_matches.update(filter(None, [about.property, about.finding, about.episode]))
        if about.property:
            item.user_properties.append(("property", about.property))
        if about.finding:
            item.user_properties.append(("finding", about.finding))
        if about.episode:
            item.user_properties.append(("episode", about.episode))
        self._generated.append(Generated(**about.model_dump(), keywords=_keywords(item)))

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note the tests that will run here, after every deselection."""
        outcomes.write_generated(self._run_dir, self._part, self._worker, self._generated)
        outcomes.write_items(self._run_dir, self._part, self._worker, (self._about(item) for item in session.items))

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Note the tests that will not run: what was not judged must not look as if it had passed."""
        outcomes.write_left_out(self._run_dir, self._part, self._worker, (self._about(item) for item in items))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Classify the phase while its exception is at hand."""
        report = yield
        judged = _judge(report, call, item.config.rootpath)
        facts = _Facts(
            item={name: str(value) for name, value in self._about(item).model_dump().items()},
            outcome=judged.outcome.value,
            why=judged.why,
            skip_reason=judged.skip_reason.value if judged.skip_reason else "",
        )
        setattr(report, _FACTS, facts)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather the phases of a test; write its record after the last one."""
        if self._worker != "main":
            return
        phases = self._open.setdefault(report.nodeid, [])
        phases.append((getattr(report, _FACTS, None) or self._without_facts(report), report))
        if report.when not in ("setup", "call"):  # teardown, or xdist's report of a crashed worker
            outcomes.append_record(self._run_dir, self._record(self._open.pop(report.nodeid)))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module that cannot be collected, or is skipped as a whole, hides tests: unknown."""
        if self._worker != "main" or report.passed:
            return
        text = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)
        told = "was skipped as a whole, without a typed reason" if report.skipped else "could not be collected"
        item = Item(nodeid=report.nodeid or self._part, part=self._part, sentence=f"the module {told}")
        record = Record(
            **item.model_dump(),
            outcome=Outcome.UNKNOWN,
            why=shorten(f"{told}\n{text.strip()}"),
            reproduce=self._context.command(self._part),
        )
        outcomes.append_record(self._run_dir, record)

    def _about(self, item: pytest.Item) -> Item:
        return Item(
            nodeid=clean_nodeid(item.nodeid),
            part=self._part,
            property=_marked(item, "property"),
            finding=_marked(item, "finding"),
            episode=_marked(item, "episode"),
            sentence=_sentence(item),
        )

    def _without_facts(self, report: pytest.TestReport) -> _Facts:
        """The facts of a report that no test of ours wrote: a worker that crashed."""
        item = Item(nodeid=clean_nodeid(report.nodeid), part=self._part)
        known = outcomes.read_part(self._run_dir, self._part).collected
        item = next((one for one in known if one.nodeid == item.nodeid), item)
        outcome = Outcome.PASSED if report.passed else Outcome.UNKNOWN
        return _Facts(item=item.model_dump(), outcome=outcome, why=shorten(str(report.longrepr)), skip_reason="")

    def _record(self, phases: list[tuple[_Facts, pytest.TestReport]]) -> Record:
        item = Item.model_validate(phases[-1][0]["item"])
        told = [(Outcome(facts["outcome"]), facts) for facts, _ in phases]
        # A typed skip in setup is followed by a teardown that passed, which says nothing.
        skipped = [facts for outcome, facts in told if outcome is Outcome.SKIPPED]
        outcome = worst(outcome for outcome, _ in told)
        if outcome is Outcome.PASSED and skipped:
            outcome = Outcome.SKIPPED
        texts = [facts["why"] for found, facts in told if found is outcome and facts["why"]]
        reason = skipped[0]["skip_reason"] if outcome is Outcome.SKIPPED else ""
        return Record(
            **item.model_dump(),
            outcome=outcome,
            skip_reason=SkipReason(reason) if reason else None,
            why="\n".join(dict.fromkeys(texts)),
            reproduce=self._context.command(item.part, item.expression()),
            duration=round(sum(report.duration for _, report in phases), 3),
            worker=_worker_of(phases[-1][1]),
        )


def _judge(report: pytest.TestReport, call: pytest.CallInfo[Any], root: Path) -> Judged:
    if hasattr(report, "wasxfail"):
        reason = f": {report.wasxfail}" if report.wasxfail else ""
        return Judged(Outcome.UNKNOWN, f"marked as expected to fail, which is no verdict{reason}")
    if call.excinfo is not None and call.when != "collect":
        return judge_exception(call.excinfo.value, call.when, root=root, where=_where(call.excinfo, root))
    if report.passed:
        return Judged(Outcome.PASSED, "\n".join(str(value) for name, value in report.user_properties if name == SEEN))
    # No exception of its own: an unexpected pass of a strict xfail, or failed subtests, which are judged one by one.
    return Judged(Outcome.UNKNOWN, shorten(report.longreprtext))


def _where(excinfo: pytest.ExceptionInfo[BaseException], root: Path) -> str:
    """File, below the project if it lies there, and line at which the exception was raised."""
    if not excinfo.traceback:
        return ""
    entry = excinfo.traceback[-1]
    path = Path(entry.path)
    return f"{path.relative_to(root) if path.is_relative_to(root) else path}:{entry.lineno + 1}"


def _marked(item: pytest.Item, name: str) -> str:
    marker = item.get_closest_marker(name)
    return str(marker.args[0]) if marker and marker.args else ""


def _keywords(item: pytest.Item) -> list[str]:
    """What `-k` matches, as pytest's own matcher has it."""
    above = [node for node in item.listchain() if not isinstance(node, pytest.Session)]
    names = {node.name for node in above if not isinstance(node.parent, pytest.Session)}
    names |= set(item.listextrakeywords()) | {mark.name for mark in item.iter_markers()}
    names |= set(getattr(getattr(item, "function", None), "__dict__", {}))
    return sorted(names)


def _sentence(item: pytest.Item) -> str:
    """First line of the test's docstring, or its name made readable."""
    function = inspect.unwrap(getattr(item, "function", None) or _sentence)
    text = (function.__doc__ or "") if inspect.isfunction(function) and function is not _sentence else ""
    first = text.strip().splitlines()[0] if text.strip() else ""
    name: str = getattr(item, "originalname", None) or item.name
    return first.rstrip(".") or name.removeprefix("test_").replace("_", " ")


def _worker_of(report: pytest.TestReport) -> str:
    node = getattr(report, "node", None)  # set by xdist's controller
    return str(node.gateway.id) if node is not None else "main"
