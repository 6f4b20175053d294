"""Fixtures of every part: the running stack, guests, the experiments of a worker, and the run of load."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pms_drill import profile as profiles
from pms_drill.episodes.book import EpisodeBook
from pms_drill.episodes.guests import GuestBook, Guests, label
from pms_drill.lease import Lease
from pms_drill.load import judged_under
from pms_drill.load.run import LoadRun, run_load
from pms_drill.load.view import StackUnderLoad
from pms_drill.options import OPTIONS, Options
from pms_drill.profile import Profile
from pms_drill.stack.backends import open_stack

if TYPE_CHECKING:
    from pms_drill.stack.base import Stack


@pytest.fixture(scope="session")
def options(pytestconfig: pytest.Config) -> Options:
    """What the session was asked for."""
    return pytestconfig.stash[OPTIONS]


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
def guest_book(request: pytest.FixtureRequest, options: Options) -> GuestBook:
    """Makes guests for one test, who share nothing with those of other tests."""
    return GuestBook(options.seed, label(request.node.name, options.worker), pms=options.profile.pms)


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


@pytest.fixture
def load_run(_load: LoadRun, seen: Callable[[str], None]) -> LoadRun:
    """The load of this tier; what its rows say stands in the results of the test that asks for them."""
    return replace(_load, tell=seen)


@pytest.fixture(scope="session")
def _load(options: Options, lease: Lease) -> Iterator[LoadRun]:
    """The load of this tier, run once, at the settings that are deployed and with the PMS's real latencies.

    The page tells under which profile; where that one starts another agent than the run's, nothing is judged.
    """
    deployed = profiles.deployed(options.profile)
    judged_under.write(options.run_dir, deployed)
    with open_stack(
        options.stack,
        deployed,
        options.run_dir,
        label=options.label,
        lease=lease,
        seed=options.seed,
        latency="recorded",
    ) as running:
        under_load = StackUnderLoad(running)
        yield run_load(under_load, options.load_plan, options.seed, options.run_dir, running.journal)
