"""What a tier leaves to the others is what it deselected and nobody judged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pms_drill.report.left_out import LeftOut, left_out, ranges
from pms_drill.report.outcomes import Item, PartOutcomes
from tests.report.conftest import collect


def item(key: str, episode: str = "") -> Item:
    return Item(nodeid=f"chaos/test_x.py::test_{key}[{episode}]", part="chaos", property=key, episode=episode)


PART = PartOutcomes(
    part="chaos",
    collected=[item("BRK-01", "hang"), item("SEC-01")],
    left_out=[item("BRK-01", "drip"), item("BRK-02", "drip"), item("BRK-03", "hang"), item("", "refused")],
)


def test_a_property_that_another_test_judged_is_not_left_out() -> None:
    told = left_out([PART], "")
    assert told == LeftOut(("BRK-02", "BRK-03"), ("drip", "refused"))


def test_under_a_selection_nothing_is_told() -> None:
    assert left_out([PART], "BRK-01") == LeftOut()


def test_ids_in_a_row_are_told_as_a_range() -> None:
    ids = ["PMS-37", "PMS-35", "PMS-36", "BRK-01", "BRK-02", "BRK-40"]
    assert ranges(ids) == ["BRK-01", "BRK-02", "BRK-40", "PMS-35 to PMS-37"]


def test_deselected_tests_are_noted_with_their_property(project: Callable[..., Path]) -> None:
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
