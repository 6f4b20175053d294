"""Literal runs and what is said about them: phases, doubts, bands."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pms_drill.checks.verdict import Outcome
from pms_drill.evidence.bundle import Span
from pms_drill.load.bands import Band, load_targets
from pms_drill.load.control import ControlBound, Sample, slowdown
from pms_drill.load.judge import METRICS, Target, judge
from pms_drill.load.operation import Answered, Operation, read
from pms_drill.load.phases import FaultTimes, Reading, phases
from pms_drill.load.plan import LoadPlan, Waits
from pms_drill.load.run import write_targets
from pms_drill.load.schedule import Arrival, Endpoint
from pms_drill.load.validity import conservation, doubts, punctuality

TABLE = load_targets()
BOUND = ControlBound(p95_ms=250.0, slowdown=3.0)
STEADY = {"steady": Span(0.0, 100.0)}


def call(number: int = 0, due: float = 1.0, *, ms: float = 10.0, late_ms: float = 0.0, **given: Any) -> Operation:
    usual: dict[str, Any] = {"endpoint": "availability", "status": 200, "answer": "pms"}
    return Operation(number=number, due=due, start=due + late_ms / 1000, end=due + ms / 1000, **{**usual, **given})


def booking(number: int = 0, **given: Any) -> Operation:
    usual: dict[str, Any] = {"endpoint": "reservations", "status": 201, "answer": "confirmed"}
    return call(number, **{**usual, **given})


FAILED: dict[str, Any] = {"status": 502, "answer": "pms-unreachable"}
CLOSED = [Reading(float(at), 0.0) for at in range(10)]


def rows(operations: list[Operation], readings: list[Reading] = CLOSED, **reasons: list[str]) -> dict[str, Target]:
    return {row.metric: row for row in judge(operations, readings, STEADY, TABLE, reasons)}


@pytest.mark.parametrize(
    ("operation", "answered"),
    [
        (call(), Answered.PMS),
        (call(answer="stale"), Answered.DEGRADED),
        (call(answer="mock"), Answered.DEGRADED),
        (call(answer="cache"), Answered.ERROR),
        (call(answer=None, error="garbage"), Answered.ERROR),
        (call(status=201), Answered.ERROR),
        (call(status=302, answer=None), Answered.ERROR),
        (call(status=404, answer="unknown"), Answered.REFUSED),
        (call(status=409, answer="sold-out"), Answered.REFUSED),
        (call(status=429, answer=None), Answered.REFUSED),
        (call(**FAILED), Answered.ERROR),
        (call(status=503, answer=None), Answered.ERROR),
        (call(status=None, answer=None, error="timeout"), Answered.ERROR),
        (call(status=None, answer=None), Answered.ERROR),
        (booking(), Answered.PMS),
        (booking(status=409, answer="sold-out"), Answered.PMS),
        (booking(status=202, answer="pending"), Answered.DEGRADED),
        (booking(status=202, answer="confirmed"), Answered.ERROR),
        (booking(answer="pending"), Answered.ERROR),
        (booking(status=200, answer="confirmed"), Answered.ERROR),
        (booking(status=422, answer="invalid"), Answered.REFUSED),
        (booking(status=500, answer=None), Answered.ERROR),
    ],
)
def test_each_answer_counts_as_one_thing(operation: Operation, answered: Answered) -> None:
    assert operation.answered is answered


def test_response_time_counts_from_the_intended_arrival() -> None:
    operation = call(due=5.0, ms=300.0, late_ms=200.0)
    assert operation.response_ms == 300.0
    assert operation.lateness_ms == 200.0


def test_operations_survive_their_file(tmp_path: Path) -> None:
    file = tmp_path / "operations.jsonl"
    file.write_text(call().line() + booking(1, error="lost", status=None).line())
    assert read(file) == [call(), booking(1, error="lost", status=None)]
    file.write_text('{"number": 1}\n')
    with pytest.raises(ValueError, match="no operation"):
        read(file)


# --- phases


WAITS = Waits(recovery=30.0, deadline=10.0)
PLAN = LoadPlan(warmup=3, steady=20, guard=3, outage=10, slack=3, margin=5, recovered=15)
FAULT = FaultTimes(PLAN.strikes[0], arming=126.0, armed=127.0, healing=137.0, healed=138.0)
END = 100 + PLAN.total(WAITS)


def test_without_an_outage_everything_after_the_warmup_is_steady() -> None:
    plan = LoadPlan(warmup=3, steady=12)
    assert phases(plan, 100.0, WAITS, [], []) == {"steady": Span(103.0, 115.0)}


def test_recovered_begins_with_the_first_closed_scrape_after_the_proof_of_healing() -> None:
    readings = [Reading(at, state) for at, state in [(137.5, 0.0), (139.0, 1.0), (150.0, 2.0), (151.0, 0.0)]]
    assert phases(PLAN, 100.0, WAITS, [FAULT], readings) == {
        "steady": Span(103.0, 123.0),
        "outage": Span(127.0, 137.0),
        "recovering": Span(138.0, 151.0),
        "recovered": Span(151.0, END),
    }


@pytest.mark.parametrize("readings", [[], [Reading(140.0, 1.0)], [Reading(140.0, None, "refused")]])
def test_a_breaker_that_stays_open_is_judged_after_its_wait_and_the_margin(readings: list[Reading]) -> None:
    assert phases(PLAN, 100.0, WAITS, [FAULT], readings)["recovered"] == Span(173.0, END)


def test_a_heal_that_took_too_long_leaves_a_recovered_phase_without_time() -> None:
    late = replace(FAULT, healed=END + 5)
    assert phases(PLAN, 100.0, WAITS, [late], [])["recovered"] == Span(END, END)


BOTH = replace(PLAN, hang=12.0, closes="reset")


def test_what_lies_between_two_outages_is_recovered_from_one_and_before_the_other() -> None:
    refused, hang = BOTH.strikes
    first = FaultTimes(refused, arming=126.0, armed=126.5, healing=136.5, healed=137.0)
    second = FaultTimes(hang, arming=170.0, armed=170.5, healing=182.5, healed=183.0)
    readings = [Reading(at, state) for at, state in [(137.5, 0.0), (180.0, 1.0), (183.5, 1.0), (211.0, 0.0)]]
    assert phases(BOTH, 100.0, WAITS, [first, second], readings) == {
        "steady": Span(103.0, 123.0),
        "outage": Span(126.5, 136.5),
        "recovering": Span(137.0, 137.5),
        "recovered": Span(137.5, 167.0),
        "hang": Span(170.5, 182.5),
        "recovering again": Span(183.0, 211.0),
        "recovered again": Span(211.0, 100.0 + BOTH.total(WAITS)),
    }


def test_a_backlog_belongs_to_recovering_until_the_margin_is_over() -> None:
    def begin(*pending: float) -> float:
        readings = [Reading(139.0 + n, 0.0, pending=left) for n, left in enumerate(pending)]
        return phases(PLAN, 100.0, WAITS, [FAULT], readings)["recovered"].begin

    assert begin(2.0, 1.0, 0.0) == 141.0
    assert begin(0.0, 1.0) == 139.0
    assert begin(*[9.0] * 60) == 173.0


def test_a_breaker_that_a_reset_does_not_close_is_judged_as_open_at_once() -> None:
    first = FaultTimes(BOTH.strikes[0], arming=126.0, armed=126.5, healing=136.5, healed=137.0)
    second = FaultTimes(BOTH.strikes[1], arming=170.0, armed=170.5, healing=182.5, healed=183.0)
    assert phases(BOTH, 100.0, WAITS, [first, second], [])["recovered"] == Span(142.0, 167.0)


# --- conservation and punctuality


ENDPOINT: Endpoint = "availability"
PLANNED = [Arrival(n, float(n), ENDPOINT, n) for n in range(5)]


def made(**changes: Any) -> list[Operation]:
    """The five planned arrivals as recorded from t0 = 50; number 2 changed."""
    return [call(n, 50.0 + n, **(changes if n == 2 else {})) for n in range(5)]


def test_what_was_planned_and_recorded_once_is_conserved() -> None:
    assert conservation(PLANNED, 50.0, made()).outcome is Outcome.PASSED


def test_nothing_planned_is_unknown() -> None:
    assert conservation([], 50.0, []).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("operations", "kind"),
    [
        ([], "missing"),
        (made()[:-1], "missing"),
        ([*made(), call(5, 55.0)], "surplus"),
        ([*made(), made()[0]], "doubled"),
        (made(endpoint="reservations"), "moved"),
        ([*made()[:-1], call(4, 54.1)], "moved"),
        (made(late_ms=-1.0), "early"),
        (made(late_ms=20.0), "unordered"),
        (made(error="generator", status=None), "spoiled"),
        (made(error="lost"), "spoiled"),
        (made(status=None), "spoiled"),
    ],
)
def test_every_way_to_lose_an_arrival_is_named(operations: list[Operation], kind: str) -> None:
    verdict = conservation(PLANNED, 50.0, operations)
    assert verdict.outcome is Outcome.UNKNOWN
    assert f"generator {kind}" in verdict.seen


def test_lateness_at_the_bound_is_in_time_and_above_it_unknown() -> None:
    at_bound = [call(n, late_ms=50.0, ms=60) for n in range(100)]
    assert punctuality(at_bound, "steady", 50.0).outcome is Outcome.PASSED
    one_late = [*at_bound[:-1], call(99, late_ms=51.0, ms=60)]
    assert punctuality(one_late, "steady", 50.0).outcome is Outcome.PASSED
    two_late = [*at_bound[:-2], *(call(n, late_ms=51.0, ms=60) for n in (98, 99))]
    assert punctuality(two_late, "steady", 50.0).outcome is Outcome.UNKNOWN
    assert punctuality([], "steady", 50.0).outcome is Outcome.UNKNOWN


def test_an_outage_that_nobody_felt_puts_what_follows_in_doubt() -> None:
    names = ("steady", "outage", "recovering", "recovered", "hang", "recovering again", "recovered again")
    spans = {name: Span(n, n + 1.0) for n, name in enumerate(names)}
    whole = conservation(PLANNED, 50.0, made())
    ok = [call(n, due=n + 0.5) for n in range(7)]

    def found(operations: list[Operation]) -> dict[str, list[str]]:
        return doubts(operations, spans, whole, 50.0, None, BOUND, BOTH.strikes)

    assert found(ok)["steady"] == []
    assert all(found(ok)[phase] == ["no guest felt the outage"] for phase in names[1:4])
    assert all(found(ok)[phase] == ["no guest felt the hang"] for phase in names[4:])
    felt = [ok[0], call(1, due=1.5, answer="mock"), *ok[2:4], call(4, due=4.5, status=504, answer=None), *ok[5:]]
    assert found(felt) == {key: [] for key in spans}


def test_a_load_that_was_not_conserved_puts_every_phase_in_doubt() -> None:
    whole = conservation(PLANNED, 50.0, [])
    assert doubts([call()], STEADY, whole, 50.0, None, BOUND) == {"steady": ["the generator lost or changed arrivals"]}


def asked(*ms: float | None) -> list[Sample]:
    return [Sample(1.0 + number / 100, value) for number, value in enumerate(ms)]


@pytest.mark.parametrize(
    ("control", "told"),
    [
        (asked(*[20.0] * 20), []),
        (asked(*[250.0] * 20), []),
        (
            asked(*[20.0] * 18, 251.0, 251.0),
            ["machine too busy: the control, an idle program of ours, took 251 ms"],
        ),
        (asked(20.0, None), ["the control, an idle program of ours, answered 1 of 2 times"]),
        (asked(), ["the control, an idle program of ours, answered 0 of 0 times"]),
    ],
)
def test_a_control_that_is_late_puts_the_phase_in_doubt(control: list[Sample], told: list[str]) -> None:
    whole = conservation(PLANNED, 50.0, made())
    found = doubts([call()], STEADY, whole, 50.0, control, BOUND)["steady"]
    assert len(found) == len(told)
    assert all(line.startswith(start) for line, start in zip(found, told, strict=True))


def test_work_that_takes_several_times_as_long_puts_the_phase_in_doubt_though_an_idle_program_answers_in_time() -> None:
    whole = conservation(PLANNED, 50.0, made())

    def found(*slower: float) -> list[str]:
        control = [Sample(1.0 + n / 100, 5.0, value) for n, value in enumerate(slower)]
        return doubts([call()], STEADY, whole, 50.0, control, BOUND)["steady"]

    assert found(*[1.2] * 6, *[9.0] * 5) == []
    assert found(*[3.0] * 11) == []
    [told] = found(*[1.2] * 5, *[3.1] * 6)
    assert told.startswith("machine too busy: a little work of ours took 3.1 times as long")


def test_work_never_takes_less_than_the_processor_was_given_to_it() -> None:
    assert slowdown(0.002) >= 1.0


def test_a_control_of_another_phase_says_nothing_about_this_one() -> None:
    whole = conservation(PLANNED, 50.0, made())
    later = [Sample(101.0, 5000.0)]
    assert doubts([call()], STEADY, whole, 50.0, [*asked(20.0), *later], BOUND) == {"steady": []}


# --- rows


def test_a_healthy_phase_of_many_samples_is_on_target_in_every_row() -> None:
    found = rows([call(n) for n in range(4000)] + [booking(n) for n in range(80)])
    assert tuple(found) == METRICS
    assert {row.band for row in found.values()} == {Band.TARGET}
    assert all(row.shown and row.straddles == "" for row in found.values())
    assert all(row.gates and row.verdict.outcome is Outcome.PASSED for row in found.values())


def test_a_healthy_phase_of_few_samples_is_not_shown_to_meet_the_target_and_says_so() -> None:
    found = rows([call(n) for n in range(400)] + [booking(n) for n in range(30)])
    # 430 of 430: 0.025 ** (1 / 430) is 99.146 %, so that 99.5 % is not shown either.
    available = found["availability"]
    assert (available.value, available.band, available.shown) == (100.0, Band.NOT_SHOWN, False)
    assert (round(available.low or 0, 2), available.high) == (99.15, 100.0)
    assert available.straddles == "95 % interval 99.15 to 100.00 % (n 430) straddles > 99.9 and < 99.5"
    assert "not shown (target > 99.9" in available.verdict.seen["load"]
    assert available.straddles in available.verdict.seen["load"]
    # A perfect count of errors bounds them at 0.85 %: the warning limit of 1 % is shown, the target of 0.1 % is not.
    assert found["error_rate"].straddles == "95 % interval 0.00 to 0.85 % (n 430) straddles < 0.1"
    # The largest of 30 samples cannot bound a 95th percentile from above: with 0.95 ** 30 all of them lie below it.
    slowest = found["response_time:reservations"]
    assert (slowest.band, slowest.high) == (Band.NOT_SHOWN, None)
    assert "straddles < 500 and > 1000 and > 3000" in slowest.straddles
    assert found["response_time:availability"].band is Band.TARGET
    assert all(row.verdict.outcome is Outcome.PASSED for row in found.values())


def test_a_figure_past_a_limit_keeps_its_band_and_says_which_limits_its_interval_straddles() -> None:
    found = rows([call(n) for n in range(427)] + [call(n, **FAILED) for n in range(427, 430)])["availability"]
    assert (found.band, found.shown) == (Band.WARNING, False)
    assert found.straddles == "95 % interval 97.97 to 99.86 % (n 430) straddles < 99.5 and < 99"


def test_one_failure_of_a_thousand_is_exactly_at_both_limits_and_off_target() -> None:
    found = rows([call(n) for n in range(999)] + [call(999, **FAILED)])
    assert (found["availability"].value, found["availability"].band) == (99.9, Band.OFF_TARGET)
    assert (found["error_rate"].value, found["error_rate"].band) == (0.1, Band.OFF_TARGET)
    assert found["error_rate"].note == "1 HTTP 502 pms-unreachable"


def test_failover_answers_count_against_availability_and_are_no_errors() -> None:
    found = rows(
        [call(n, answer="mock") for n in range(60)] + [booking(n, status=202, answer="pending") for n in range(60)]
    )
    assert (found["availability"].value, found["availability"].band) == (0.0, Band.CRITICAL)
    assert (found["error_rate"].value, found["error_rate"].band) == (0.0, Band.NOT_SHOWN)


def test_the_band_critical_fails_its_property_and_a_warning_is_told_by_one_that_passed() -> None:
    found = rows([call(n, **FAILED) for n in range(100)])
    assert found["error_rate"].value == 100.0
    assert found["error_rate"].band is found["availability"].band is Band.CRITICAL
    assert found["error_rate"].verdict.outcome is Outcome.FAILED
    slow = rows([call(n, ms=1200.0) for n in range(100)])["response_time:availability"]
    assert (slow.band, slow.verdict.outcome) == (Band.WARNING, Outcome.PASSED)
    assert "warning (target < 500, warning > 1000, critical > 3000)" in slow.verdict.seen["load"]


def test_the_response_time_is_the_95th_percentile_of_its_endpoint_only() -> None:
    slow = [booking(n, ms=500.0) for n in range(20)]
    found = rows([call(n, ms=10.0) for n in range(94)] + [call(n, ms=700.0) for n in range(6)] + slow)
    assert found["response_time:availability"].value == 700.0
    assert found["response_time:reservations"].value == 500.0
    assert found["response_time:reservations"].band is Band.OFF_TARGET


def test_too_few_samples_are_unknown_however_good_they_look() -> None:
    found = rows([call(n) for n in range(80)] + [booking(n) for n in range(19)], CLOSED[:4])
    assert found["response_time:availability"].band is Band.TARGET
    for metric in ("availability", "error_rate", "response_time:reservations", "circuit_breaker"):
        assert not found[metric].shown
        assert found[metric].band is Band.UNKNOWN
        assert "are needed" in found[metric].note
        assert found[metric].verdict.outcome is Outcome.UNKNOWN


# --- one history per metric that puts it, and no other, past its limits (or beyond saying)


def past_limits(found: dict[str, Target], *expected: str) -> None:
    """These rows are critical, which fails their properties; all others meet the target."""
    assert {metric for metric, row in found.items() if row.verdict.outcome is Outcome.FAILED} == set(expected)
    assert {row.band for metric, row in found.items() if metric not in expected} <= {Band.TARGET, Band.NOT_SHOWN}
    assert all(": critical (" in found[metric].verdict.seen["load"] for metric in expected)


def test_answers_of_the_mock_alone_put_availability_past_its_limits() -> None:
    from_mock = [call(n, answer="mock") for n in range(3)]
    found = rows([*from_mock, *(call(n) for n in range(3, 150)), *(booking(n) for n in range(20))])
    past_limits(found, "availability")
    unsaid = rows([*from_mock, *(call(n) for n in range(3, 70)), *(booking(n) for n in range(20))])
    assert unsaid["availability"].verdict.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("endpoint", ["availability", "reservations"])
def test_slow_answers_alone_put_the_response_time_past_its_limits(endpoint: str) -> None:
    ms = {"availability": 10.0, "reservations": 10.0} | {endpoint: 3001.0}
    calls = [call(n, ms=ms["availability"]) for n in range(120)]
    found = rows(calls + [booking(n, ms=ms["reservations"]) for n in range(20)])
    past_limits(found, f"response_time:{endpoint}")
    unsaid = rows([call(0), booking(1)])[f"response_time:{endpoint}"]
    assert unsaid.verdict.outcome is Outcome.UNKNOWN


def test_errors_put_the_error_rate_past_its_limits() -> None:
    """What ends in an error was not answered by the PMS either, so that availability goes with it, and nothing else."""
    errors = [call(n, **FAILED) for n in range(10)]
    found = rows([*errors, *(call(n) for n in range(10, 150)), *(booking(n) for n in range(20))])
    past_limits(found, "error_rate", "availability")
    unsaid = rows([*errors, *(call(n) for n in range(10, 70)), *(booking(n) for n in range(20))])
    assert unsaid["error_rate"].verdict.outcome is Outcome.UNKNOWN


def test_an_open_breaker_alone_puts_its_state_past_its_limits() -> None:
    well = [call(n) for n in range(120)] + [booking(n) for n in range(20)]
    past_limits(rows(well, [*CLOSED, Reading(10.0, 1.0)]), "circuit_breaker")
    unsaid = rows(well, [Reading(float(at), None, "refused") for at in range(10)])
    assert unsaid["circuit_breaker"].verdict.outcome is Outcome.UNKNOWN


def test_nothing_at_all_is_unknown() -> None:
    found = rows([], [])
    assert {row.band for row in found.values()} == {Band.UNKNOWN}
    assert {row.value for row in found.values()} == {None}


def test_a_doubt_makes_every_row_of_its_phase_unknown_and_says_why() -> None:
    found = rows([call(n) for n in range(200)], steady=["generator late: p99 80 ms"])
    assert {row.band for row in found.values()} == {Band.UNKNOWN}
    assert all(row.note.startswith("unknown: generator late: p99 80 ms") for row in found.values())


@pytest.mark.parametrize(
    ("states", "band", "value"),
    [
        ([0] * 10, Band.TARGET, 0),
        ([0] * 9 + [2], Band.WARNING, 2),
        ([0] * 8 + [2, 1], Band.CRITICAL, 1),
        ([0] * 9 + [3], Band.UNKNOWN, 0),
        ([0] * 9 + [None], Band.TARGET, 0),
        ([0] * 8 + [None, None], Band.UNKNOWN, 0),
        ([None] * 10, Band.UNKNOWN, None),
    ],
)
def test_the_breakers_row_is_the_worst_state_of_all_scrapes(
    states: list[float | None], band: Band, value: float | None
) -> None:
    found = rows([], [Reading(float(at), state, "refused") for at, state in enumerate(states)])
    assert (found["circuit_breaker"].band, found["circuit_breaker"].value) == (band, value)


def test_outage_and_recovering_are_shown_and_do_not_gate() -> None:
    spans = {name: Span(0, 1) for name in ("steady", "outage", "recovering", "recovered")}
    gates = {row.phase: row.gates for row in judge([], [], spans, TABLE, {})}
    assert gates == {"steady": True, "outage": False, "recovering": False, "recovered": True}


def test_targets_json_has_the_limits_as_written(tmp_path: Path) -> None:
    found = rows([call(n) for n in range(5000)])
    write_targets(tmp_path / "targets.json", list(found.values()))
    first = json.loads((tmp_path / "targets.json").read_text())[0]
    assert first.pop("low") == pytest.approx(100 * 0.025 ** (1 / 5000))
    assert first == {
        "metric": "availability",
        "label": "Availability",
        "phase": "steady",
        "value": 100.0,
        "high": 100.0,
        "shown": True,
        "straddles": "",
        "n": 5000,
        "band": "target",
        "direct": None,
        "added": None,
        "target": "> 99.9",
        "warning": "< 99.5",
        "critical": "< 99",
        "unit": "%",
        "note": "5000 pms",
        "gates": True,
    }
