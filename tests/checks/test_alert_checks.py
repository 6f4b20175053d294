"""The check of alert rules, and what is made of recorded states before rules are asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pms_drill.checks import alerts
from pms_drill.checks.verdict import Outcome
from pms_drill.evidence.alerts import AlertEvidence, Reply
from tests.checks.literal import Counted, outage

HOLDS, NOT = Reply(True, ""), Reply(False, "exp: {} 1E+00 / got: {} 0E+00")


def hung(*moves):
    """A PMS that hangs: probes take half a second; the gauge at each of the scrapes."""
    counts = Counted()
    for at, before, after in moves:
        counts.move(at, before, after)
    return outage(scrapes=counts.scrapes(2.0, 8.0))


WAITS = [
    (3.0, "closed", "open"),
    (4.0, "open", "half_open"),
    (4.5, "half_open", "open"),
    (5.5, "open", "half_open"),
    (6.0, "half_open", "open"),
    (7.0, "open", "half_open"),
    (7.01, "half_open", "closed"),
]
RECORDING = alerts.stretched(hung(*WAITS), scale=30.0, interval=15.0)


def trial(**changes):
    told = {"rules": "pms.yml", "alert": "PMSCircuitBreakerOpen", "recording": RECORDING, "control": HOLDS}
    replies = dict.fromkeys(alerts.questions(RECORDING), HOLDS)
    return AlertEvidence(**(told | {"replies": replies} | changes))


def test_recorded_waits_are_stretched_and_repeated():
    assert RECORDING is not None
    minutes = [value for at, value in enumerate(RECORDING.outage.values) if 120 <= 15 * at < 210]
    assert minutes == [1.0, 1.0, 2.0] * 2
    assert set(RECORDING.outage.values[:8]) == set(RECORDING.outage.values[-20:]) == {0.0}
    assert RECORDING.outage.closed - RECORDING.outage.opened >= 360
    assert [RECORDING.blip.values.count(value) for value in (1.0, 2.0)] == [2, 1]


def test_questions_are_about_the_whole_time_in_which_the_answer_is_sure():
    asked = alerts.questions(RECORDING)
    assert (asked["outage"].times[0], asked["outage"].fires) == (300.0, True)
    assert asked["outage"].times[-1] < RECORDING.outage.closed
    assert asked["resolved"].times[0] == RECORDING.outage.closed + 120
    assert asked["blip"].times[0] == 0.0
    assert not asked["blip"].fires
    assert not asked["resolved"].fires


@pytest.mark.parametrize("moves", [[], WAITS[:1], [*WAITS[:2], (4.5, "half_open", "closed")]])
def test_scrapes_without_a_failed_probe_are_no_recording(moves):
    assert alerts.stretched(hung(*moves), scale=30.0, interval=15.0) is None


def test_rules_that_answer_every_question_as_they_must_pass():
    verdict = alerts.alert_tells_outages_from_blips(trial())
    assert verdict.outcome is Outcome.PASSED, verdict.why


@pytest.mark.parametrize("name", ["outage", "blip", "resolved"])
def test_rules_that_are_silent_or_loud_at_the_wrong_time_fail(name):
    verdict = alerts.alert_tells_outages_from_blips(trial(replies=trial().replies | {name: NOT}))
    assert verdict.outcome is Outcome.FAILED
    assert f"{name}: exp" in verdict.why


UNSEEN = replace(RECORDING, outage=replace(RECORDING.outage, values=(0.0, 1.0)))
LONG = alerts.stretched(hung(*WAITS), scale=120.0, interval=15.0)


@pytest.mark.parametrize(
    "evidence",
    [
        trial(recording=None),
        trial(control=Reply(False, "no such file"), replies=dict.fromkeys(trial().replies, NOT)),
        trial(recording=UNSEEN),
        trial(recording=LONG),
    ],
    ids=["nothing recorded", "promtool cannot read the rules", "no probe in the series", "a wait is an outage"],
)
def test_a_trial_that_proves_nothing_is_unknown(evidence):
    assert alerts.alert_tells_outages_from_blips(evidence).outcome is Outcome.UNKNOWN


def test_a_question_that_was_not_asked_is_no_pass():
    replies = {"outage": HOLDS, "blip": HOLDS}
    assert alerts.alert_tells_outages_from_blips(trial(replies=replies)).outcome is not Outcome.PASSED
