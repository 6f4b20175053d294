"""promtool with our own rules, and with rules that people write: each mistake is found by the question meant for it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from pms_drill import external, profile
from pms_drill.checks.alerts import alert_tells_outages_from_blips
from pms_drill.checks.verdict import Outcome, SkipReason, Unproven
from pms_drill.episodes import alerts
from pms_drill.evidence.bundle import Evidence
from pms_drill.report.skips import TypedSkip
from tests.checks.literal import Counted, outage

REPO = Path(__file__).parents[2]
REFERENCE = profile.load("reference-fast")
with_promtool = pytest.mark.skipif(external.present(external.PROMTOOL) is None, reason="promtool is not installed")


def hung() -> Evidence:
    """A PMS that hangs: each probe takes its whole deadline."""
    counts = Counted()
    counts.move(3.0, "closed", "open")
    for probe in (4.0, 5.5, 7.0):
        counts.move(probe, "open", "half_open")
        counts.move(probe + 0.5, "half_open", "open")
    counts.move(8.5, "open", "half_open")
    counts.move(8.51, "half_open", "closed")
    return outage(scrapes=counts.scrapes(2.0, 10.0))


def ruled(folder: Path, expr: str, lasts: str, alert: str = "PMSCircuitBreakerOpen") -> profile.Profile:
    """The reference agent with one rule of another team."""
    file = folder / "rules.yml"
    rule = f"      - alert: {alert}\n        expr: {expr}\n        for: {lasts}\n"
    file.write_text(f"groups:\n  - name: pms\n    rules:\n{rule}", encoding="utf-8")
    return REFERENCE.model_copy(update={"alerts": profile.AlertsPart(rules=(str(file),))})


@with_promtool
def test_our_own_rules_tell_outages_from_blips(tmp_path: Path) -> None:
    verdict = alert_tells_outages_from_blips(alerts.try_alerts(hung(), REFERENCE, tmp_path))
    assert verdict.outcome is Outcome.PASSED, verdict.why


@with_promtool
@pytest.mark.parametrize(
    ("expr", "lasts", "wrong"),
    [
        ("pms_circuit_breaker_state == 1", "2m", {"outage"}),
        ("pms_circuit_breaker_state == 1", "5m", {"outage"}),
        ("pms_circuit_breaker_state > 0", "0s", {"blip"}),
        ("max_over_time(pms_circuit_breaker_state[10m]) > 0", "2m", {"blip", "resolved"}),
        ("pms_breaker_state > 0", "2m", {"outage"}),
    ],
    ids=["half-open is forgotten", "as first written down", "at once", "remembers too long", "another metric"],
)
def test_rules_with_a_mistake_fail_where_it_shows(tmp_path: Path, expr: str, lasts: str, wrong: set[str]) -> None:
    tried = alerts.try_alerts(hung(), ruled(tmp_path, expr, lasts), tmp_path / "asked")
    assert {name for name, reply in tried.replies.items() if not reply.holds} == wrong
    assert tried.control.holds
    assert alert_tells_outages_from_blips(tried).outcome is Outcome.FAILED


@with_promtool
def test_alert_under_another_name_is_not_found(tmp_path: Path) -> None:
    renamed = ruled(tmp_path, "pms_circuit_breaker_state > 0", "2m", alert="Renamed")
    tried = alerts.try_alerts(hung(), renamed, tmp_path)
    assert alert_tells_outages_from_blips(tried).outcome is Outcome.FAILED


@with_promtool
def test_rules_that_promtool_cannot_read_are_unknown_and_say_why(tmp_path: Path) -> None:
    tried = alerts.try_alerts(hung(), ruled(tmp_path, "rate(", "2m"), tmp_path)
    verdict = alert_tells_outages_from_blips(tried)
    assert verdict.outcome is Outcome.UNKNOWN
    assert "parse" in verdict.why


OWN = profile.AlertsPart(scrape_config="{repo}/docker/prometheus/prometheus.yml", scrape_job="agente-api", rules=("x",))


@with_promtool
@pytest.mark.parametrize(
    ("selector", "told", "outcome"),
    [
        ('job="agente-api"', OWN, Outcome.PASSED),
        ('job="agente-api",instance="agente-api:8000"', OWN, Outcome.PASSED),
        ('job="agent"', OWN, Outcome.FAILED),
        ('instance="agent:8000"', OWN, Outcome.FAILED),
        ('env="prod"', OWN, Outcome.FAILED),
        ('job="agent"', profile.AlertsPart(labels={"job": "agent"}), Outcome.PASSED),
        ('job="agente-api"', profile.AlertsPart(labels={"job": "agent"}), Outcome.FAILED),
        ('job="agente-api"', profile.AlertsPart(), Outcome.UNKNOWN),
        ('job="agent"', profile.AlertsPart(), Outcome.UNKNOWN),
        ('instance=~".*"', profile.AlertsPart(labels={"job": "agent"}), Outcome.UNKNOWN),
        ('env="prod"', profile.AlertsPart(), Outcome.UNKNOWN),
    ],
)
def test_rule_is_judged_with_the_labels_of_the_teams_scrape_and_with_no_others(
    tmp_path: Path, selector: str, told: profile.AlertsPart, outcome: Outcome
) -> None:
    ours = ruled(tmp_path, f'pms_circuit_breaker_state{{service="pms",{selector}}} > 0', "2m")
    part = told.model_copy(update={"rules": ours.alerts.rules})
    tried = alerts.try_alerts(hung(), REFERENCE.model_copy(update={"alerts": part}), tmp_path / "asked")
    assert alert_tells_outages_from_blips(tried).outcome is outcome


@with_promtool
def test_rules_may_lie_in_several_files_that_are_listed_or_matched(tmp_path: Path) -> None:
    one = "groups:\n  - name: {}\n    rules:\n      - {}\n"
    record = "record: pms:not_closed\n        expr: pms_circuit_breaker_state > bool 0"
    alert = "alert: PMSCircuitBreakerOpen\n        expr: pms:not_closed == 1\n        for: 2m"
    (tmp_path / "a.rules.yml").write_text(one.format("a", record), encoding="utf-8")
    (tmp_path / "b.rules.yml").write_text(one.format("b", alert), encoding="utf-8")
    for number, rules in enumerate(([f"{tmp_path}/*.rules.yml"], [f"{tmp_path}/{name}.rules.yml" for name in "ab"])):
        part = profile.AlertsPart.model_validate({"rules": rules, "scrape_interval": "15s"})
        tried = alerts.try_alerts(hung(), REFERENCE.model_copy(update={"alerts": part}), tmp_path / f"asked{number}")
        assert alert_tells_outages_from_blips(tried).outcome is Outcome.PASSED
        assert "a.rules.yml" in tried.rules
        assert "b.rules.yml" in tried.rules


def test_outage_whose_scraper_fell_behind_is_no_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pms_drill.external.present", lambda _program: tmp_path)
    seen = [scrape for scrape in hung().scrapes if not 4.2 < scrape.started < 5.4]
    with pytest.raises(Unproven, match="the scraper fell behind"):
        alerts.try_alerts(outage(scrapes=seen), REFERENCE, tmp_path)


def test_rules_that_are_not_there_are_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pms_drill.external.present", lambda _program: tmp_path)
    nowhere = REFERENCE.model_copy(update={"alerts": profile.AlertsPart(rules=("/nowhere/rules.yml",))})
    with pytest.raises(Unproven, match="names no file"):
        alerts.try_alerts(hung(), nowhere, tmp_path)


def test_without_promtool_it_is_a_typed_skip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pms_drill.external.present", lambda _program: None)
    with pytest.raises(TypedSkip) as skipped:
        alerts.try_alerts(hung(), REFERENCE, tmp_path)
    assert skipped.value.reason is SkipReason.NEEDS_TOOL


@with_promtool
@pytest.mark.parametrize(("value", "fires"), [(0, False), (2, True)])
def test_our_own_rules_call_a_person_for_broken_promises(tmp_path: Path, value: int, fires: bool) -> None:
    promtool = external.present(external.PROMTOOL)
    assert promtool is not None
    told = [
        {
            "exp_labels": {"reason": "expired"},
            "exp_annotations": {"summary": f"a person must look at {value} reservation(s): expired"},
        }
    ]
    tests = {
        "rule_files": [str(REPO / "docker/prometheus/rules/pms.yml")],
        "evaluation_interval": "15s",
        "tests": [
            {
                "interval": "15s",
                "input_series": [
                    {"series": 'pms_reservations_attention{reason="expired"}', "values": f"{value}x20"},
                    {"series": 'pms_reservations_attention{reason="cancelled"}', "values": "0x20"},
                ],
                "alert_rule_test": [
                    {
                        "eval_time": "2m",
                        "alertname": "PMSReservationsNeedAPerson",
                        "exp_alerts": told if fires else [],
                    }
                ],
            }
        ],
    }
    file = tmp_path / "tests.yml"
    file.write_text(json.dumps(tests), encoding="utf-8")  # JSON is YAML
    ran = subprocess.run([promtool, "test", "rules", file], capture_output=True, text=True, timeout=30, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
