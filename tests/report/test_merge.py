"""Outcomes of tests, skips, waivers and figures become one verdict."""

from __future__ import annotations

from datetime import date

import pytest

from pms_drill.checks.verdict import Outcome, SkipReason
from pms_drill.profile import Waiver
from pms_drill.report.coverage import Excuse, Expected
from pms_drill.report.merge import Gathered, merge
from pms_drill.report.model import TargetRow
from pms_drill.report.outcomes import Item, PartOutcomes, Record, RunContext
from pms_drill.tiers import Tier

TODAY = date(2026, 11, 24)
TIER = Tier.model_validate(
    {"name": "pr", "deadline": "8m", "parts": ["chaos"], "examples": 5, "skips": {"embedded": ["not-claimed"]}}
)
SMOKE = TIER.model_copy(update={"chaos": TIER.chaos.model_copy(update={"episodes": ["hang"]})})


#: A skip that is in order is one that was foreseen.
EXPECTED = [
    Expected(
        Item(nodeid="chaos/t.py::BRK-30-hang", part="chaos", property="BRK-30", episode="hang"),
        frozenset(),
        left_out=True,
        excuses=(Excuse(SkipReason.NOT_CLAIMED, ""), Excuse(SkipReason.NO_WITNESS, "")),
    )
]


def record(name="BRK-18", outcome=Outcome.PASSED, episode="hang", **more):
    about = {"nodeid": f"chaos/t.py::{name}-{episode}", "part": "chaos", "property": name, "episode": episode}
    return Record(**{**about, "outcome": outcome, "why": f"why {outcome.value}", "reproduce": "again", **more})


def run(*records, collected=None, **more):
    items = [Item(**record.model_dump(include=set(Item.model_fields))) for record in records]
    part = PartOutcomes(part="chaos", records=list(records), collected=items if collected is None else collected)
    settings = {"context": RunContext(seed=7), "tier": TIER, "parts": [part], "today": TODAY, "expected": EXPECTED}
    return merge(Gathered(**{**settings, **more}))


def waiver(expires=TODAY, name="BRK-18"):
    return Waiver(property=name, reason="known", owner="team", expires=expires)


def row(band="target", gates=True, metric="response_time:reservations"):
    limits = {"target": "< 500", "warning": "> 1000", "critical": "> 3000"}
    return TargetRow(metric=metric, phase="steady", value=1.0, n=9, band=band, gates=gates, **limits)


def test_everything_passed_is_zero():
    result = run(record(), record("BRK-19"))
    assert (result.exit_code, result.counts.passed, set(result.properties)) == (0, 2, {"BRK-18", "BRK-19"})


def test_one_failed_test_fails_its_property_and_names_the_episode():
    result = run(record(), record(outcome=Outcome.FAILED, episode="drip"))
    found = result.properties["BRK-18"]
    assert (found.verdict, found.tests, found.episodes, found.why) == (Outcome.FAILED, 2, ["drip"], "why failed")
    assert result.exit_code == 1


def test_one_unknown_test_makes_its_property_unknown():
    result = run(record(), record(outcome=Outcome.UNKNOWN, episode="drip"))
    assert (result.properties["BRK-18"].verdict, result.exit_code) == (Outcome.UNKNOWN, 2)


def test_a_test_without_a_property_stands_under_its_own_id():
    assert set(run(record("", episode="")).properties) == {"chaos/t.py::-"}


def test_a_collected_test_without_a_record_is_unknown():
    lost = Item(nodeid="chaos/t.py::lost", part="chaos", property="BRK-20", episode="hang")
    result = run(record(), collected=[lost, Item(nodeid="chaos/t.py::BRK-18-hang", part="chaos")])
    assert (result.properties["BRK-20"].verdict, result.exit_code, result.counts.unknown) == (Outcome.UNKNOWN, 2, 1)
    assert result.properties["BRK-20"].reproduce == 'pms-drill run chaos -k "BRK-20 and hang" --pms-seed 7'


def test_two_tests_of_one_id_need_two_records():
    twice = [Item(nodeid="chaos/t.py::BRK-18-hang", part="chaos", property="BRK-18")] * 2
    assert run(record(), collected=twice).exit_code == 2


def test_no_test_at_all_is_unknown():
    result = run()
    assert (result.exit_code, result.trouble) == (2, ["chaos: no test was run"])


@pytest.mark.parametrize(
    ("parts", "code"),
    [(["chaos"], 2), (["chaos", "load"], 2)],
)
def test_a_selection_that_matches_nothing_is_unknown(parts, code):
    result = run(parts=[PartOutcomes(part=part) for part in parts], selection="BRK-99")
    assert (result.exit_code, result.trouble) == (code, ["the selection 'BRK-99' matches no test"])


def test_a_selection_may_leave_a_part_empty():
    full = PartOutcomes(part="chaos", records=[record()], collected=[Item(nodeid=record().nodeid, part="chaos")])
    parts = [full, PartOutcomes(part="load")]
    assert run(parts=parts, selection="BRK-18").exit_code == 0
    assert run(parts=parts).exit_code == 2


def test_a_tolerated_skip_does_not_count():
    skipped = record("BRK-30", Outcome.SKIPPED, skip_reason=SkipReason.NOT_CLAIMED)
    result = run(record(), skipped)
    assert (result.exit_code, result.counts.skipped) == (0, {"not-claimed": 1})
    assert result.properties["BRK-30"].verdict is Outcome.SKIPPED


@pytest.mark.parametrize(("reason", "stack"), [(SkipReason.NO_WITNESS, "embedded"), (SkipReason.NOT_CLAIMED, "native")])
def test_a_skip_that_the_tier_does_not_tolerate_on_this_stack_is_unknown(reason, stack):
    skipped = record("BRK-30", Outcome.SKIPPED, skip_reason=reason)
    result = run(record(), skipped, context=RunContext(stack=stack))
    assert (result.exit_code, result.properties["BRK-30"].verdict) == (2, Outcome.UNKNOWN)
    assert "tiers.toml does not tolerate" in result.properties["BRK-30"].why


def test_trouble_outside_of_tests_is_unknown():
    assert run(record(), trouble=["chaos: pytest broke"]).exit_code == 2


def test_an_incomplete_run_is_unknown_even_if_all_its_tests_passed():
    assert run(record(), complete=False).exit_code == 2


def test_a_waived_failure_does_not_gate_and_is_listed():
    result = run(record(outcome=Outcome.FAILED), waivers=[waiver()])
    found = result.properties["BRK-18"]
    assert (result.exit_code, found.verdict, result.counts.waived) == (0, Outcome.WAIVED, 1)
    assert found.why == "waived by team until 2026-11-24: known\nwhy failed"


def test_an_unknown_result_cannot_be_waived():
    assert run(record(outcome=Outcome.UNKNOWN), waivers=[waiver()]).exit_code == 2


def test_an_expired_waiver_fails_and_waives_nothing():
    result = run(record(outcome=Outcome.FAILED), waivers=[waiver(date(2026, 11, 23))])
    assert result.exit_code == 1
    assert result.properties["BRK-18"].verdict is Outcome.FAILED
    assert "expired on 2026-11-23" in result.properties["WAIVER"].why


def test_a_waiver_of_a_property_that_passes_fails():
    result = run(record(), waivers=[waiver()])
    assert (result.exit_code, result.properties["WAIVER"].verdict) == (1, Outcome.FAILED)
    assert "is not needed" in result.properties["WAIVER"].why


@pytest.mark.parametrize(
    "partial",
    [{"selection": "BRK-18"}, {"tier": SMOKE}, {"complete": False}, {"waivers": [waiver(name="BRK-77")]}],
    ids=["selection", "some-episodes", "cut", "never-run"],
)
def test_a_pass_in_a_part_of_the_tests_says_nothing_about_a_waiver(partial):
    assert "WAIVER" not in run(record(), **{"waivers": [waiver()], **partial}).properties


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([row()], 0),
        ([row("critical")], 12),
        ([row("critical", gates=False)], 0),
        ([row("unknown")], 2),
        ([row("warning")], 11),
        ([row("warning", gates=False)], 0),
        ([row("not shown")], 0),
        ([row("off target")], 0),
    ],
)
def test_only_the_bands_that_gate_decide(rows, code):
    assert run(record(), targets=rows).exit_code == code


def test_every_figure_in_warning_is_not_0_by_default():
    names = (
        "availability",
        "response_time:availability",
        "response_time:reservations",
        "error_rate",
        "circuit_breaker",
    )
    rows = [row("warning", metric=name) for name in names]
    assert run(record("LOAD-01"), record("LOAD-02"), targets=rows).exit_code == 11
    assert run(record("LOAD-01"), targets=rows, fail_on="critical").exit_code == 0


def test_12_says_that_nothing_but_critical_figures_failed():
    slow = [record("LOAD-02", outcome=Outcome.FAILED), record()]
    assert run(*slow, targets=[row("critical")]).exit_code == 12
    assert run(*slow, record("BRK-18", outcome=Outcome.FAILED), targets=[row("critical")]).exit_code == 1
    assert run(*slow, record("LOAD-01", outcome=Outcome.FAILED), targets=[row("critical")]).exit_code == 1
    assert run(*slow, targets=[]).exit_code == 1
    assert run(*slow, record("BRK-19", outcome=Outcome.UNKNOWN), targets=[row("critical")]).exit_code == 2


def test_a_waiver_of_the_property_is_one_of_its_critical_figures_and_of_no_other():
    slow = record("LOAD-02", outcome=Outcome.FAILED)
    rows = [row("critical"), row("critical", metric="error_rate")]
    assert run(slow, targets=rows[:1], waivers=[waiver(name="LOAD-02")]).exit_code == 0
    assert run(slow, targets=rows, waivers=[waiver(name="LOAD-02")]).exit_code == 12
