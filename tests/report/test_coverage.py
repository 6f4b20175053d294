"""What had to be judged and was not is named, whatever took it away; what -k selects is known before pytest begins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from pms_drill.checks.verdict import Outcome, SkipReason
from pms_drill.errors import DrillError
from pms_drill.report.coverage import Excuse, Expected, Selection, chosen_parts, ranges
from pms_drill.report.merge import Gathered, Merged, merge
from pms_drill.report.outcomes import Generated, Item, PartOutcomes, Record, RunContext
from pms_drill.tiers import Tier
from tests.report.conftest import collect

TIER = Tier.model_validate(
    {
        "name": "pr",
        "deadline": "8m",
        "parts": ["contracts", "chaos"],
        "examples": 5,
        "skips": {"embedded": ["not-claimed", "needs-tool"]},
    }
)
PARTS = {"BRK-18": "chaos", "BRK-27": "chaos", "BRK-56": "chaos", "SEC-01": "run"}
SECRETS = Record(nodeid="s::SEC-01", part="run", property="SEC-01", outcome=Outcome.PASSED)


def item(key: str, episode: str = "hang", param: str = "") -> Item:
    inside = "-".join(filter(None, [episode, param]))
    return Item(nodeid=f"chaos/t.py::{key}[{inside}]", part="chaos", property=key, episode=episode)


def due(key: str, episode: str = "hang", *excuses: Excuse, **more: object) -> Expected:
    about = item(key, episode).model_copy(update={"nodeid": f"chaos/t.py::{key}"})
    return Expected(about, frozenset({"chaos", "t.py", key, episode}), excuses=excuses, **more)  # type: ignore[arg-type]


def passed(one: Item) -> Record:
    return Record(**one.model_dump(), outcome=Outcome.PASSED)


def skipped(one: Item, reason: SkipReason) -> Record:
    return Record(**one.model_dump(), outcome=Outcome.SKIPPED, skip_reason=reason, why="because")


def judge(expected: list[Expected], records: list[Record], **more: object) -> Merged:
    part = PartOutcomes(part="chaos", collected=list(records), records=records, **more.pop("part", {}))  # type: ignore[arg-type]
    run = PartOutcomes(part="run", collected=[SECRETS], records=[SECRETS])
    catalogue = {key: PARTS[key] for key in {one.item.property for one in expected} | {"SEC-01"}}
    settings = {"context": RunContext(seed=7), "tier": TIER, "parts": [part, run], "today": date(2026, 11, 24)}
    return merge(Gathered(**{**settings, "expected": expected, "catalogue": catalogue, **more}))  # type: ignore[arg-type]


def test_property_that_nobody_judged_is_unknown_by_name() -> None:
    result = judge([due("BRK-18"), due("BRK-27")], [passed(item("BRK-18"))])
    assert result.exit_code == 2
    assert result.properties["BRK-27"].verdict is Outcome.UNKNOWN
    assert "it was not collected" in result.properties["BRK-27"].why
    assert (result.coverage.of, result.coverage.judged, result.coverage.not_judged) == (3, 2, ["BRK-27"])
    assert "not judged, although they had to be: BRK-27" in result.trouble


def test_experiment_under_which_a_property_was_not_judged_is_named() -> None:
    result = judge([due("BRK-18"), due("BRK-18", "drip")], [passed(item("BRK-18"))])
    found = result.properties["BRK-18"]
    assert (found.verdict, found.episodes, found.tests, found.holes) == (Outcome.UNKNOWN, ["drip"], 1, 1)
    assert found.reproduce == 'pms-drill run chaos -k "BRK-18 and drip" --pms-seed 7'


def test_one_parameter_that_was_taken_away_is_missed() -> None:
    made = [Generated(**item("BRK-18", param=name).model_dump(), keywords=["BRK-18", name]) for name in ("cut", "bare")]
    result = judge([due("BRK-18")], [passed(item("BRK-18", param="cut"))], part={"generated": made})
    assert result.exit_code == 2
    assert "taken away after collection" in result.properties["BRK-18"].why
    chosen = judge([due("BRK-18")], [passed(item("BRK-18", param="cut"))], part={"generated": made}, selection="cut")
    assert chosen.exit_code == 0


def test_what_was_deselected_counts_for_nothing_whoever_says_that_it_was() -> None:
    gone = {"left_out": [item("BRK-27")]}
    assert judge([due("BRK-18"), due("BRK-27")], [passed(item("BRK-18"))], part=gone).exit_code == 2


def test_what_the_tier_leaves_to_others_is_counted_and_is_no_hole() -> None:
    result = judge([due("BRK-18"), due("BRK-27", left_out=True)], [passed(item("BRK-18"))])
    assert (result.exit_code, result.coverage.left_out, result.coverage.of) == (0, ["BRK-27"], 3)


@pytest.mark.parametrize(
    ("excuse", "code"),
    [
        ([], 2),
        ([Excuse(SkipReason.NEEDS_TOOL, "no promtool")], 0),
        ([Excuse(SkipReason.NOT_CLAIMED, "not claimed")], 2),
        ([Excuse(SkipReason.NEEDS_TOOL, "no promtool", frozenset({"hang"}))], 0),
        ([Excuse(SkipReason.NEEDS_TOOL, "no promtool", frozenset({"drip"}))], 2),
    ],
)
def test_skip_that_nothing_foresaw_is_unknown_whatever_the_tier_tolerates(excuse: list[Excuse], code: int) -> None:
    records = [passed(item("BRK-18")), skipped(item("BRK-56"), SkipReason.NEEDS_TOOL)]
    result = judge([due("BRK-18"), due("BRK-56", "hang", *excuse)], records)
    assert result.exit_code == code
    if code == 0:
        assert result.coverage.absent == {"needs-tool": ["BRK-56"]}
    else:
        assert "which nothing foresaw" in result.properties["BRK-56"].why
        assert result.coverage.not_judged == ["BRK-56"]


def test_skipped_tests_do_not_count_as_tests_that_judged() -> None:
    reason = Excuse(SkipReason.NEEDS_TOOL, "")
    names = ("drip", "refused", "reset")
    expected = [due("BRK-18"), *(due("BRK-18", name, reason) for name in names)]
    records = [passed(item("BRK-18")), *(skipped(item("BRK-18", name), SkipReason.NEEDS_TOOL) for name in names)]
    found = judge(expected, records).properties["BRK-18"]
    assert (found.verdict, found.tests, found.skipped) == (Outcome.PASSED, 1, 3)


def test_part_that_was_skipped_as_a_whole_is_unknown() -> None:
    excuse = Excuse(SkipReason.NEEDS_TOOL, "")
    contracts = passed(Item(nodeid="contracts/t.py::PMS-01", part="contracts", property="PMS-01"))
    first = PartOutcomes(part="contracts", collected=[contracts], records=[contracts])
    chaos = [skipped(item("BRK-18"), SkipReason.NEEDS_TOOL)]
    parts = [first, PartOutcomes(part="chaos", collected=list(chaos), records=chaos)]
    result = judge([due("BRK-18", "hang", excuse)], [], parts=parts, catalogue={})
    assert (result.exit_code, result.trouble) == (2, ["chaos: nothing was judged, all 1 tests were skipped"])


def test_property_without_any_test_in_the_suites_is_a_hole() -> None:
    result = judge([due("BRK-18")], [passed(item("BRK-18"))], catalogue={"BRK-18": "chaos", "BRK-27": "chaos"})
    assert result.properties["BRK-27"].why == "not judged: no test of the suites judges it"


def test_what_the_runner_judges_at_the_end_is_missed_as_well() -> None:
    only = [PartOutcomes(part="chaos", collected=[item("BRK-18")], records=[passed(item("BRK-18"))])]
    assert judge([due("BRK-18")], [], parts=only).coverage.not_judged == ["SEC-01"]


@pytest.mark.parametrize("expression", ["BRK-18", "brk-18 and not drip", "hang", "(t.py or x) and BRK"])
def test_selection_is_read_as_pytest_reads_it(expression: str) -> None:
    assert Selection(expression).matches(due("BRK-18").names)
    assert not Selection(f"not ({expression})").matches(due("BRK-18").names)


def test_expression_that_is_none_is_an_error() -> None:
    with pytest.raises(DrillError, match="is no expression"):
        Selection("BRK-18 and")


EXPECTED = [
    due("BRK-18"),
    due("BRK-27", "drip", left_out=True),
    Expected(Item(nodeid="contracts/t.py::names", part="contracts", property="PMS-01"), frozenset({"PMS-01"}), True),
]


@pytest.mark.parametrize(
    ("expression", "named", "parts"),
    [
        ("", (), ["contracts", "chaos"]),
        ("BRK-18", (), ["chaos"]),
        ("BRK-18", ("chaos",), ["chaos"]),
        ("PMS-01 and somewhere", (), ["contracts"]),
        ("hang", (), ["chaos"]),
    ],
)
def test_only_the_parts_in_which_the_selection_matches_are_run(
    expression: str, named: tuple[str, ...], parts: list[str]
) -> None:
    assert chosen_parts(EXPECTED, Selection(expression), named or ["contracts", "chaos"], named) == parts


@pytest.mark.parametrize(
    ("expression", "named", "says"),
    [
        ("BRK-99", (), "matches no test of contracts, chaos"),
        ("BRK-18", ("contracts",), "matches no test of contracts; it matches in chaos"),
        ("BRK-18", ("contracts", "chaos"), "matches no test of contracts; it matches in chaos"),
        ("BRK-27", (), "this tier leaves what matches in chaos to the others"),
        ("hagn", ("chaos",), "matches no test of chaos"),
    ],
)
def test_selection_that_matches_nothing_is_an_error_that_says_where_it_would(
    expression: str, named: tuple[str, ...], says: str
) -> None:
    with pytest.raises(DrillError) as error:
        chosen_parts(EXPECTED, Selection(expression), named or ["contracts", "chaos"], named)
    assert says in str(error.value)


def test_ids_in_a_row_are_told_as_a_range() -> None:
    ids = ["PMS-37", "PMS-35", "PMS-36", "BRK-01", "BRK-02", "BRK-40"]
    assert ranges(ids) == ["BRK-01", "BRK-02", "BRK-40", "PMS-35 to PMS-37"]


def test_deselected_tests_are_noted_and_so_is_what_pytest_made(project: Callable[..., Path]) -> None:
    root = project(
        chaos="""
        @pytest.mark.property("BRK-01")
        def test_one(): pass

        @pytest.mark.property("BRK-02")
        @pytest.mark.episode("drip")
        def test_two(): pass
        """
    )
    part = collect(root, "chaos", "-k", "test_one", "-n", "2")
    assert [item.property for item in part.collected] == ["BRK-01"]
    assert [(item.property, item.episode) for item in part.left_out] == [("BRK-02", "drip")]
    assert [item.property for item in part.generated] == ["BRK-01", "BRK-02"]
    names = set(part.generated[1].keywords)
    assert names >= {"chaos", "test_chaos_sample.py", "test_two", "BRK-02", "drip", "property", "pytestmark"}
