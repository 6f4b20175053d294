"""Figures of the metrics that no guest is told: each one counted otherwise, alone, fails."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pms_drill.checks import metric_figures as figures
from pms_drill.checks.verdict import Outcome
from pms_drill.evidence.scrape import Scrape
from tests.checks.literal import CANCEL, NAMES, call, counted, ledger, outage

ALL = [figures.durations_fit_the_calls, figures.surplus_is_counted, figures.only_guests_are_rejected]
LIMITS = ("0.005", "0.01", "30.0", "+Inf")


def histogram(scrape: Scrape, took: float = 0.003) -> Scrape:
    """The scrape with buckets and sums for calls of 3 ms each."""
    more = {}
    for (name, labels), count in scrape.samples.items():
        if name == f"{NAMES.latency}_count":
            more[f"{NAMES.latency}_sum", labels] = count * took
            for limit in LIMITS:
                more[f"{NAMES.latency}_bucket", labels | {("le", limit)}] = count
    return replace(scrape, samples=scrape.samples | more)


GOOD = [histogram(scrape) for scrape in counted().scrapes(-0.5, 11.5)]


def last_with(name: str, value: float | None, **labels: str):
    """The outage whose last scrape has another value; None leaves the series out."""
    key = next(key for key in GOOD[-1].samples if key[0] == name and set(labels.items()) <= key[1])
    samples = {**GOOD[-1].samples, key: value}
    changed = replace(GOOD[-1], samples={key: one for key, one in samples.items() if one is not None})
    return outage(scrapes=[*GOOD[:-1], changed])


@pytest.mark.parametrize("check", ALL)
def test_a_good_outage_passes(check):
    found = check(outage(scrapes=GOOD))
    assert found.outcome is Outcome.PASSED, found.why


@pytest.mark.parametrize("check", ALL)
def test_without_scrapes_nothing_is_known(check):
    assert check(outage(scrapes=[])).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("part", "value", "labels"),
    [
        ("_sum", 1.03, {}),
        ("_sum", 0.0, {}),
        ("_sum", None, {}),
        ("_count", 99.0, {}),
        ("_bucket", 99.0, {"le": "+Inf"}),
        ("_bucket", None, {"le": "+Inf"}),
        ("_bucket", 0.0, {"le": "0.01"}),
    ],
)
def test_durations_that_contradict_each_other_fail(part, value, labels):
    changed = last_with(f"{NAMES.latency}{part}", value, operation="availability", **labels)
    assert figures.durations_fit_the_calls(changed).outcome is Outcome.FAILED


def test_durations_shorter_than_at_the_pms_side_fail():
    slow = [entry.model_copy(update={"delivered": entry.received + 0.4}) for entry in ledger()]
    assert figures.durations_fit_the_calls(outage(scrapes=GOOD, ledger=slow)).outcome is Outcome.FAILED


def test_a_surplus_booking_counted_otherwise_fails():
    cancelled = [*ledger(), call(9.0, CANCEL, 201)]
    assert figures.surplus_is_counted(outage(scrapes=GOOD, ledger=cancelled)).outcome is Outcome.FAILED
    once = last_with(NAMES.duplicates, 1.0)
    assert figures.surplus_is_counted(once).outcome is Outcome.FAILED
    assert figures.surplus_is_counted(replace(once, ledger=cancelled)).outcome is Outcome.PASSED


@pytest.mark.parametrize("operation", ["probe", "cancel", "readback"])
def test_a_rejection_that_nobody_met_fails(operation):
    counts = counted()
    counts.add(4.2, NAMES.rejections, service="pms", operation=operation)
    found = figures.only_guests_are_rejected(outage(scrapes=counts.scrapes(-0.5, 11.5)))
    assert found.outcome is Outcome.FAILED
