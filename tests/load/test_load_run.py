"""The load against a real server: an open model whose figures contain what guests would have waited."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from pms_drill.checks.verdict import Outcome
from pms_drill.errors import DrillError
from pms_drill.evidence.journal import Journal
from pms_drill.load import runner
from pms_drill.load.bands import Band
from pms_drill.load.direct import DirectTarget
from pms_drill.load.generator import GeneratorSettings
from pms_drill.load.judge import Target
from pms_drill.load.operation import Answered, read
from pms_drill.load.percentiles import percentile
from pms_drill.load.plan import LoadPlan, Waits
from pms_drill.load.run import LoadRun, run_load
from pms_drill.load.runner import LoadGenerator
from pms_drill.stack.agent_program import REPO
from pms_drill.stack.own_programs import start_listening

Standin = Callable[..., Any]
#: The value meets the target; whether so few samples show it is another question.
MET = (Band.TARGET, Band.NOT_SHOWN)
KEY = "A" * 32
#: What a row's note says where other programs took the processors, and how often a test waits for a better moment.
BUSY, TRIES = "machine too busy", 4
SHORT = LoadPlan(availability=30, reservations=6, warmup=0.5, steady=4, guard=0.5, slack=0.5, margin=1.0)


def load(stack: Any, tmp_path: Path, plan: LoadPlan = SHORT) -> LoadRun:
    return run_load(stack, plan, 7, tmp_path, Journal())


def row(run: LoadRun, metric: str, phase: str = "steady") -> Target:
    return next(row for row in run.rows if (row.metric, row.phase) == (metric, phase))


def settings(tmp_path: Path, **changes: Any) -> GeneratorSettings:
    given: dict[str, Any] = {
        "plan": SHORT,
        "seed": 7,
        "agent_url": "http://127.0.0.1:9",
        "availability_path": "/api/v1/pms/availability",
        "reservations_path": "/api/v1/pms/reservations",
        "waits": Waits(recovery=1.0, deadline=1.0),
        "patience": 2.0,
        "hotel_id": 1,
        "room_type": 1,
        "first_night": "2027-01-01",
        "token": "abc",
        "folder": tmp_path / "load",
    }
    return GeneratorSettings(**{**given, **changes})


def test_steady_load_on_a_healthy_agent_is_recorded_completely_and_judged(standin: Standin, tmp_path: Path) -> None:
    run = load(standin(), tmp_path)

    assert run.conservation().outcome is Outcome.PASSED
    assert len(run.operations) == len(run.planned) == (30 + 6) * 4 + 15 + 3
    assert read(run.folder / "operations.jsonl") == run.operations
    assert {op.answered for op in run.operations} == {Answered.PMS}
    assert row(run, "availability").value == 100.0
    assert row(run, "circuit_breaker").value == 0
    assert [entry["metric"] for entry in json.loads((tmp_path / "targets.json").read_text())] == [
        row.metric for row in run.rows
    ]
    assert row(run, "availability").n == len([op for op in run.operations if op.due >= run.t0 + 0.5])


def test_an_outage_is_cut_out_and_the_recovered_agent_is_judged_after_its_breaker_closed(
    standin: Standin, tmp_path: Path
) -> None:
    stack = standin(recovery=1.0)
    plan = LoadPlan(
        availability=30, reservations=6, warmup=0.5, steady=4, outage=4, recovered=4,
        guard=0.5, slack=0.5, margin=1.0, scrape_interval=0.2,
    )  # fmt: skip
    run = load(stack, tmp_path, plan)

    assert stack.healed == 1
    assert list(run.spans) == ["steady", "outage", "recovering", "recovered"]
    assert row(run, "availability", "outage").value == 0.0
    assert row(run, "circuit_breaker", "outage").value == 1
    assert not row(run, "availability", "outage").gates
    for metric in ("availability", "error_rate", "circuit_breaker"):
        assert row(run, metric, "steady").band in MET
        assert row(run, metric, "recovered").band in MET
        assert row(run, metric, "recovered").gates


def test_a_stall_that_a_waiting_client_hides_is_seen_from_the_intended_arrival(
    standin: Standin, tmp_path: Path
) -> None:
    stack = standin(stall_every=3.0, stall=1.5)
    waiting: list[float] = []
    done = threading.Event()

    def wait_for_each_answer() -> None:
        with httpx.Client(base_url=stack.agent_url, timeout=10) as client:
            while not done.wait(0.02):
                begun = time.monotonic()
                client.post("/api/v1/pms/availability", json={})
                waiting.append((time.monotonic() - begun) * 1000)

    closed_model = threading.Thread(target=wait_for_each_answer)
    closed_model.start()
    try:
        run = load(stack, tmp_path, LoadPlan(availability=30, reservations=6, warmup=0.5, steady=7))
    finally:
        done.set()
        closed_model.join()

    seen = row(run, "response_time:availability")
    assert max(waiting) > 1400
    assert percentile(waiting, 95) < 500
    assert seen.value is not None
    assert seen.value > 1000
    slowest = max(run.operations, key=lambda op: op.response_ms)
    moment = slowest.end - 0.2
    assert sum(op.start <= moment < op.end for op in run.operations) > 15, "guests waited for each other"
    assert run.conservation().outcome is Outcome.PASSED


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[str]:
    """The address of a running twin whose key is `KEY`."""
    secret = {"TWIN_API_KEY": KEY, "TWIN_CONTROL_TOKEN": "t", "PYTHONPATH": str(REPO)}
    started = start_listening(
        "twin",
        [sys.executable, "-m", "qloapps_twin", "--latency", "recorded"],
        env=secret,
        folder=tmp_path,
        log=tmp_path / "twin.log",
        note=lambda _pid, _name: None,
    )
    yield f"http://{started.address}"
    started.program.stop()


def test_the_same_arrivals_are_sent_to_the_pms_itself_and_its_figures_stand_beside_the_agents(
    standin: Standin, twin: str, tmp_path: Path
) -> None:
    stack = standin()
    stack.direct_target = DirectTarget(twin, KEY)
    run = load(stack, tmp_path, replace(SHORT, direct=4.0))

    sent = read(run.folder / "direct" / "operations.jsonl")
    planned = [arrival for arrival in run.planned if arrival.at < SHORT.warmup + 4.0]
    assert sorted((op.number, op.endpoint) for op in sent) == [
        (arrival.number, arrival.endpoint) for arrival in planned
    ]
    assert {op.answered for op in sent} == {Answered.PMS}
    times = [op.response_ms for op in sent if op.endpoint == "reservations" and op.number >= len(planned) - 24 * 6]
    assert row(run, "response_time:reservations").direct == pytest.approx(percentile(times, 95), rel=0.5)
    assert row(run, "availability").direct == 100.0
    assert "the PMS itself, asked directly" in row(run, "response_time:availability").note
    assert KEY not in "".join(path.read_text() for path in (run.folder / "direct").iterdir())


def test_a_pms_that_refuses_the_control_excuses_nothing(standin: Standin, twin: str, tmp_path: Path) -> None:
    stack = standin()
    stack.post("/misbehave/500")
    stack.direct_target = DirectTarget(twin, "B" * 32)
    run = load(stack, tmp_path, replace(SHORT, direct=4.0))
    assert row(run, "response_time:reservations").direct is None
    assert "nothing is excused" in row(run, "error_rate").note
    assert row(run, "error_rate").band is Band.CRITICAL


def test_a_control_that_is_late_makes_the_figures_unknown(standin: Standin, tmp_path: Path) -> None:
    stack = standin()
    stack.ask = lambda: time.sleep(0.3)
    run = load(stack, tmp_path)
    assert {row.band for row in run.rows} == {Band.UNKNOWN}
    assert all("machine too busy" in str(row.verdict.seen) for row in run.rows)
    assert '"ms": 30' in (run.folder / "control.jsonl").read_text()


def test_a_control_that_is_in_time_leaves_the_figures_as_they_are(standin: Standin, tmp_path: Path) -> None:
    """Another program on this machine makes a control late, which is no business of this test: one in time counts."""
    stack = standin()
    stack.ask = lambda: None
    for number in range(TRIES):
        run = load(stack, tmp_path / str(number))
        assert len((run.folder / "control.jsonl").read_text().splitlines()) > 5
        if BUSY not in row(run, "availability").note:
            break
    assert row(run, "availability").band in MET


def test_a_guest_never_pays_for_a_connection_that_another_one_left_behind(standin: Standin, tmp_path: Path) -> None:
    stack = standin()
    stack.post("/misbehave/reused")
    run = load(stack, tmp_path)

    assert {op.answered for op in run.operations} == {Answered.PMS}
    assert row(run, "error_rate").band in MET


def test_every_kind_of_bad_answer_counts_once_and_as_what_it_is(standin: Standin, tmp_path: Path) -> None:
    stack = standin()
    stack.post("/misbehave/mixed")
    run = load(stack, tmp_path)

    kinds = Counter(
        (op.status, op.answer, op.error, str(op.answered)) for op in run.operations if op.endpoint == "availability"
    )
    assert set(kinds) == {
        (200, None, "garbage", "error"),
        (None, None, "lost", "error"),
        (None, None, "garbage", "error"),
        (500, "because", None, "error"),
        (422, "because", None, "refused"),
        (302, None, None, "error"),
    }
    assert run.conservation().outcome is Outcome.PASSED
    assert row(run, "error_rate").band is Band.CRITICAL
    assert row(run, "availability").band is Band.CRITICAL


def test_an_agent_that_is_not_there_is_critical_and_its_breaker_unknown(standin: Standin, tmp_path: Path) -> None:
    stack = standin()
    stack.agent_url = "http://127.0.0.1:9"  # discard: nobody listens
    run = load(stack, tmp_path)

    assert {op.error for op in run.operations} == {"connect"}
    assert row(run, "availability").band is Band.CRITICAL
    assert row(run, "error_rate").value == 100.0
    assert row(run, "circuit_breaker").band is Band.UNKNOWN
    assert run.target("circuit_breaker", "steady").outcome is Outcome.UNKNOWN


def test_a_generator_that_is_late_makes_every_figure_unknown(
    standin: Standin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "LOCUSTFILE", Path(__file__).with_name("blocked_locustfile.py"))
    run = load(standin(), tmp_path)

    assert run.punctuality("steady").outcome is Outcome.UNKNOWN
    assert {row.band for row in run.rows} == {Band.UNKNOWN}
    assert "generator late" in row(run, "availability").note


def test_a_load_without_a_single_request_is_an_error_and_no_exit_code_of_success(tmp_path: Path) -> None:
    empty = settings(tmp_path, plan=LoadPlan(availability=0, reservations=0, warmup=0.1, steady=0.5))
    with LoadGenerator(empty) as generator, pytest.raises(DrillError, match="sent nothing"):
        generator.finish()
    assert generator._program.exit_code == 3


def test_a_killed_generator_is_an_error_and_the_wait_ends_at_once(tmp_path: Path) -> None:
    with LoadGenerator(settings(tmp_path)) as generator:
        generator._program.kill()
        with pytest.raises(DrillError, match="ended too early"):
            generator.wait_until(time.monotonic() + 60)
        with pytest.raises(DrillError, match="exit code -9"):
            generator.finish()


def test_leaving_the_generator_ends_its_process(tmp_path: Path) -> None:
    with LoadGenerator(settings(tmp_path)) as generator:
        assert generator._program.running
    assert not generator._program.running


def test_a_generator_without_settings_says_what_is_missing(tmp_path: Path) -> None:
    given = settings(tmp_path)
    given.folder.mkdir()
    generator = LoadGenerator(given)
    generator._program._env.pop("PMS_DRILL_LOAD")
    with pytest.raises(DrillError) as caught, generator:
        pass
    assert "PMS_DRILL_LOAD is not set" in caught.value.detail
