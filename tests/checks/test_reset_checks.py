"""Each check of the reset by hand passes what should be, fails for its own reason, and knows when it cannot say."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pms_drill.checks import reset
from pms_drill.checks.verdict import Outcome
from pms_drill.evidence.reset import ResetEvidence, Told
from tests.checks.literal import JSON, PROBLEM, ask, mock


def refused(code, media=PROBLEM, **told):
    body = {"type": "refused", "title": "Refused", "status": code, "detail": "no token"} | told
    return Told(code, "", 1.0, media, json.dumps(body))


CLOSED = Told(200, "closed", 0.0)
GOOD = ResetEvidence(
    threshold=5,
    wait=1.0,
    refused={"no token": refused(401), "wrong token": refused(401)},
    after_refused=[mock(1.0, "a"), mock(1.1, "b")],
    granted=CLOSED,
    calls_after_granted=5,
    after_granted=[*[ask(1.2 + 0.01 * n, f"g{n}", status=502) for n in range(5)], mock(1.3, "g5")],
    again=[CLOSED, CLOSED],
    after_again=ask(1.5, "back"),
    since_opening=0.2,
    unconfigured=refused(403),
)
ALL = [
    reset.needs_the_token,
    reset.closed_to_all_without_a_configured_token,
    reset.closes_and_clears,
    reset.works_at_once_and_twice,
]


@pytest.mark.parametrize("check", ALL)
def test_a_good_reset_passes(check):
    assert check(GOOD).outcome is Outcome.PASSED


@pytest.mark.parametrize("check", ALL)
def test_what_was_not_tried_is_unknown(check):
    assert check(ResetEvidence(threshold=5, wait=1.0)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "changes",
    [
        {"refused": {"no token": Told(200, "closed", 0.0), "wrong token": refused(401)}},
        {"refused": {"no token": refused(403), "wrong token": refused(401)}},
        {"refused": {"no token": refused(401, media=JSON), "wrong token": refused(401)}},
        {"refused": {"no token": refused(401, status=403), "wrong token": refused(401)}},
        {"after_refused": [mock(1.0, "a"), ask(1.1, "b", status=502)]},
    ],
    ids=[
        "granted to a stranger",
        "another status",
        "no problem",
        "another status in the body",
        "refused and done all the same",
    ],
)
def test_a_reset_by_strangers_fails(changes):
    assert reset.needs_the_token(replace(GOOD, **changes)).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "told", [Told(200, "closed"), refused(401), refused(403, detail=" ")], ids=["granted", "401", "without a detail"]
)
def test_a_reset_without_a_configured_token_fails(told):
    changed = replace(GOOD, unconfigured=told)
    assert reset.closed_to_all_without_a_configured_token(changed).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "changes",
    [
        {"granted": Told(200, "open", 1.0)},
        {"granted": Told(200, "closed", 1.0)},
        {"calls_after_granted": 0, "after_granted": [mock(1.2, "g0")]},
        {"calls_after_granted": 1, "after_granted": [ask(1.2, "g0", status=502), mock(1.3, "g1")]},
        {"calls_after_granted": 8, "after_granted": [ask(1.2, f"g{n}", status=502) for n in range(8)]},
    ],
    ids=["still open", "gauge open", "gauge only", "count not cleared", "never opens again"],
)
def test_a_reset_that_does_not_close_and_clear_fails(changes):
    assert reset.closes_and_clears(replace(GOOD, **changes)).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "changes",
    [{"again": [CLOSED, Told(409)]}, {"after_again": mock(1.5, "back")}],
    ids=["refused the second time", "guests still rejected"],
)
def test_a_reset_that_cannot_be_repeated_or_does_not_help_fails(changes):
    assert reset.works_at_once_and_twice(replace(GOOD, **changes)).outcome is Outcome.FAILED


def test_an_answer_after_the_wait_says_nothing_about_the_reset():
    assert reset.works_at_once_and_twice(replace(GOOD, since_opening=1.0)).outcome is Outcome.UNKNOWN
