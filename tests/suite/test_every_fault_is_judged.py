"""Every fault of the catalogue meets an agent: it has an experiment, a tier, an expectation and properties."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from pms_drill import draw, expected, fault_table, profile
from pms_drill.checks.verdict import Outcome, SkipReason, Unproven
from pms_drill.cli import cli
from pms_drill.episodes import causes_table, experiments, refusal
from pms_drill.episodes.expectations import expectation
from pms_drill.errors import DrillError
from pms_drill.evidence.journal import Event
from pms_drill.excuses import Ground
from pms_drill.faults import catalogue, catalogue_tcp
from pms_drill.faults.document import FILE, experiment_of
from pms_drill.faults.owed import Breaker, Meets, Runs
from pms_drill.properties import suites
from pms_drill.report.outcomes import Item, PartOutcomes, Record
from pms_drill.tiers import load_tier, load_tiers

FAULTS = catalogue.all_faults(10, 60, 30)
TESTS = suites.read(Path(__file__).resolve().parents[2])
JUDGED = fault_table.judged(TESTS)
FAST = profile.load("reference-fast")
#: It has a tier of its own.
SOAK = "bookings_soak"
PR, WEEKLY, SMOKE = (load_tier(name) for name in ("pr", "weekly", "smoke"))


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_fault_has_an_experiment_a_tier_an_expectation_and_properties(fault) -> None:  # type: ignore[no-untyped-def]
    name, row = experiment_of(fault), catalogue.rows()[fault.name]
    assert name in experiments.ALL
    assert (row.experiment == "") == (row.meets is not None), "its own experiment or one of another name, not both"
    assert JUDGED[name], "no test of the suites judges anything under it"
    assert WEEKLY.runs_episode(name)
    claimed = expectation(fault.name, FAST)
    assert (claimed.opens_after is not None) == (row.breaker in (Breaker.OPENS, Breaker.AT_ONCE))
    if claimed.opens_after is not None:
        assert claimed.error_kind
        assert claimed.problem_statuses, "what is a guest told of the failure?"


def test_every_experiment_of_a_fault_is_about_one_of_the_catalogue() -> None:
    for family in Meets:
        names = set(experiments.NAMES[family]) - {refusal.FULL_NIGHT}
        assert names == {fault for fault, row in catalogue.rows().items() if row.meets is family}
    assert {entry.fault for entry in causes_table.SCENARIOS} <= FAULTS.keys()


def test_a_fault_without_a_row_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = replace(catalogue_tcp.hang(), name="bare", owes=None)
    monkeypatch.setattr(catalogue_tcp, "faults", lambda _scale: [bare])
    with pytest.raises(DrillError, match="bare meets no agent"):
        catalogue.all_faults(1.0, 1)


def test_an_experiment_that_did_not_prove_its_fault_is_unknown() -> None:
    event = Event(1.0, "fault", "clock_back", "proved")
    assert experiments.faults_of("clock_steps") == ("clock_forward", "clock_back")
    experiments._check_met("clock_steps", [event, replace(event, name="clock_forward")])
    with pytest.raises(Unproven, match="clock_forward"):
        experiments._check_met("clock_steps", [event, replace(event, name="clock_forward", what="armed")])
    experiments._check_met("streak", [])  # stands for none


def test_gateways_and_what_looks_like_an_answer_are_in_every_pr_run() -> None:
    outages = {"bad_gateway", "unavailable", "gateway_timeout", "ingress_404", "login_page", "maintenance_page"}
    done = {f"stored_but_{code}" for code in (500, 502, 504, 404)}
    assert {"redirected", *outages} <= {*experiments.NAMES[Meets.OUTAGE]} - experiments.IDLE
    assert done <= {*experiments.NAMES[Meets.IN_FLIGHT]} - experiments.IDLE


def test_a_pr_run_draws_a_third_of_the_idle_faults_by_its_seed_and_over_time_all() -> None:
    lots = [{name for name in experiments.IDLE if draw.drawn(PR, seed).runs_episode(name)} for seed in range(40)]
    assert {len(lot) for lot in lots} == {-(-len(experiments.IDLE) // 3)}
    assert lots[7] == {name for name in experiments.IDLE if draw.drawn(PR, 7).runs_episode(name)}
    assert lots[7] != lots[8]
    assert set().union(*lots) == experiments.IDLE


def test_a_pr_run_has_all_that_is_not_idle_and_a_weekly_run_everything() -> None:
    others = experiments.ALL - experiments.IDLE - {SOAK}
    assert all(draw.drawn(PR, 3).runs_episode(name) for name in others)
    assert draw.drawn(WEEKLY, 3) == WEEKLY
    assert WEEKLY.all_episodes
    assert [tier.name for tier in load_tiers().values() if tier.runs_episode(SOAK)] == ["soak"]
    assert not draw.drawn(PR, 3).all_episodes
    assert not [name for name in experiments.IDLE if draw.drawn(SMOKE, 3).runs_episode(name)]


def test_an_idle_experiment_that_is_named_in_full_is_run_whatever_was_drawn() -> None:
    away = sorted(draw.drawn(PR, 3).not_drawn)[0]
    assert draw.drawn(PR, 3, f"BRK-02 and {away}").runs_episode(away)
    assert not draw.drawn(PR, 3, f"BRK-02 and {away[:-1]}").runs_episode(away)


def test_a_fault_that_the_stack_cannot_have_is_not_drawn_in_place_of_another() -> None:
    twin, real = Ground("embedded", FAST), Ground("native", FAST)
    lots = [draw.drawn(PR, seed, ground=twin).not_drawn for seed in range(20)]
    assert all({"db_slow", "pms_killed", "pms_cut_off"} <= lot for lot in lots)
    assert not all("db_slow" in draw.drawn(PR, seed, ground=real).not_drawn for seed in range(20))


def test_what_must_be_judged_knows_the_draw() -> None:
    tier = draw.drawn(PR, 3)
    due = expected.expected(TESTS, tier, Ground("embedded", FAST))
    assert {one.item.episode for one in due if one.left_out and one.item.part == "chaos"} == {*tier.not_drawn, SOAK}
    assert tier.not_drawn


def test_first_lines_say_what_was_drawn_and_that_the_others_were_not() -> None:
    tier = draw.drawn(PR, 3)
    told = draw.told(tier)
    count = len(experiments.IDLE)
    assert told.startswith(f"{count - len(tier.not_drawn)} of {count} idle faults were drawn by the seed: ")
    assert f"the other {len(tier.not_drawn)} meet no agent in this run" in told
    assert not any(f" {name}" in told for name in tier.not_drawn)
    assert draw.told(WEEKLY) == ""


def test_no_tier_may_say_what_was_drawn(tmp_path: Path) -> None:
    path = tmp_path / "tiers.toml"
    path.write_text('[x]\ndeadline = "9s"\nparts = ["chaos"]\nexamples = 1\nnot_drawn = ["hang"]\n', encoding="utf-8")
    with pytest.raises(DrillError, match="not_drawn"):
        load_tiers(path)


@pytest.mark.parametrize("columns", ["60", "100", "160"])
def test_table_is_printed_and_stands_in_the_docs(columns: str) -> None:
    printed = CliRunner(env={"COLUMNS": columns}).invoke(cli, ["faults"])
    assert printed.exit_code == 0
    text = FILE.read_text(encoding="utf-8")
    for name, fault in FAULTS.items():
        [line] = [line for line in text.splitlines() if line.startswith(f"| `{name}` |")]
        assert f"| `{experiment_of(fault)}` |" in line
        assert "NONE" not in line
        assert any(line.split()[:1] == [name] for line in printed.output.splitlines())
    assert [name for name, row in catalogue.rows().items() if row.runs is Runs.WEEKLY]


def test_table_tells_what_a_run_said_under_each_fault() -> None:
    def ended(name: str, key: str, outcome: Outcome, **more: object) -> Record:
        return Record(nodeid=f"{key}[{name}]", part="chaos", property=key, episode=name, outcome=outcome, **more)

    cut = Item(nodeid="BRK-02[drip]", part="chaos", property="BRK-02", episode="drip")
    found = fault_table.verdicts(
        PartOutcomes(
            part="chaos",
            collected=[cut],
            records=[
                ended("hang", "BRK-01", Outcome.PASSED),
                ended("hang", "BRK-02", Outcome.PASSED),
                ended("hang", "BRK-09", Outcome.SKIPPED, skip_reason=SkipReason.NOT_CLAIMED),
                ended("reset_before", "BRK-01", Outcome.UNKNOWN),
                ended("reset_before", "BRK-02", Outcome.FAILED),
                ended("slow", "BRK-62", Outcome.SKIPPED, hole=True),
                ended("full_backlog", "BRK-01", Outcome.SKIPPED, skip_reason=SkipReason.STACK_CANNOT),
            ],
        )
    )
    assert found == {
        "hang": "passed: 2 tests",
        "reset_before": "failed: BRK-02",
        "slow": "unknown: BRK-62",
        "full_backlog": "skipped: stack-cannot",
        "drip": "unknown: BRK-02",
    }


def test_table_with_a_run_asks_for_the_folder_of_one(tmp_path: Path) -> None:
    ran = CliRunner().invoke(cli, ["faults", "--verdict", str(tmp_path)])
    assert ran.exit_code
    assert isinstance(ran.exception, DrillError | SystemExit)
