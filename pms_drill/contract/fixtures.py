"""Fixtures of the contract suites: clients, generated cases, and the book of findings."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from pms_drill.checks.verdict import SkipReason
from pms_drill.contract import document, findings
from pms_drill.contract.agent import Agent
from pms_drill.contract.calls import Calls, LedgerReader
from pms_drill.contract.findings import FindingBook
from pms_drill.contract.qloapps import QloApps
from pms_drill.episodes.guests import GuestBook, label
from pms_drill.errors import DrillError
from pms_drill.evidence.generated import Generated
from pms_drill.evidence.scrape import Scrape
from pms_drill.report.collect import SEEN
from pms_drill.report.skips import skip

if TYPE_CHECKING:
    from pms_drill.options import Options
    from pms_drill.stack.base import Stack


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item per operation of the contract; items of one operation stay on one worker and read the same cases."""
    if "generated" not in metafunc.fixturenames:
        return
    names = document.operations()
    if metafunc.definition.get_closest_marker("takes_input"):
        names = [name for name in names if document.takes_input(name)]
    marks = {name: pytest.mark.xdist_group(f"generated-{name}") for name in names}
    metafunc.parametrize("generated", [pytest.param(name, marks=marks[name]) for name in names], indirect=True)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the figures that tests noted, once each."""
    reports = [report for group in terminalreporter.stats.values() for report in group]
    lines = {
        str(value)
        for report in reports
        for name, value in getattr(report, "user_properties", [])
        if name == SEEN and report.when == "call"
    }
    if lines:
        terminalreporter.section("what was sent and compared")
        for line in sorted(lines):
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def pms(stack: Stack) -> Iterator[QloApps]:
    """The PMS, directly."""
    if not stack.addresses.pms:
        skip(SkipReason.NO_WITNESS, "the PMS cannot be asked directly: --pms-url was not given")
    client = QloApps(stack.addresses.pms, stack.pms_key, hooks=stack.gate.hooks)
    yield client
    client.close()


@pytest.fixture(scope="session")
def agent(stack: Stack) -> Iterator[Agent]:
    """The agent; its address stays the same when it is restarted."""
    client = Agent(stack.addresses.agent, stack.profile.endpoints, stack.profile.guest_patience, stack.gate.hooks)
    yield client
    client.close()


@pytest.fixture(scope="session")
def _ledger(stack: Stack) -> LedgerReader:
    return LedgerReader(stack)


@pytest.fixture
def calls(_ledger: LedgerReader) -> Calls:
    """The calls that have reached the PMS through the agent since the test began."""
    return Calls(_ledger)


@pytest.fixture
def finding_book(options: Options, request: pytest.FixtureRequest) -> FindingBook:
    """Compares the defect of the PMS that the test is marked with with the list of known ones.

    Raises:
        DrillError: the test is not marked with one.
    """
    marker = request.node.get_closest_marker("finding")
    if marker is None:
        raise DrillError("a test that uses `finding_book` needs a marker", todo='write @pytest.mark.finding("QLO-01")')
    return FindingBook(findings.load(), options.run_dir / findings.FOLDER / f"{options.label}.jsonl", marker.args[0])


@pytest.fixture(scope="session")
def fresh_scrape(stack: Stack) -> Scrape:
    """The first reading of the metrics of an agent that nobody has asked anything."""
    stack.restart_agent()
    return stack.scrape()


@pytest.fixture(scope="session")
def _cases() -> dict[str, Generated]:
    """Cases by operation, for the whole session of a worker."""
    return {}


@pytest.fixture
def generated(
    request: pytest.FixtureRequest, stack: Stack, agent: Agent, options: Options, _cases: dict[str, Generated]
) -> Generated:
    """The generated cases of one operation, sent once per worker."""
    operation: str = request.param
    if operation not in _cases:
        _cases[operation] = _generate(operation, stack, agent, options)
    return _cases[operation]


@pytest.fixture
def seen(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Notes a figure that stands in the results and is printed at the end of the run."""
    return lambda text: request.node.user_properties.append((SEEN, text))


#: Operations of the contract that book or reset.
_CHANGE_THINGS = ("makeReservation", "resetBreaker")
#: For operations that need none.
_NO_TOKEN = "none"  # noqa: S105 - no token at all


def _a_reservation(agent: Agent, book: GuestBook) -> str:
    made = agent.reserve(book.guest().reservation())
    if made.status_code != 201:
        raise DrillError(
            f"the agent did not make the reservation that the generated requests read: {made.status_code}",
            where=made.text[:200],
            todo="look at the agent's log in the run's logs/ folder",
        )
    return str(made.json()["reservation_id"])


def _generate(operation: str, stack: Stack, agent: Agent, options: Options) -> Generated:
    # Imported here: it costs a second, which chaos and load need not pay.
    from pms_drill.contract import generated
    from pms_drill.contract.stays import Wishes

    book = GuestBook(options.seed, label("generated", operation, options.worker), pms=stack.profile.pms)
    wishes = Wishes(
        draw=random.Random(f"{options.seed}/{operation}"),  # noqa: S311 - reproducible, not secret
        today=book.today(),
        domain=book.domain,
        hotel_id=stack.profile.pms.hotel_id,
        room_types=tuple(stack.profile.pms.room_types),
    )
    ours = "own-machine" in stack.capabilities
    if not ours and operation in _CHANGE_THINGS:
        skip(SkipReason.STACK_CANNOT, "generated requests that book or reset are only sent to a stack of the run's own")
    return generated.run(
        operation,
        base_url=stack.addresses.agent,
        endpoints=stack.profile.endpoints,
        admin_token=stack.admin_token if ours else _NO_TOKEN,
        wishes=wishes,
        known_reservation=_a_reservation(agent, book) if operation == "getReservation" else "",
        other_methods=ours,
        examples=options.tier.examples,
        seed=options.seed,
    )
