"""The page for people, whole, as it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from pms_drill.checks.verdict import Outcome
from pms_drill.report import page, summary
from pms_drill.report.model import Counts, Coverage, PropertyResult, RunVerdict, TargetRow

GOLDEN = Path(__file__).with_name("golden_page.txt")


def row(metric, label, value, band, unit, limits, phase="steady", n=9000, note="", gates=True, **ends):
    target, warning, critical = limits
    return TargetRow(
        metric=metric, label=label, phase=phase, value=value, n=n, band=band, unit=unit, note=note, gates=gates,
        target=target, warning=warning, critical=critical, **ends,
    )  # fmt: skip


AVAILABILITY = ("> 99.9", "< 99.5", "< 99")
TIME = ("< 500", "> 1000", "> 3000")
STATE = ("== 0", "== 2", "== 1")


def verdict(**changes):
    why = (
        "claimed   0 calls at the PMS between 12.31 s (opened) and 13.31 s (wait over)\n"
        "ledger    2 calls: 12.58 s GET /api/bookings/4711 (readback), 12.96 s POST /api/order_histories (cancel)"
    )
    broken = "in setup: the agent did not become ready in 20 s\n  where: logs/agent.log"
    properties = {
        "BRK-17": PropertyResult(verdict=Outcome.PASSED, tests=4, sentence="the breaker opens at the threshold"),
        "BRK-18": PropertyResult(
            verdict=Outcome.FAILED, tests=4, part="chaos", episodes=["hang", "drip"], why=why,
            sentence="no call of any operation reaches the PMS while the breaker is open",
            reproduce='pms-drill run chaos -k "BRK-18 and hang" --pms-seed 4711',
        ),
        "BRK-20": PropertyResult(
            verdict=Outcome.UNKNOWN, tests=1, sentence="one probe at a time", why=broken,
            reproduce='pms-drill run chaos -k "BRK-20" --pms-seed 4711',
        ),
        "BRK-21": PropertyResult(
            verdict=Outcome.UNKNOWN, tests=1, sentence="the probe is a safe read", why=broken,
            reproduce='pms-drill run chaos -k "BRK-21" --pms-seed 4711',
        ),
        "LOG-04": PropertyResult(
            verdict=Outcome.WAIVED, tests=1, sentence="the key is never logged",
            why="waived by team until 2026-12-31: masking is under way\n1 line holds the key",
            reproduce='pms-drill run chaos -k "LOG-04" --pms-seed 4711',
        ),
    }  # fmt: skip
    settings = {
        "run_id": "20261124T170119Z-pr-embedded", "commit": "a3d3133f0c1b2a3d4e5f", "tier": "pr", "stack": "embedded",
        "profile": "reference-fast", "seed": 4711, "started": "2026-11-24T17:01:19+00:00", "duration_s": 401.2,
        "exit_code": 1, "parts": ["contracts", "chaos", "load"], "versions": {"python": "3.11.7"},
        "machine": {"cores": 2},
        "counts": Counts(passed=4, failed=4, unknown=2, waived=1, skipped={"not-claimed": 3, "needs-real-pms": 12}),
        "properties": properties,
        "targets": [
            row("availability", "Availability", 99.97, "target", "%", AVAILABILITY, low=99.92, high=99.99),
            row(
                "response_time:reservations", "Response time (reservations)", 612.0, "off target", "ms", TIME, n=30,
                note="p50 40 ms, max 900 ms", low=420.0, straddles="95 % interval from 420 ms (n 30) straddles < 500",
            ),
            row("error_rate", "Error rate", 0.0, "not shown", "%", ("< 0.1", "> 1", "> 5"), n=430, low=0.0, high=0.85,
                straddles="95 % interval 0.00 to 0.85 % (n 430) straddles < 0.1", phase="recovered again"),
            row("circuit_breaker", "Circuit breaker", 1.0, "critical", "state", STATE, "outage", 20, gates=False),
            row("availability", "Availability", None, "unknown", "%", AVAILABILITY, "recovered", 12, "12 samples"),
        ],
        "findings": [
            {"id": "QLO-03", "status": "known", "sentence": "a cancelled booking stays visible"},
            {"id": "QLO-08", "status": "vanished", "sentence": "a room is sold twice", "witness": "8 nights, no room"},
            {"id": "QLO-09", "status": "not-looked-for", "sentence": "a booking is cancelled inside"},
        ],
        "load_profile": "reference, which starts: {python} -m hotel_agent",
        "left_out": ["PMS-36", "PMS-37", "PMS-38", "BRK-40", "BRK-42"],
        "left_out_experiments": ["drip", "unauthorised"],
        "trouble": ["chaos: 31 tests were collected, JUnit shows 30"], "complete": True,
    }  # fmt: skip
    return RunVerdict(**{**settings, **changes})


def test_the_page_of_a_red_run_is_the_golden_one():
    assert page.render(verdict()) == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("code", "word"),
    [(0, "PASSED"), (1, "FAILED"), (2, "UNKNOWN"), (10, "OFF TARGET"), (11, "WARNING"), (12, "CRITICAL")],
)
def test_the_first_line_is_the_answer(code, word):
    assert page.render(verdict(exit_code=code)).splitlines()[0] == f"PMS integration: {word}"


def test_a_cut_run_says_so_in_its_first_line():
    first = page.render(verdict(complete=False)).splitlines()[0]
    assert first == "PMS integration: FAILED (the run was not completed)"


def test_lines_fit_and_hold_no_codes_for_colours():
    lines = page.render(verdict()).splitlines()
    assert max(map(len, lines)) <= 100
    assert not any("\x1b" in line for line in lines)


def test_one_cause_of_many_unknowns_is_told_once():
    assert page.render(verdict()).count("did not become ready") == 1


def test_a_passed_run_with_a_figure_off_target_says_so():
    text = page.render(verdict(exit_code=0, properties={}))
    assert "Some figures are off target; they gate from warning on." in text


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0 s"), (59.6, "1 min 0 s"), (401, "6 min 41 s"), (3600, "1 h")])
def test_duration(seconds, text):
    assert page.duration(seconds) == text


def test_what_a_tier_leaves_out_is_named_and_many_experiments_are_counted():
    names = [f"fault{number}" for number in range(9)]
    text = page.render(verdict(tier="smoke", left_out=["PMS-36"], left_out_experiments=names))
    assert "Not judged in smoke" in text
    assert "1 properties: PMS-36" in text
    assert "9 experiments: listed in verdict.json" in text
    assert "TIER=pr" in text
    assert "Not judged in" not in page.render(verdict(left_out=[], left_out_experiments=[]))


COVERAGE = Coverage(of=173, judged=160, absent={"not-claimed": ["BRK-04"] * 11, "needs-tool": ["BRK-56"] * 2})


def test_the_first_line_says_how_many_properties_were_judged():
    first = page.render(verdict(exit_code=0, coverage=COVERAGE)).splitlines()[0]
    assert first == "PMS integration: PASSED: 160 of 173 judged, 11 not claimed, 2 need a tool"


def test_the_first_line_names_what_is_left_to_others_and_what_was_not_judged():
    coverage = Coverage(of=9, judged=5, absent={"needs-tool": ["a"]}, left_out=["b"], not_judged=["c", "d"])
    first = page.render(verdict(exit_code=2, coverage=coverage)).splitlines()[0]
    assert first.endswith("UNKNOWN: 5 of 9 judged, 1 needs a tool, 1 left to other tiers, 2 NOT JUDGED")


@pytest.mark.parametrize("shown", [page.render, summary.render], ids=["page", "summary"])
def test_a_selection_is_never_told_as_the_whole(shown):
    coverage = Coverage(of=3, judged=3)
    one = verdict(exit_code=0, selected="-k 'hang'; part chaos", coverage=coverage)
    first = shown(one).splitlines()[0].removeprefix("## ")
    assert first == "PMS integration, a selection (-k 'hang'; part chaos): PASSED: 3 of 3 judged"


def test_many_unknowns_of_one_cause_are_told_by_their_ids():
    many = {
        f"BRK-{number:02}": PropertyResult(verdict=Outcome.UNKNOWN, tests=0, sentence="it holds", why="not judged")
        for number in range(1, 21)
    }
    text = page.render(verdict(properties=many))
    assert "  BRK-01 to BRK-20\n    not judged\n" in text
    assert "it holds" not in text


def test_what_was_run_once_more_is_told_with_its_reason():
    text = page.render(verdict(repeated=["hang for 1.20 s"]))
    assert "Run once more (the machine stalled at a moment that is judged)\n" in text
    assert "  hang for 1.20 s\n" in text
    assert "Run once more" not in page.render(verdict())
