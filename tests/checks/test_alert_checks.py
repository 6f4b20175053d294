"""The check of alert rules, and what is made of recorded states before rules are asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pms_drill.checks import alerts
from pms_drill.checks.alert_labels import Added, labels_of_alert, scraped_labels, selected_labels, untold
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


def test_label_that_nobody_told_of_is_unknown_whatever_promtool_said():
    for replies in (trial().replies, dict.fromkeys(trial().replies, NOT)):
        verdict = alerts.alert_tells_outages_from_blips(trial(untold=("job",), replies=replies))
        assert verdict.outcome is Outcome.UNKNOWN
        assert "selects by job, which the agent does not send" in verdict.why


@pytest.mark.parametrize(
    ("expr", "names"),
    [
        ("pms_circuit_breaker_state > 0", set()),
        ('state{service="pms",job=~"a.*"} > 0', {"service", "job"}),
        ("state{ instance != 'x' , env!~`y`} == 1", {"instance", "env"}),
        ('{"job"="agent", __name__="state"}', {"job"}),
        ('state{note="a, job=\\"x\\""} > 0', {"note"}),
        ('state > 0 # {job="agent"}', set()),
        ('sum by (job) (label_replace(state, "job", "x", "service", "pms")) == 1', set()),
    ],
)
def test_labels_are_read_from_selectors_and_from_nothing_else(expr, names):
    assert selected_labels(expr) == names


def test_labels_of_an_alert_are_those_of_the_recorded_series_that_it_asks_for_too():
    rules = [
        {"record": "pms:open", "expr": 'pms:state{env="prod"} > 0'},
        {"record": "pms:state", "expr": 'max(state{job="agent"})'},
        {"record": "other", "expr": 'up{zone="a"}'},
        {"alert": "Open", "expr": "pms:open"},
        {"alert": "Other", "expr": 'up{cluster="b"}'},
    ]
    files = [{"groups": [{"rules": rules[:2]}]}, {"groups": [{"rules": rules[2:]}]}, {"groups": None}, {}]
    assert labels_of_alert(files, "Open") == {"env", "job"}
    assert labels_of_alert(files, "None") == set()


def config(*jobs):
    return {"scrape_configs": [{"job_name": f"job{number}"} | job for number, job in enumerate(jobs)]}


STATIC = {"static_configs": [{"targets": ["a:1"], "labels": {"env": "prod"}}]}
TWO = {"static_configs": [{"targets": ["a:1", "a:2"], "labels": {"env": "prod"}}]}
APART = {"static_configs": [*STATIC["static_configs"], {"targets": ["b:1"], "labels": {"env": "test"}}]}


@pytest.mark.parametrize(
    ("job", "labels", "complete"),
    [
        (STATIC, {"job": "job0", "instance": "a:1", "env": "prod"}, True),
        (TWO, {"job": "job0", "env": "prod"}, True),
        (APART, {"job": "job0"}, False),
        ({"dns_sd_configs": [{"names": ["x"]}]}, {"job": "job0"}, False),
        (STATIC | {"relabel_configs": [{"action": "labeldrop"}]}, {}, False),
        (STATIC | {"metric_relabel_configs": [{"action": "labeldrop"}]}, {}, False),
    ],
    ids=["one target", "two alike", "two apart", "found by itself", "rewritten", "rewritten later"],
)
def test_job_tells_the_labels_that_it_adds_as_far_as_its_file_knows_them(job, labels, complete):
    assert scraped_labels(config(job), "") == Added(labels, complete)


@pytest.mark.parametrize(("jobs", "job"), [([], ""), ([STATIC, TWO], ""), ([STATIC], "agent")])
def test_job_that_is_not_clear_is_an_error(jobs, job):
    with pytest.raises(ValueError, match="scrape_job must be one of"):
        scraped_labels(config(*jobs), job)


def test_what_nobody_told_of_is_untold_and_what_the_team_told_is_all_there_is():
    chosen = {"service", "job", "instance", "env"}
    assert untold(chosen, ["service"], Added()) == ["env", "instance", "job"]
    assert untold(chosen, ["service"], Added({"job": "a"})) == ["env", "instance"]
    assert untold(chosen, ["service"], Added({"job": "a"}, complete=True)) == ["instance"]
