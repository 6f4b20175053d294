"""The pytest plugin: options, the running stack, and the evidence of experiments as fixtures.

A root `conftest.py` loads it with `pytest_plugins = ["pms_drill.plugin"]`. Suites use its fixtures and nothing else
of the harness but checks and plain data.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from pms_drill import clock, runs
from pms_drill import profile as profiles
from pms_drill.checks.verdict import SkipReason
from pms_drill.cli_options import TARGET_OPTIONS
from pms_drill.episodes import experiments
from pms_drill.episodes.book import EpisodeBook
from pms_drill.episodes.guests import GuestBook, Guests, label
from pms_drill.errors import DrillError
from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.causes import CauseEvidence
from pms_drill.evidence.mock_switch import MockContract, MockEvidence
from pms_drill.evidence.reset import ResetEvidence
from pms_drill.lease import Lease
from pms_drill.load.plan import plan_for
from pms_drill.load.run import LoadRun, run_load
from pms_drill.load.view import StackUnderLoad
from pms_drill.profile import Profile
from pms_drill.report import show
from pms_drill.report.collect import OutcomeCollector
from pms_drill.report.outcomes import RunContext
from pms_drill.report.skips import skip
from pms_drill.stack.backends import open_stack
from pms_drill.stack.needs import missing
from pms_drill.target import Target
from pms_drill.tiers import PARTS, Tier, load_tier

if TYPE_CHECKING:
    from pms_drill.stack.base import Stack

#: Fixtures of the contract suites, and of experiments that need no more than their evidence.
pytest_plugins = ["pms_drill.contract.fixtures", "pms_drill.contract.sources", "pms_drill.episodes.fixtures"]


@dataclass(frozen=True)
class Options:
    """What the session was asked for.

    Attributes:
        part: contracts, chaos or load: the folder that was named.
        worker: xdist's worker, or "main".
        target: a system that runs already, for the stack external.
    """

    profile: Profile
    tier: Tier
    stack: str
    seed: int
    run_dir: Path
    part: str
    worker: str
    target: Target

    @property
    def label(self) -> str:
        """Names this worker's files in the run's folder."""
        return f"{self.part}-{self.worker}"


_OPTIONS = pytest.StashKey[Options]()
#: The part of tests that lie in no folder of the suite.
_OTHER = "other"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the suite."""
    group = parser.getgroup("pms", "PMS integration suite")
    group.addoption("--pms-stack", default="embedded", help="where the PMS runs: embedded")
    group.addoption("--pms-profile", default="reference-fast", help="the agent: name of a profile, or a .toml file")
    group.addoption("--pms-tier", default="pr", help="smoke, pr or weekly")
    group.addoption("--pms-seed", type=int, default=None, help="repeat a run; random if not given")
    for option, text in TARGET_OPTIONS.items():
        group.addoption(option, default="", help=text)
    group.addoption("--pms-run-dir", default="", help="folder for results; a new one below runs/ if not given")


def pytest_configure(config: pytest.Config) -> None:
    """Read the options once, say what the suite's own markers mean, and register the collector of outcomes.

    Raises:
        pytest.UsageError: a wrong profile or tier, with one message.
    """
    for line in (
        "property(id): the catalogue id (docs/properties.md) that this test judges",
        "episode(name): the experiment whose evidence this test reads",
        "seen_at_the_pms: only experiments whose calls reach the ledger",
        "only_under(*names): only these experiments; under the others there is nothing to judge",
        "claims(key): only for profiles that claim this optional policy; skipped as not-claimed otherwise",
        "takes_input: only operations of the contract that have a body or parameters",
    ):
        config.addinivalue_line("markers", line)
    try:
        options = _read(config)
    except DrillError as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[_OPTIONS] = options
    if options.part == _OTHER:
        return  # tests that are not the suite's leave no results
    context = RunContext(
        seed=options.seed,
        tier=options.tier.name,
        stack=options.stack,
        profile=config.getoption("--pms-profile"),
        target=options.target,
    )
    collector = OutcomeCollector(options.run_dir, options.part, context, options.worker)
    config.pluginmanager.register(collector, "pms-outcomes")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give xdist's workers the seed and the folder of the controller."""
    options = node.config.stash[_OPTIONS]
    node.workerinput["pms"] = {"seed": options.seed, "run_dir": str(options.run_dir), "part": options.part}


def pytest_report_header(config: pytest.Config) -> str:
    """Name what is needed to get the same run again."""
    options = config.stash[_OPTIONS]
    return f"pms: profile {options.profile.name}, stack {options.stack}, tier {options.tier.name}, seed {options.seed}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item per property and experiment; items of one experiment stay on one worker."""
    options = metafunc.config.stash[_OPTIONS]
    if "load_phase" in metafunc.fixturenames:
        metafunc.parametrize("load_phase", plan_for(options.tier.name, options.tier.load).judged_phases)
    for fixture in metafunc.fixturenames:
        names = experiments.NAMES.get(fixture, ())
        if metafunc.definition.get_closest_marker("seen_at_the_pms"):
            names = tuple(filter(experiments.seen_at_the_pms(options.profile), names))
        if only := metafunc.definition.get_closest_marker("only_under"):
            names = tuple(name for name in names if name in only.args)
        if names:
            marks = {name: [pytest.mark.episode(name), pytest.mark.xdist_group(name)] for name in names}
            metafunc.parametrize(fixture, [pytest.param(name, marks=marks[name]) for name in names], indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the experiments and the properties that the tier does not run."""
    tier = config.stash[_OPTIONS].tier
    left_out = [item for item in items if (name := _episode(item)) and not tier.runs_episode(name)]
    left_out += [item for item in items if _property(item) in tier.contracts.leaves_out]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what the profile does not claim or the stack is known not to be able to, before anything is sent."""
    options = item.config.stash[_OPTIONS]
    for marker in item.iter_markers("claims"):
        if not options.profile.claims(marker.args[0]):
            skip(SkipReason.NOT_CLAIMED, f"the profile {options.profile.name} does not claim {marker.args[0]}")
    judged = item.get_closest_marker("property")
    if options.stack != "external" or options.part == _OTHER or judged is None:
        return
    if need := missing(str(judged.args[0]), options.target.capabilities()):
        skip(need.reason, need.why)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Print the planned time of the experiments."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    names = {name for item in session.items if (name := _episode(item))}
    if names and reporter:
        profile = session.config.stash[_OPTIONS].profile
        seconds = sum(experiments.planned_seconds(name, profile) for name in names)
        reporter.write_line(f"planned: {len(names)} experiments, about {seconds:.0f} s together")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Draw what happened to the guests that a failed claim names."""
    try:
        return (yield)
    except AssertionError as error:
        evidence = next((one for one in getattr(item, "funcargs", {}).values() if isinstance(one, Evidence)), None)
        marker = item.get_closest_marker("property")
        if evidence is None or marker is None:
            raise
        options = item.config.stash[_OPTIONS]
        name = f"{marker.args[0]}-{_episode(item) or item.name}"
        raise AssertionError(show.with_picture(str(error), evidence, name, options.run_dir)) from error


@pytest.fixture(scope="session")
def options(pytestconfig: pytest.Config) -> Options:
    """What the session was asked for."""
    return pytestconfig.stash[_OPTIONS]


@pytest.fixture(scope="session")
def profile(options: Options) -> Profile:
    """The agent's profile."""
    return options.profile


@pytest.fixture(scope="session")
def lease() -> Iterator[Lease]:
    """What this session starts; a dead session's things are cleaned by the next."""
    with Lease() as held:
        yield held


@pytest.fixture(scope="session")
def stack(options: Options, lease: Lease) -> Iterator[Stack]:
    """The running stack of this worker."""
    with open_stack(
        options.stack,
        options.profile,
        options.run_dir,
        label=options.label,
        lease=lease,
        seed=options.seed,
        target=options.target,
    ) as running:
        yield running


@pytest.fixture(scope="session")
def episode_book(request: pytest.FixtureRequest, options: Options) -> EpisodeBook:
    """The experiments of this worker."""
    return EpisodeBook(lambda: request.getfixturevalue("stack"), options.seed)


@pytest.fixture
def outage(request: pytest.FixtureRequest, episode_book: EpisodeBook) -> Evidence:
    """The evidence of the outage by one fault."""
    return cast(Evidence, episode_book.evidence(request.param))


@pytest.fixture
def refusal(request: pytest.FixtureRequest, episode_book: EpisodeBook) -> Evidence:
    """The evidence of many business answers of one kind."""
    return cast(Evidence, episode_book.evidence(request.param))


@pytest.fixture
def midway(request: pytest.FixtureRequest, episode_book: EpisodeBook) -> Evidence:
    """The evidence of bookings under a fault that only they meet."""
    return cast(Evidence, episode_book.evidence(request.param))


@pytest.fixture
def breaker_reset(request: pytest.FixtureRequest, episode_book: EpisodeBook) -> ResetEvidence:
    """The evidence of the reset by hand."""
    return cast(ResetEvidence, episode_book.evidence(request.param))


@pytest.fixture
def mock_switch(request: pytest.FixtureRequest, episode_book: EpisodeBook) -> MockEvidence:
    """The evidence of the switch to the mock and back."""
    return cast(MockEvidence, episode_book.evidence(request.param))


@pytest.fixture
def workload(request: pytest.FixtureRequest, episode_book: EpisodeBook, options: Options) -> Evidence:
    """The evidence of concurrent guests under mixed faults; the run's folder gets a picture of it."""
    evidence = cast(Evidence, episode_book.evidence(request.param))
    show.overview(evidence, request.param, options.run_dir)
    return evidence


@pytest.fixture
def booking_case(request: pytest.FixtureRequest, episode_book: EpisodeBook) -> Evidence:
    """The evidence of a moment at which bookings get lost or doubled."""
    return cast(Evidence, episode_book.evidence(request.param))


@pytest.fixture
def mock_contract(request: pytest.FixtureRequest, episode_book: EpisodeBook) -> MockContract:
    """The same generated requests on the mock and on the PMS."""
    return cast(MockContract, episode_book.evidence(request.param))


@pytest.fixture
def cause(request: pytest.FixtureRequest, episode_book: EpisodeBook) -> CauseEvidence:
    """The evidence of one cause of the runbook."""
    return cast(CauseEvidence, episode_book.evidence(request.param))


@pytest.fixture
def guest_book(request: pytest.FixtureRequest, options: Options) -> GuestBook:
    """Makes guests for one test, who share nothing with those of other tests."""
    hotel = options.profile.pms.hotel_id
    return GuestBook(options.seed, label(request.node.name, options.worker), hotel_id=hotel)


@pytest.fixture
def guests(stack: Stack) -> Iterator[Guests]:
    """Sends guests' requests to the agent."""
    sender = Guests(
        stack.addresses.agent,
        stack.profile.endpoints,
        patience=stack.profile.guest_patience,
        hooks=stack.gate.hooks,
    )
    yield sender
    sender.close()


@pytest.fixture(scope="session")
def load_run(options: Options, lease: Lease) -> Iterator[LoadRun]:
    """The load of this tier, run once, at the settings that are deployed and with the PMS's real latencies."""
    deployed = profiles.load(options.profile.load.profile) if options.profile.load.profile else options.profile
    plan = plan_for(options.tier.name, options.tier.load)
    with open_stack(
        options.stack,
        deployed,
        options.run_dir,
        label=options.label,
        lease=lease,
        seed=options.seed,
        latency="recorded",
        rooms_per_type=_ROOMS_UNDER_LOAD,
    ) as running:
        under_load = StackUnderLoad(running)
        yield run_load(under_load, plan, options.seed, options.run_dir, running.journal)


#: Load books one room type for as long as the run lasts; it must never be sold out.
_ROOMS_UNDER_LOAD = 5000


def _read(config: pytest.Config) -> Options:
    given: dict[str, Any] = getattr(config, "workerinput", {}).get("pms", {})
    tier = load_tier(config.getoption("--pms-tier"))
    stack = config.getoption("--pms-stack")
    seed = config.getoption("--pms-seed")
    if seed is None:
        seed = given.get("seed", random.SystemRandom().randrange(1, 2**31))
    folder = config.getoption("--pms-run-dir") or given.get("run_dir")
    part = given.get("part") or _part(config.args)
    if not folder and part == _OTHER:
        folder = tempfile.gettempdir()  # nothing is written there unless a test asks for a stack
    return Options(
        profile=profiles.load(config.getoption("--pms-profile")),
        tier=tier,
        stack=stack,
        seed=seed,
        run_dir=Path(folder) if folder else runs.new_run(config.rootpath / "runs", tier.name, stack, clock.utc()),
        part=part,
        worker=getattr(config, "workerinput", {}).get("workerid", "main"),
        target=Target(**{field: config.getoption(f"--{field.replace('_', '-')}") for field in Target.model_fields}),
    )


def _part(arguments: list[str]) -> str:
    """The part whose folder was named on the command line."""
    folders = {word for argument in arguments for word in Path(argument.partition("::")[0]).parts}
    return next((part for part in PARTS if part in folders), _OTHER)


def _property(item: pytest.Item) -> str:
    marker = item.get_closest_marker("property")
    return str(marker.args[0]) if marker else ""


def _episode(item: pytest.Item) -> str:
    marker = item.get_closest_marker("episode")
    return str(marker.args[0]) if marker else ""
