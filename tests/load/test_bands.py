"""The runbook's bands, at and beside every limit, and exact percentiles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pms_drill.errors import DrillError
from pms_drill.load.bands import Band, Rule, Targets, load_targets
from pms_drill.load.percentiles import percentile


@pytest.fixture(scope="module")
def table() -> Targets:
    return load_targets()


@pytest.mark.parametrize(
    ("percent", "band"),
    [
        (100.0, Band.TARGET),
        (99.91, Band.TARGET),
        (99.9, Band.OFF_TARGET),
        (99.7, Band.OFF_TARGET),
        (99.5, Band.OFF_TARGET),
        (99.49, Band.WARNING),
        (99.0, Band.WARNING),
        (98.99, Band.CRITICAL),
        (0.0, Band.CRITICAL),
    ],
)
def test_availability_band_follows_the_sign_at_each_limit(table: Targets, percent: float, band: Band) -> None:
    assert table.availability.band(percent) is band


@pytest.mark.parametrize(
    ("ms", "band"),
    [
        (0.0, Band.TARGET),
        (499.999, Band.TARGET),
        (500.0, Band.OFF_TARGET),
        (1000.0, Band.OFF_TARGET),
        (1000.001, Band.WARNING),
        (3000.0, Band.WARNING),
        (3000.001, Band.CRITICAL),
    ],
)
def test_response_time_band_follows_the_sign_at_each_limit(table: Targets, ms: float, band: Band) -> None:
    assert table.response_time.band(ms) is band


@pytest.mark.parametrize(
    ("percent", "band"),
    [
        (0.0, Band.TARGET),
        (0.099, Band.TARGET),
        (0.1, Band.OFF_TARGET),
        (1.0, Band.OFF_TARGET),
        (1.001, Band.WARNING),
        (5.0, Band.WARNING),
        (5.001, Band.CRITICAL),
        (100.0, Band.CRITICAL),
    ],
)
def test_error_rate_band_follows_the_sign_at_each_limit(table: Targets, percent: float, band: Band) -> None:
    assert table.error_rate.band(percent) is band


@pytest.mark.parametrize(("state", "band"), [(0, Band.TARGET), (2, Band.WARNING), (1, Band.CRITICAL)])
def test_breaker_band_is_named_by_its_state(table: Targets, state: float, band: Band) -> None:
    assert table.circuit_breaker.band(state) is band


def test_a_value_that_is_no_number_has_no_band(table: Targets) -> None:
    assert table.error_rate.band(float("nan")) is Band.UNKNOWN


def test_a_rule_reads_and_prints_as_it_is_written() -> None:
    assert [str(Rule.parse(text)) for text in ("> 99.9", "<500", ">= 3", "== 0")] == [
        "> 99.9",
        "< 500",
        ">= 3",
        "== 0",
    ]
    for wrong in ("99.9", "=> 3", "> ", "< five", "> 1 s", ""):
        with pytest.raises(ValueError, match="no limit"):
            Rule.parse(wrong)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("not TOML", "cannot be read"),
        ("[availability]\nlabel='A'\n", "lacks 'unit'"),
        ("[availability]\nlabel='A'\nunit='%'\ntarget='99'\n", "is wrong"),
    ],
)
def test_a_broken_table_is_an_error_that_names_the_place(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "targets.toml"
    file.write_text(text)
    with pytest.raises(DrillError, match=says) as caught:
        load_targets(file)
    assert str(file) in str(caught.value)


def test_a_missing_table_is_an_error() -> None:
    with pytest.raises(DrillError, match="cannot be read"):
        load_targets(Path("no/such/targets.toml"))


def test_percentile_is_a_sample_by_nearest_rank() -> None:
    assert percentile([40, 10, 30, 20], 50) == 20
    assert percentile([1], 95) == 1
    assert percentile(range(1, 21), 95) == 19
    assert percentile(range(1, 22), 95) == 20
    assert percentile(range(1, 101), 95) == 95
    assert percentile(range(1, 101), 99) == 99
    assert percentile(range(1, 101), 100) == 100
    assert percentile(range(1, 101), 1) == 1


def test_percentile_agrees_with_the_inverted_cdf_for_every_small_n() -> None:
    for n in range(1, 400):
        samples = list(range(1, n + 1))
        for percent in (50, 95, 99):
            assert percentile(samples, percent) == np.percentile(samples, percent, method="inverted_cdf")


@pytest.mark.parametrize(("values", "percent"), [([], 95), ([1.0], 0), ([1.0], 101)])
def test_there_is_no_percentile_of_nothing(values: list[float], percent: int) -> None:
    with pytest.raises(ValueError, match="no per"):
        percentile(values, percent)
