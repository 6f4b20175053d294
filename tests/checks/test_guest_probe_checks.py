"""Half-open by traffic: each check passes a permit that is given back, and fails one that is not."""

from __future__ import annotations

import pytest

from pms_drill.checks import breaker_guest_probe as traffic
from pms_drill.checks.verdict import Outcome
from pms_drill.evidence.bundle import Span
from tests.checks.literal import ask, call, mock, outage, probe

FAILED = [*[ask(3.0 + 0.01 * n, f"imp{n}", status=502) for n in range(5)], mock(3.05, "imp5", "impact")]
PHASES = {
    "steady": Span(0.0, 1.0),
    "impact": Span(3.0, 3.06),
    "armed": Span(3.0, 3.1),
    "hang_up": Span(4.5, 5.25),
    "crowd": Span(5.25, 5.7),
    "business": Span(4.5, 4.6),
    "next": Span(4.6, 4.7),
    "after": Span(5.7, 5.8),
}
LEFT = ask(4.5, "left", "hang_up", took=0.15, status=None)
#: The agent gave the call up, so that its answer reached nobody.
GIVEN_UP = call(4.51, delivered=None, note="downstream gone")
ONE_PASSES = [ask(5.25, "c0", "crowd", took=0.41), *[mock(5.25 + 0.001 * n, f"c{n}", "crowd") for n in range(1, 5)]]
SECOND_PROBE = call(5.252, answered=5.65, delivered=5.655)
AFTER = ask(5.7, "after", "after")


def cancelled(*, crowd=None, calls=(GIVEN_UP, SECOND_PROBE), left=LEFT, after=AFTER, before=FAILED):
    told = [*before, left, *(ONE_PASSES if crowd is None else crowd), after]
    return outage(phases=PHASES, operations=told, ledger=list(calls))


def test_a_permit_that_comes_back_with_the_hang_up_passes():
    verdict = traffic.cancelled_probe_gives_the_permit_back(cancelled())
    assert verdict.outcome is Outcome.PASSED, verdict.why


def test_an_agent_that_finishes_the_call_of_a_guest_who_left_may_be_closed_already():
    answered = call(4.51, answered=4.91, delivered=4.915)
    crowd = [ask(5.25, f"c{n}", "crowd") for n in range(5)]
    calls = (answered, *[call(5.252 + 0.001 * n, answered=5.65, delivered=5.655) for n in range(5)])
    verdict = traffic.cancelled_probe_gives_the_permit_back(cancelled(crowd=crowd, calls=calls))
    assert verdict.outcome is Outcome.PASSED, verdict.why


NOBODY = [mock(5.25 + 0.001 * n, f"c{n}", "crowd") for n in range(5)]
EVERYBODY = [ask(5.25 + 0.001 * n, f"c{n}", "crowd", took=0.41) for n in range(5)]
FLOOD = [call(5.252 + 0.001 * n, answered=5.65, delivered=5.655) for n in range(5)]


@pytest.mark.parametrize(
    "evidence",
    [
        cancelled(crowd=NOBODY, calls=(GIVEN_UP,), after=mock(5.7, "after", "after")),
        cancelled(crowd=EVERYBODY, calls=(GIVEN_UP, *FLOOD)),
        cancelled(after=mock(5.7, "after", "after")),
        cancelled(crowd=NOBODY, calls=(call(4.51, answered=4.91, delivered=4.915),)),
    ],
    ids=["stuck", "wide open", "does not close", "stuck although the probe was answered"],
)
def test_a_breaker_that_is_stuck_or_wide_open_after_a_cancelled_probe_fails(evidence):
    assert traffic.cancelled_probe_gives_the_permit_back(evidence).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "evidence",
    [
        cancelled(before=FAILED[:5]),
        cancelled(calls=(probe(4.05, 200), GIVEN_UP, SECOND_PROBE)),
        cancelled(left=ask(4.5, "left", "hang_up")),
        cancelled(calls=(SECOND_PROBE,)),
        cancelled(crowd=[]),
    ],
    ids=["never opened", "probed without a guest", "did not hang up", "was not the probe", "nobody came next"],
)
def test_a_guest_who_was_not_the_probe_says_nothing(evidence):
    assert traffic.cancelled_probe_gives_the_permit_back(evidence).outcome is Outcome.UNKNOWN


def ignored(*, business=None, then=None, after=AFTER, calls=None):
    asked = business or ask(4.5, "b", "business", status=502, type="pms-refused")
    told = [*FAILED, asked, then or ask(4.6, "n", "next"), after]
    return outage(phases=PHASES, operations=told, ledger=[call(4.51, status=400)] if calls is None else calls)


def test_a_next_guest_who_gets_through_after_a_business_answer_passes():
    verdict = traffic.ignored_answer_gives_the_permit_back(ignored())
    assert verdict.outcome is Outcome.PASSED, verdict.why


@pytest.mark.parametrize("evidence", [ignored(then=mock(4.6, "n", "next")), ignored(after=mock(5.7, "after", "after"))])
def test_a_breaker_that_is_stuck_after_a_business_answer_fails(evidence):
    assert traffic.ignored_answer_gives_the_permit_back(evidence).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "evidence",
    [ignored(business=mock(4.5, "b", "business")), ignored(calls=[]), ignored(calls=[probe(4.05, 200)])],
    ids=["still open", "not asked", "probed without a guest"],
)
def test_a_business_answer_that_was_no_probe_says_nothing(evidence):
    assert traffic.ignored_answer_gives_the_permit_back(evidence).outcome is Outcome.UNKNOWN
