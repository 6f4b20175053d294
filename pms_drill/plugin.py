"""The pytest plugin: what pytest asks of the suite, from its options to a failure's text.

A root `conftest.py` loads it with `pytest_plugins = ["pms_drill.plugin"]`. Suites use its fixtures and nothing else
of the harness but checks and plain data.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pms_drill import draw
from pms_drill import options as asked
from pms_drill.checks.verdict import SkipReason
from pms_drill.episodes import experiments
from pms_drill.errors import DrillError
from pms_drill.evidence.bundle import Evidence
from pms_drill.options import OPTIONS
from pms_drill.profile import Profile
from pms_drill.report import plan, show
from pms_drill.report.collect import OutcomeCollector
from pms_drill.report.outcomes import RunContext
from pms_drill.report.skips import skip
from pms_drill.stack.needs import missing

#: Fixtures of every part, of the contract suites, and of experiments.
pytest_plugins = [
    "pms_drill.fixtures",
    "pms_drill.contract.fixtures",
    "pms_drill.contract.sources",
    "pms_drill.episodes.fixtures",
]

#: An experiment that is planned to take longer, in seconds, needs more than the time of any other test.
_LONG_S = 60.0


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the suite."""
    asked.add(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Read the options once, say what the suite's own markers mean, and register the collector of outcomes.

    Raises:
        pytest.UsageError: a wrong profile or tier, with one message.
    """
    for line in (
        "property(id): the catalogue id (docs/properties.md) that this test judges",
        "finding(id): the defect of the PMS (contracts/pms/known-findings.toml) that this test looks for",
        "episode(name): the experiment whose evidence this test reads",
        "seen_at_the_pms: only experiments whose calls reach the ledger",
        "only_under(*names): only these experiments; under the others there is nothing to judge",
        "claims(key): only for profiles that claim this optional policy; skipped as not-claimed otherwise",
        "needs_setting(name): only where agent.settings names its variable; skipped as agent-cannot otherwise",
        "takes_input: only operations of the contract that have a body or parameters",
    ):
        config.addinivalue_line("markers", line)
    try:
        options = asked.read(config)
    except DrillError as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[OPTIONS] = options
    if options.part == asked.OTHER:
        return  # tests that are not the suite's leave no results
    context = RunContext(
        seed=options.seed,
        tier=options.tier.name,
        stack=options.stack,
        profile=options.profile_name,
        target=options.target,
    )
    collector = OutcomeCollector(options.run_dir, options.part, context, options.worker)
    config.pluginmanager.register(collector, "pms-outcomes")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give xdist's workers the seed and the folder of the controller."""
    node.workerinput["pms"] = node.config.stash[OPTIONS].for_workers()


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Name what is needed to get the same run again."""
    options = config.stash[OPTIONS]
    return [
        f"pms: profile {options.profile.name}, stack {options.stack}, tier {options.tier.name}, seed {options.seed}",
        *([f"pms: {lot}"] if options.part == "chaos" and (lot := draw.told(options.tier)) else []),
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item per property and experiment; items of one experiment stay on one worker."""
    options = metafunc.config.stash[OPTIONS]
    if "load_phase" in metafunc.fixturenames:
        metafunc.parametrize("load_phase", options.load_plan.judged_phases)
    if "after_outage" in metafunc.fixturenames:
        # A tier without an outage under load leaves these properties out (tiers.toml).
        metafunc.parametrize("after_outage", options.load_plan.judged_phases[1:] or ("recovered",))
    seen = metafunc.definition.get_closest_marker("seen_at_the_pms") is not None
    only = metafunc.definition.get_closest_marker("only_under")
    for fixture in filter(experiments.NAMES.__contains__, metafunc.fixturenames):
        try:
            names = experiments.judged_under(fixture, only_seen=seen, only=only.args if only else ())
        except DrillError as error:
            raise pytest.UsageError(f"{metafunc.definition.nodeid}: {error}") from error
        if names:
            marks = {name: _marks(name, options.profile) for name in names}
            metafunc.parametrize(fixture, [pytest.param(name, marks=marks[name]) for name in names], indirect=True)


def _marks(name: str, profile: Profile) -> list[pytest.MarkDecorator]:
    """Marks of the tests that read an experiment; one that is planned to be long gets the time for it."""
    marks = [pytest.mark.episode(name), pytest.mark.xdist_group(name)]
    planned = experiments.planned_seconds(name, profile)
    return marks if planned < _LONG_S else [*marks, pytest.mark.timeout(2 * planned)]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the experiments and the properties that the tier does not run."""
    tier = config.stash[OPTIONS].tier
    left_out = [item for item in items if (name := _first_word(item, "episode")) and not tier.runs_episode(name)]
    left_out += [item for item in items if _judged(item) in tier.contracts.leaves_out]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what the profile does not claim or the stack is known not to be able to, before anything is sent."""
    options = item.config.stash[OPTIONS]
    if unclaimed := _unclaimed(item, options.profile):
        skip(SkipReason.NOT_CLAIMED, f"the profile {options.profile.name} does not claim {unclaimed}")
    for marker in item.iter_markers("needs_setting"):
        if marker.args[0] not in options.profile.agent.settings:
            skip(SkipReason.AGENT_CANNOT, f"[agent.settings] does not name the variable of {marker.args[0]}")
    judged = _judged(item)
    if options.stack != "external" or options.part == asked.OTHER or not judged:
        return
    if need := missing(judged, options.target.capabilities()):
        skip(need.reason, need.why)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Tell the planned time of the experiments that the profile claims, and note it for the run."""
    options = session.config.stash[OPTIONS]
    claimed = [item for item in session.items if _unclaimed(item, options.profile) is None]
    names = {name for item in claimed if (name := _first_word(item, "episode"))}
    if not names or options.part == asked.OTHER:
        return
    planned = plan.Plan(
        experiments=len(names), seconds=sum(experiments.planned_seconds(name, options.profile) for name in names)
    )
    plan.write(options.run_dir, options.part, options.worker, planned)
    if reporter := session.config.pluginmanager.get_plugin("terminalreporter"):
        reporter.write_line(planned.told())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Draw what happened to the guests that a failed claim names."""
    try:
        return (yield)
    except AssertionError as error:
        evidence = next((one for one in getattr(item, "funcargs", {}).values() if isinstance(one, Evidence)), None)
        judged = _judged(item)
        if evidence is None or not judged:
            raise
        name = f"{judged}-{_first_word(item, 'episode') or item.name}"
        show.illustrate(error, evidence, name, item.config.stash[OPTIONS].run_dir)
        raise


def _unclaimed(item: pytest.Item, profile: Profile) -> str | None:
    """What the item needs a profile to claim and this one does not."""
    wanted: Iterator[str] = (marker.args[0] for marker in item.iter_markers("claims"))
    return next((claim for claim in wanted if not profile.claims(claim)), None)


def _judged(item: pytest.Item) -> str:
    """Id of the property that the item judges, or of the defect of the PMS that it looks for; "" without one."""
    return _first_word(item, "property") or _first_word(item, "finding")


def _first_word(item: pytest.Item, marker: str) -> str:
    """What the nearest marker of this name says; "" without one."""
    found = item.get_closest_marker(marker)
    return str(found.args[0]) if found else ""
