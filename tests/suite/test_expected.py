"""What a run must judge is known from data; it is what pytest collects, and names that mean nothing are errors."""

from __future__ import annotations

import subprocess
from collections import Counter
from datetime import date
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from pms_drill import expected, profile, pytest_command
from pms_drill.checks.verdict import SkipReason
from pms_drill.episodes import experiments
from pms_drill.episodes.expectations import fault_named
from pms_drill.errors import DrillError
from pms_drill.excuses import Ground
from pms_drill.faults.story import Needs
from pms_drill.profile import Waiver
from pms_drill.properties import catalogue, suites
from pms_drill.properties.suites import Mark, SuiteTest
from pms_drill.report.coverage import key_of
from pms_drill.report.outcomes import read_part
from pms_drill.stack.qloapps_switches import FAULTS, QloAppsSwitches
from pms_drill.stack.twin_pms import FAULTS as OF_THE_TWIN
from pms_drill.stack.twin_pms import TwinSwitches
from pms_drill.target import Target
from pms_drill.tiers import load_tier

ROOT = Path(__file__).resolve().parents[2]
TESTS = suites.read(ROOT)
FAST = profile.load("reference-fast")
PR, SMOKE = load_tier("pr"), load_tier("smoke")


def a_test(*marks: Mark, fixtures: tuple[str, ...] = ("outage",), key: str = "BRK-18") -> SuiteTest:
    return SuiteTest("chaos/test_x.py", "test_x", 1, key, (), fixtures=fixtures, marks=marks)


@pytest.mark.parametrize("part", ["contracts", "chaos", "load"])
def test_data_expect_exactly_the_tests_and_experiments_that_pytest_collects(part: str, tmp_path: Path) -> None:
    words = [*pytest_command.words(part, ROOT, tmp_path, 0, 7), "--collect-only", f"--pms-run-dir={tmp_path}"]
    env = pytest_command.environment(part, {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
    subprocess.run(words, cwd=ROOT, env=env, capture_output=True, timeout=100, check=True)
    made = {key_of(item): item for item in read_part(tmp_path, part).generated}
    due = {one.key: one for one in expected.expected(TESTS, PR, Ground("embedded", FAST)) if one.item.part == part}
    assert made.keys() == due.keys()
    # What -k can match is known as well, but for the names of parameters and what plug-ins add.
    told = {key: one.names - set(made[key].keywords) for key, one in due.items() if not one.parametrized}
    assert {key: names for key, names in told.items() if names} == {}


def test_every_property_of_a_part_is_expected_by_some_test() -> None:
    parts = {group.name: group.part for group in catalogue.load().group}
    due = {one.item.property for one in expected.expected(TESTS, PR, Ground("embedded", FAST))}
    assert {entry.id for entry in catalogue.load().property if parts[entry.group] != "run"} == due - {""}


def test_smoke_leaves_most_experiments_and_some_properties_to_the_others() -> None:
    due = expected.expected(TESTS, SMOKE, Ground("embedded", FAST))
    assert {one.item.episode for one in due if not one.left_out} == {"refused", "hang", ""}
    assert {"PMS-36", "PMS-38"} <= {one.item.property for one in due if one.left_out}


@pytest.mark.parametrize(
    ("stack", "reasons", "faults"),
    [
        ("embedded", {SkipReason.NOT_CLAIMED, SkipReason.NEEDS_REAL_PMS}, OF_THE_TWIN),
        ("native", {SkipReason.NOT_CLAIMED}, FAULTS),
    ],
)
def test_few_reasons_excuse_a_skip_on_a_stack_of_ones_own(
    stack: str, reasons: set[SkipReason], faults: frozenset[str]
) -> None:
    at_the_pms = {
        name for name in experiments.OF_A_FAULT if fault_named(name, FAST).needs & {Needs.PMS_SWITCHES, Needs.ENGINE}
    }
    impossible = at_the_pms - faults
    due = expected.expected(TESTS, PR, Ground(stack, FAST))
    found = Counter(excuse.reason for one in due for excuse in one.excuses)
    assert found.keys() - {SkipReason.NEEDS_TOOL, SkipReason.STACK_CANNOT} == reasons
    # Beside experiments of faults that the PMS of the stack cannot have, few tests have an excuse.
    assert len([one for one in due if one.excuses and one.item.episode not in impossible]) < 80
    assert {one.item.episode for one in due if one.excuses} >= impossible


def test_read_only_system_of_others_excuses_all_of_chaos_and_load_and_not_the_contracts() -> None:
    ground = Ground("external", FAST, Target(agent_url="http://agent.example:8000"))
    due = expected.expected(TESTS, PR, ground)
    judged = [one for one in due if not any(excuse.certain and not excuse.under for excuse in one.excuses)]
    assert {one.item.part for one in judged} == {"contracts"}
    assert {"API-05", "API-29"} <= {one.item.property for one in judged}


def test_names_of_today_all_mean_something() -> None:
    for tier in (SMOKE, PR, load_tier("weekly")):
        expected.check_names(TESTS, tier, FAST)


@pytest.mark.parametrize(
    ("tests", "tier", "mine", "says"),
    [
        ([], SMOKE.model_copy(update={"chaos": SMOKE.chaos.model_copy(update={"episodes": ["hagn"]})}), FAST, "'hagn'"),
        (
            [],
            SMOKE.model_copy(update={"contracts": SMOKE.contracts.model_copy(update={"leaves_out": ["PMS-3"]})}),
            FAST,
            "smoke.contracts.leaves_out: there is no property 'PMS-3'",
        ),
        (
            [],
            PR,
            FAST.model_copy(update={"waiver": [Waiver(property="BRK-99", reason="r", owner="o", expires=date.max)]}),
            "waiver: there is no property 'BRK-99'",
        ),
        ([a_test(key="BRK-99")], PR, FAST, "there is no property 'BRK-99' in the catalogue"),
        ([a_test(Mark("only_under", ("refusd",)))], PR, FAST, "only_under names 'refusd', which outage does not have"),
        ([a_test(Mark("only_under", ("hang",)), fixtures=("pms",))], PR, FAST, "the evidence of no experiment"),
        ([a_test(Mark("claims", ("breaker.minimum_cals",)))], PR, FAST, "no profile can claim breaker.minimum_cals"),
        ([a_test(Mark("claims", ("breaker.half_open=porbe",)))], PR, FAST, "can claim breaker.half_open=porbe"),
        ([a_test(Mark("claims", ("braker.window",)))], PR, FAST, "no profile can claim braker.window"),
    ],
)  # fmt: skip
def test_name_that_selects_nothing_is_an_error(tests, tier, mine, says) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DrillError) as error:
        expected.check_names(tests, tier, mine)
    assert says in str(error.value)


def test_pytest_itself_refuses_a_misspelt_only_under() -> None:
    with pytest.raises(DrillError, match="'refusd'"):
        experiments.judged_under("outage", only=["hang", "refusd"])


def test_faults_that_the_tables_promise_are_those_that_the_pms_can_have() -> None:
    settings = {"prefix": "qlo_", "key": "K", "password": "P", "note_child": MagicMock()}
    real = QloAppsSwitches(MagicMock(), MagicMock(), MagicMock(), **settings)
    assert frozenset(real._ways) == FAULTS == real.names
    twin = TwinSwitches("127.0.0.1:1", "T", "K")
    assert twin._requests.keys() <= OF_THE_TWIN == twin.names
    twin.close()
