"""Evidence in which nothing happened, or nobody looked, passes no check that the suites claim."""

from __future__ import annotations

import importlib
import inspect
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from pms_drill.checks import breaker, intents, pms_findings
from pms_drill.checks.secrets import Canary, Searched
from pms_drill.checks.verdict import Outcome, Verdict
from pms_drill.evidence.alerts import AlertEvidence, Recording, Reply, Series
from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.causes import CauseEvidence, Mended, MockTrial, Trial, Validation
from pms_drill.evidence.generated import Case, Generated
from pms_drill.evidence.mock_switch import MockContract, MockEvidence
from pms_drill.evidence.reset import ResetEvidence, Told
from pms_drill.evidence.scrape import Scrape
from pms_drill.properties import catalogue, suites
from tests.checks.literal import booked, outage


def signature(check: Callable[..., Verdict]) -> tuple[str, ...]:
    """Annotations of its parameters."""
    return tuple(str(parameter.annotation) for parameter in inspect.signature(check).parameters.values())


def claimed() -> Iterator[tuple[str, str, Callable[..., Verdict]]]:
    """Property, dotted name, check: everything of `pms_drill.checks` whose verdict the suites claim."""
    for test in suites.judging():
        for name in test.checks:
            module, _, function = name.rpartition(".")
            if module.startswith("pms_drill.checks."):
                yield test.key, name, getattr(importlib.import_module(module), function)


CLAIMED = {name: check for _, name, check in claimed()}
JUDGED_BY = defaultdict(set)
for key, name, _ in claimed():
    JUDGED_BY[key].add(name)

NOTHING: dict[str, Any] = {"operations": [], "ledger": [], "scrapes": [], "log": "", "bookings": None}
NOTHING |= {"statuses": {}, "readiness": [], "ready": [], "epoch": None, "secrets": ()}
UNSCRAPED = Scrape(0.0, 0.0, {}, {}, "")
#: A cause of which nobody saw anything, and one against which things were "tried" without a guest.
NO_CAUSE = CauseEvidence(
    cause="B",
    fault="key_disabled",
    opens_after=5,
    kind="auth",
    status="auth_failed",
    grep="401",
    in_ledger=True,
    before=UNSCRAPED,
    scrapes=[],
    impact=[],
    ready={},
    log="",
    trials=[],
    reserved=[],
    mock=None,
    mended=None,
    validation=None,
    looked_up=[],
    bookings=[],
)
NO_GUESTS = replace(
    NO_CAUSE,
    scrapes=[UNSCRAPED],
    trials=[Trial("reset", Told(200, "closed", 0.0), []), Trial("restart-pms", None, [])],
    mock=MockTrial([], [], "PMS adapter type: mock\n"),
    mended=Mended("rotate-key", [], None),
    validation=Validation([], UNSCRAPED, UNSCRAPED, {}),
)
NO_MOCK = MockEvidence(
    while_mock=[],
    calls_while_mock=[],
    seconds=1.5,
    log_while_mock="",
    ready_while_mock={},
    after=[],
    bookings=[],
    domain="run.example",
)
NO_CASES = Generated("POST /x", takes_input=True, cases=())
UNCLEAR = replace(NO_CASES, cases=(Case("fuzzing", None, None),), errors=("the agent did not answer",))
NO_REPLY = AlertEvidence("pms.yml", "Open", None, Reply(holds=False, told=""), {})
SERIES = Series((), 0.0, 0.0)
NOTHING_ASKED = replace(NO_REPLY, recording=Recording(SERIES, SERIES, 15.0, 1.0), control=Reply(holds=True, told=""))
#: Annotations of a check's parameters -> what it is given when nothing happened, or nobody looked.
EMPTY: dict[tuple[str, ...], list[tuple[Any, ...]]] = {
    ("Evidence",): [(outage(**NOTHING),), (outage(**NOTHING, phases={}),)],
    ("History",): [(outage(**NOTHING),), (outage(**NOTHING | {"epoch": 0.0, "bookings": []}),), (NO_MOCK,)],
    ("CauseEvidence",): [(NO_CAUSE,), (NO_GUESTS,)],
    ("ResetEvidence",): [(ResetEvidence(threshold=5, wait=1.0),)],
    ("MockEvidence",): [(NO_MOCK,), (replace(NO_MOCK, log_while_mock="PMS adapter type: mock\n"),)],
    ("MockContract",): [(MockContract({}, {}),), (MockContract({"x": NO_CASES}, {"x": NO_CASES}),)],
    ("AlertEvidence",): [(NO_REPLY,), (NOTHING_ASKED,)],
    ("Generated",): [(NO_CASES,), (UNCLEAR,)],
    ("int", "str", "str", "int"): [(404, "application/problem+json", "", 404), (0, "", "", 404)],
    ("str", "Iterable[Canary]", "Iterable[Hit]", "Searched"): [
        ("PMS key", [], [], Searched(1, 1, 1)),
        ("PMS key", [Canary("PMS key", "K" * 32)], [], Searched(0, 0, 0)),
    ],
    ("str", "str", "Scrape"): [("calls", "pms_api_calls_total", UNSCRAPED)],
    ("str", "Scrape"): [("pms_api_latency_seconds", UNSCRAPED)],
    ("str", "str", "str"): [("text/plain", "", ""), ("text/plain", "text/plain; version=0.0.4", "")],
    ("Node", "Node"): [({}, {})],
    ("str", "Sequence[str] | None", "str"): [("x", None, "")],
    ("Collection[Pair]", "Iterable[Pair]", "Collection[str]"): [((), (), ())],
}


def outcome(check: Callable[..., Verdict], arguments: Iterable[Any]) -> Outcome:
    bound = inspect.BoundArguments(
        given := inspect.signature(check), OrderedDict(zip(given.parameters, arguments, strict=False))
    )
    try:
        return check(*bound.args, **bound.kwargs).outcome
    except (KeyError, ValueError):
        return Outcome.UNKNOWN  # as an exception in a test is


def test_every_check_is_given_nothing() -> None:
    assert len(CLAIMED) >= 100
    assert {signature(check) for check in CLAIMED.values()} <= EMPTY.keys()


@pytest.mark.parametrize("name", CLAIMED)
def test_nothing_at_all_passes_no_check(name: str) -> None:
    check = CLAIMED[name]
    for arguments in EMPTY[signature(check)]:
        assert outcome(check, arguments) is not Outcome.PASSED, arguments


#: Witness of the catalogue -> evidence of which it saw nothing.
BLIND: dict[str, dict[str, Any]] = {
    "answers": {"operations": []},
    "ledger": {"ledger": []},
    "metrics": {"scrapes": []},
    "log": {"log": "", "log_marks": {}},
    "pms": {"bookings": None},
    "health": {"readiness": [], "ready": [], "statuses": {}},
}
#: Property and witness -> why it may pass without it.
MAY_BE_BLIND = {
    ("BOOK-05", "ledger"): "requests in the ledger only give a pending reservation more time",
    ("MET-04", "ledger"): "it is asked only where guests' calls are the probes",
    ("MET-05", "ledger"): "it is asked only where guests' calls are the probes",
}


def passing_blind() -> set[tuple[str, str]]:
    """Property and witness: a check passes the good outage although that witness saw nothing."""
    return {
        (entry.id, witness)
        for entry in catalogue.load().property
        for witness in entry.witnesses
        for name in JUDGED_BY[entry.id]
        if signature(CLAIMED[name]) == ("Evidence",)
        and outcome(CLAIMED[name], [outage(**BLIND.get(witness, {}))]) is Outcome.PASSED
        and witness in BLIND
    }


def test_property_is_not_passed_when_one_of_its_witnesses_is_blind() -> None:
    assert passing_blind() == MAY_BE_BLIND.keys()


def test_ledger_that_saw_nothing_all_the_time_does_not_witness_that_nothing_was_sent() -> None:
    assert breaker.no_call_while_open(outage()).outcome is Outcome.PASSED
    assert breaker.no_call_while_open(outage(ledger=[])).outcome is Outcome.UNKNOWN


def test_bookings_of_nobody_in_the_history_do_not_show_that_bookings_come_one_at_a_time() -> None:
    requests = [booked(0.5, "x"), booked(0.9, "y")]
    assert intents.one_at_a_time(outage()).outcome is Outcome.PASSED
    assert intents.one_at_a_time(outage(operations=[])).outcome is Outcome.UNKNOWN
    assert intents.one_at_a_time(outage(ledger=requests)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("look", [pms_findings.room_sold_twice, pms_findings.cancelled_inside])
@pytest.mark.parametrize("bookings", [None, []])
def test_defect_of_the_pms_is_neither_seen_nor_gone_where_nothing_happened(
    look: Callable[[Evidence], pms_findings.Sighting], bookings: list[Any] | None
) -> None:
    assert look(outage(**NOTHING | {"bookings": bookings})).seen is None
