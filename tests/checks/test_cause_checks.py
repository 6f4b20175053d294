"""Each check of the causes passes what should be, fails for its own reason, and knows when it cannot say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pms_drill.checks import causes
from pms_drill.checks.verdict import Outcome
from pms_drill.evidence.causes import CauseEvidence, Mended, MockTrial, Trial, Validation
from pms_drill.evidence.reset import Told
from tests.checks.literal import Counted, ask, call, gone, held, look, mock, reserve

CLOSED = Told(200, "closed", 0.0)


def failing(count: int, phase: str = "impact") -> list:
    """Guests who are told of the failure, and one who meets the open breaker."""
    told = {"status": 502, "type": "pms-auth"}
    return [*[ask(1.0 + n / 10, f"f{n}", phase, **told) for n in range(count)], mock(1.9, "last", phase)]


def metrics(errors: int = 0, kind: str = "auth", state: str = "", successes: int = 0, at: float = 2.0):
    counted = Counted()
    for _ in range(errors):
        counted.call(1.0, "availability", kind)
    for _ in range(successes):
        counted.call(1.0, "availability")
    if state:
        counted.move(1.5, "closed", state)
    return counted.scrape(at)


LINE = '{"level": "warning", "message": "PMS call failed", "status": 401}\n'
RESET = Trial("reset", CLOSED, failing(5), [call(3.0 + n / 10, status=401) for n in range(5)])
RESTART = Trial("restart-pms", CLOSED, failing(5))
MOCK = MockTrial(
    [mock(4.0, "m1", "mock"), reserve(4.1, "m2", "mock", status=202)], [], '{"message": "PMS adapter type: mock"}\n'
)
GOOD = CauseEvidence(
    cause="B",
    fault="key_disabled",
    opens_after=5,
    kind="auth",
    status="auth_failed",
    grep=r"401|403",
    in_ledger=True,
    before=metrics(at=0.5),
    scrapes=[metrics(5, state="open")],
    impact=failing(5),
    ready={"status": "auth_failed"},
    log=LINE * 5,
    trials=[RESET, RESTART],
    reserved=[reserve(2.5, "ada", "open", status=202)],
    mock=MOCK,
    mended=Mended("rotate-key", [ask(6.0, "first", "mended")], 2.0),
    validation=Validation(
        [ask(7.0, "v1", "validation"), reserve(7.1, "v2", "validation", order=12)],
        metrics(),
        metrics(successes=3),
        {"status": "up"},
    ),
    looked_up=[look(9.0, "ada", "confirmed", order=11)],
    bookings=[held(11, "ada"), held(12, "v2")],
)
NOTHING = replace(
    GOOD, scrapes=[], impact=[], ready={}, log="", trials=[], reserved=[], mock=None, mended=None, validation=None
)
ALL = [
    causes.shows_the_symptoms,
    causes.names_its_cause,
    causes.is_found_by_the_runbooks_grep,
    causes.is_not_mended_by_a_reset,
    causes.is_not_mended_by_what_is_for_another_cause,
    causes.leaves_guests_served_by_the_mock,
    causes.is_mended_by_what_fits,
    causes.stands_the_validation,
    causes.loses_no_reservation,
]


@pytest.mark.parametrize("check", ALL)
def test_a_cause_that_goes_by_the_runbook_passes(check):
    assert check(GOOD).outcome is Outcome.PASSED


@pytest.mark.parametrize("check", ALL)
def test_what_was_not_seen_is_unknown(check):
    assert check(NOTHING).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "changes",
    [
        {"scrapes": [metrics(5)]},
        {"scrapes": [metrics(4, state="open")]},
        {"impact": failing(5)[:-1]},
    ],
    ids=["gauge not open", "errors not counted", "guests not rejected"],
)
def test_symptoms_that_the_runbook_waits_for_in_vain_fail(changes):
    assert causes.shows_the_symptoms(replace(GOOD, **changes)).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "changes",
    [
        {"scrapes": [metrics(5, "server", "open")]},
        {"scrapes": [metrics(4, state="open")]},
        {"ready": {"status": "down"}},
    ],
    ids=["another kind", "too few", "readiness"],
)
def test_a_cause_under_another_name_fails(changes):
    assert causes.names_its_cause(replace(GOOD, **changes)).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "log",
    [LINE * 4, LINE.replace("401", "refused") * 5, LINE.replace("PMS ", "") * 5],
    ids=["one line missing", "without the number", "without PMS"],
)
def test_a_log_in_which_the_runbooks_grep_finds_nothing_fails(log):
    assert causes.is_found_by_the_runbooks_grep(replace(GOOD, log=log)).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "changes",
    [
        {"told": Told(200, "closed", 1.0)},
        {"told": Told(200, "open", 1.0)},
        {"calls": [], "asked": [mock(3.0, "still")]},
        {"calls": RESET.calls[:1], "asked": failing(1)},
        {"asked": [ask(3.0, "served"), *failing(5)]},
        {"asked": failing(5)[:-1]},
    ],
    ids=["gauge", "not closed", "nothing was let through", "count not cleared", "served", "never opens again"],
)
def test_a_reset_that_does_not_clear_or_that_mends_what_lasts_fails(changes):
    assert causes.is_not_mended_by_a_reset(replace(GOOD, trials=[replace(RESET, **changes)])).outcome is Outcome.FAILED


def test_failures_that_the_ledger_cannot_see_are_counted_by_what_guests_were_told():
    unseen = replace(GOOD, in_ledger=False, trials=[replace(RESET, calls=[])])
    assert causes.is_not_mended_by_a_reset(unseen).outcome is Outcome.PASSED
    again = replace(unseen, trials=[replace(RESET, calls=[], asked=[mock(3.0, "still")])])
    assert causes.is_not_mended_by_a_reset(again).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "asked", [[ask(3.0, "served")], [*failing(2)[:-1]]], ids=["answered by a PMS that refuses the key", "stays closed"]
)
def test_a_restart_that_mends_a_key_fails(asked):
    changed = replace(GOOD, trials=[RESET, replace(RESTART, asked=asked)])
    assert causes.is_not_mended_by_what_is_for_another_cause(changed).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "changes",
    [
        {"asked": [mock(4.0, "m1", "mock", binding=True)]},
        {"asked": [reserve(4.1, "m2", "mock", order=13)]},
        {"asked": [ask(4.0, "m1", "mock", status=503)]},
        {"calls": [call(4.2, status=401)]},
        {"log": ""},
    ],
    ids=["binding", "confirmed", "not served", "a call", "log"],
)
def test_a_mock_that_does_not_serve_or_calls_fails(changes):
    broken = replace(GOOD, mock=replace(MOCK, **changes))
    assert causes.leaves_guests_served_by_the_mock(broken).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "asked",
    [[mock(6.0, "first", "mended")], [mock(6.0, "first", "mended"), ask(6.2, "second", "mended")]],
    ids=["never", "not with the next guest"],
)
def test_a_mitigation_that_does_not_help_fails(asked):
    assert causes.is_mended_by_what_fits(replace(GOOD, mended=Mended("x", asked, None))).outcome is Outcome.FAILED


def test_the_end_of_a_limit_may_take_its_wait_and_no_longer():
    for second, outcome in ((8.0, Outcome.PASSED), (9.1, Outcome.FAILED)):
        asked = [mock(6.0, "first", "mended"), ask(second, "second", "mended")]
        mended = Mended("others", asked, second - 6.0, patience=3.0)
        assert causes.is_mended_by_what_fits(replace(GOOD, mended=mended)).outcome is outcome


@pytest.mark.parametrize(
    "changes",
    [
        {"asked": [mock(7.0, "v1"), GOOD.validation.asked[1]]},
        {"asked": [GOOD.validation.asked[0], reserve(7.1, "v2", status=202)]},
        {"after": metrics(successes=3, state="open")},
        {"after": metrics(errors=1, successes=3)},
        {"after": metrics(successes=1)},
        {"ready": {"status": "degraded"}},
    ],
    ids=["mock", "pending", "gauge", "an error", "successes not counted", "readiness"],
)
def test_a_validation_that_is_not_clean_fails(changes):
    broken = replace(GOOD, validation=replace(GOOD.validation, **changes))
    assert causes.stands_the_validation(broken).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "changes",
    [
        {"looked_up": [look(9.0, "ada", "pending")]},
        {"looked_up": []},
        {"bookings": []},
        {"bookings": [gone(11, "ada")]},
        {"bookings": [held(11, "ada"), held(13, "ada")]},
    ],
    ids=["pending", "forgotten", "lost", "cancelled", "twice"],
)
def test_a_reservation_of_the_incident_that_is_lost_fails(changes):
    assert causes.loses_no_reservation(replace(GOOD, **changes)).outcome is Outcome.FAILED


def test_mock_is_not_said_to_leave_the_pms_alone_where_the_ledger_sees_no_call_of_the_cause():
    told = causes.leaves_guests_served_by_the_mock(replace(GOOD, in_ledger=False))
    assert told.outcome is Outcome.PASSED
    assert "left alone" not in told.claimed
    assert told.seen["ledger"] == "does not see the calls of this cause"
