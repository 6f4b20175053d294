"""The check of the agent's metrics notices what is missing, foreign, or of another type."""

from __future__ import annotations

import pytest

from pms_drill.checks.exposition import FAMILIES, SCRAPERS, buckets_cover, family_complete, readable_by_prometheus
from pms_drill.checks.verdict import Outcome
from pms_drill.evidence.scrape import Scrape

NAME = "pms_failover_answers_total"
COMPLETE = f"""\
# TYPE {NAME} counter
{NAME}{{operation="availability",source="stale"}} 0
{NAME}{{operation="availability",source="mock"}} 0
{NAME}{{operation="reservation",source="outbox"}} 0
"""


def scrape(text):
    return Scrape.parse(text, 0.0, 0.1)


def buckets(*limits):
    lines = [f'lat_bucket{{operation="probe",le="{limit}"}} 0' for limit in (*limits, "+Inf")]
    return scrape("\n".join(["# TYPE lat histogram", *lines, 'lat_count{operation="probe"} 0', ""]))


def test_a_complete_counter_passes():
    assert family_complete("failover", NAME, scrape(COMPLETE)).outcome is Outcome.PASSED


def test_an_empty_scrape_is_unknown():
    assert family_complete("failover", NAME, scrape("")).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (COMPLETE.replace("counter", "gauge"), "is a gauge"),
        ("# TYPE other gauge\nother 1\n", "is not there"),
        (COMPLETE.replace('source="mock"', 'source="other"'), 'lacks {operation="availability", source="mock"}'),
        (COMPLETE.replace('source="mock"', 'source="other"'), 'has {operation="availability", source="other"}'),
        (COMPLETE.replace('reservation"', 'booking"'), 'has {operation="booking", source="outbox"}'),
    ],
    ids=["other type", "absent", "missing label set", "foreign label set", "foreign operation"],
)
def test_what_is_wrong_with_a_metric_is_named(text, said):
    verdict = family_complete("failover", NAME, scrape(text))
    assert verdict.outcome is Outcome.FAILED
    assert said in verdict.seen["metrics"]


def test_a_gauge_without_labels_and_a_histogram_are_recognised():
    text = "# TYPE pending gauge\npending 0\n# TYPE lat histogram\n"
    series = [f'lat_count{{service="pms",operation="{name}"}} 0\n' for name in ("availability", "reservation")]
    assert family_complete("pending", "pending", scrape(text)).outcome is Outcome.PASSED
    lacking = family_complete("latency", "lat", scrape(text + "".join(series)))
    assert 'lacks {operation="probe", service="pms"}' in lacking.seen["metrics"]


def test_buckets_from_five_milliseconds_to_thirty_seconds_pass():
    assert buckets_cover("lat", buckets(0.005, 1, 30)).outcome is Outcome.PASSED


@pytest.mark.parametrize("limits", [(0.01, 30), (0.005, 10), (), (30,)], ids=str)
def test_buckets_that_leave_out_an_end_fail(limits):
    assert buckets_cover("lat", buckets(*limits)).outcome is Outcome.FAILED


def test_no_bucket_at_all_is_unknown():
    assert buckets_cover("lat", scrape(COMPLETE)).outcome is Outcome.UNKNOWN


def test_every_role_of_a_profile_is_described():
    from pms_drill.profile import MetricsPart

    assert set(MetricsPart.model_fields) <= set(FAMILIES)


PLAIN = "# TYPE up gauge\nup 1\n"
OPEN = f"{PLAIN}# EOF\n"


@pytest.mark.parametrize("scraper", SCRAPERS)
@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "text/plain; version=0.0.4",
        "text/plain; version=1.0.0; charset=utf-8",
        'text/plain;version="0.0.4"',
    ],
)
def test_every_version_of_the_text_format_that_prometheus_reads_passes(scraper, kind):
    assert readable_by_prometheus(SCRAPERS[scraper], kind, PLAIN).outcome is Outcome.PASSED


def test_openmetrics_passes_where_it_was_asked_for_only():
    kind = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert readable_by_prometheus(SCRAPERS["prometheus-3"], kind, OPEN).outcome is Outcome.PASSED
    assert readable_by_prometheus(SCRAPERS["prometheus-2"], kind, OPEN).outcome is Outcome.PASSED
    assert readable_by_prometheus(SCRAPERS["text-only"], kind, OPEN).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("", PLAIN),
        ("application/json", PLAIN),
        ("text/plain; version=2.0.0", PLAIN),
        ("application/openmetrics-text", OPEN),
        ("application/openmetrics-text; version=1.0.0", PLAIN),
        ("text/plain; version=0.0.4", "{not metrics"),
    ],
)
def test_metrics_that_prometheus_cannot_read_fail(kind, text):
    assert readable_by_prometheus(SCRAPERS["prometheus-3"], kind, text).outcome is Outcome.FAILED


@pytest.mark.parametrize("text", ["", "# HELP up nothing\n"])
def test_metrics_without_a_sample_are_unknown(text):
    assert readable_by_prometheus(SCRAPERS["text-only"], "text/plain", text).outcome is Outcome.UNKNOWN
