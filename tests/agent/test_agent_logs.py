"""The agent's log: what a request's lines have in common, what an unexpected error tells, and a log that cannot be
written.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hotel_agent.log_sinks import MOST_WAITING, FileSink, LogWriter
from tests.agent.scripted_pms import ScriptedPms, answers
from tests.agent.support import FAST, KEY, TOKEN, RunningAgent, StartAgent, eventually, problem


def lines(agent: RunningAgent, **wanted: str) -> list[dict[str, Any]]:
    """The lines of the log with these fields."""
    found = [json.loads(line) for line in agent.logs().splitlines() if line.startswith("{")]
    return [line for line in found if wanted.items() <= line.items()]


# -- requests


def test_all_lines_of_a_request_carry_its_id(agent: RunningAgent) -> None:
    answer = agent.client.post(
        "/api/v1/pms/reservations",
        json={"guest_name": "A B", "email": "a@example.com", "check_in": "2027-03-01", "check_out": "2027-03-02"}
        | {"room_type": 1},
        headers={"X-Request-ID": "call.of/one:guest=7"},
    )
    assert answer.headers["X-Request-ID"] == "call.of/one:guest=7"
    reservation = answer.json()["reservation_id"]

    def booked() -> bool:
        told = lines(agent, request="call.of/one:guest=7", reservation=reservation)
        return {line.get("operation") for line in told} >= {"reservation", "readback"}

    eventually(booked)


@pytest.mark.parametrize("given", [None, "", "a b", "x" * 129, 'a"b', "é"], ids=repr)
def test_a_request_without_a_sane_id_gets_one(shared_agent: RunningAgent, given: str | None) -> None:
    headers = {} if given is None else {"X-Request-ID": given.encode()}
    named = [shared_agent.client.get("/health/live", headers=headers).headers["X-Request-ID"] for _ in range(2)]
    assert given not in named
    assert len(set(named)) == 2
    assert all(name.isalnum() for name in named)


def test_what_the_worker_does_for_a_reservation_names_it(agent: RunningAgent, pms: ScriptedPms) -> None:
    pms.down()
    reservation = agent.book().json()["reservation_id"]
    pms.up()
    agent.becomes(reservation, "confirmed")
    eventually(lambda: lines(agent, reservation=reservation, operation="reservation", message="PMS answered"))


def test_admin_calls_leave_a_line_also_when_they_are_refused_or_change_nothing(agent: RunningAgent) -> None:
    agent.reset(token=None), agent.reset(token="wrong"), agent.reset()
    eventually(lambda: lines(agent, message="admin call refused: without the admin token"))
    eventually(lambda: lines(agent, message="admin call refused: wrong token"))
    eventually(lambda: lines(agent, message="PMS circuit breaker reset by hand", state="closed"))


# -- what nobody thought of


@pytest.fixture
def spoilt(pms: ScriptedPms, tmp_path: Path) -> Iterator[RunningAgent]:
    place = {"PMS_BASE_URL": f"http://127.0.0.1:{pms.port}"}
    running = RunningAgent(tmp_path, FAST | place, module="tests.agent.spoilt_agent")
    yield running
    running.close()


def test_an_unexpected_error_has_its_trace_in_the_log_and_its_id_in_the_answer(spoilt: RunningAgent) -> None:
    answer = spoilt.client.get("/spoilt/answer")
    name = answer.headers["X-Request-ID"]
    assert answer.status_code == 500
    assert name in problem(answer)["detail"]
    assert "Traceback" not in answer.text
    assert "RuntimeError" not in answer.text
    [line] = eventually(lambda: lines(spoilt, request=name))
    assert line["error"] == "RuntimeError"
    assert "in wrong" in line["trace"]
    assert "sent Authorization: *** with ***" in line["trace"]
    assert spoilt.client.get("/health/live").status_code == 200


@pytest.mark.parametrize(
    ("route", "message"),
    [
        ("task", "asyncio: Task exception was never retrieved"),
        ("thread", "a thread ended"),
        ("library", "sent ***"),
    ],
)
def test_what_the_program_around_the_agent_tells_is_a_line_like_any(
    spoilt: RunningAgent, route: str, message: str
) -> None:
    assert spoilt.client.get(f"/spoilt/{route}").status_code == 200
    [line] = eventually(lambda: lines(spoilt, message=message))
    assert route == "library" or "in wrong" in line["trace"]
    for secret in (KEY, TOKEN):
        assert secret not in spoilt.logs()


# -- a log that cannot be written


class Piped(RunningAgent):
    """An agent whose standard output is read by another program."""

    reader = "cat"

    def _argv(self) -> list[str]:
        return ["sh", "-c", f"exec {sys.executable} -m {self.module} | {self.reader}"]


class ReadOnce(Piped):
    """Its reader ends after the first line."""

    reader = "sed -u q"


class NeverRead(Piped):
    """Its reader reads nothing and stays."""

    reader = "sleep 600"


UNWRITABLE = {"full disk": RunningAgent, "reader gone": ReadOnce, "reader asleep": NeverRead}


@pytest.mark.parametrize("what", UNWRITABLE)
def test_a_log_that_cannot_be_written_costs_lines_and_nothing_else(pms: ScriptedPms, tmp_path: Path, what: str) -> None:
    place = {"PMS_BASE_URL": f"http://127.0.0.1:{pms.port}", "PMS_CURRENCY": "PLN"}
    if what == "full disk":
        place["LOG_FILE"] = "/dev/full"
    agent = UNWRITABLE[what](tmp_path, FAST | place)
    try:
        eventually(lambda: agent.pms()["status"] == "up")
        assert agent.ask().json()["source"] == "pms"
        if what == "reader asleep":  # more than a pipe holds
            for _ in range(600):
                agent.ask()
        pms.all_fail(answers(500))
        assert [agent.ask().status_code for _ in range(5)] == [502] * 5
        assert agent.state() == "open"
        eventually(lambda: pms.count("probe") >= 3)
        pending = agent.book()
        assert pending.status_code == 202
        pms.heal()
        eventually(lambda: agent.state() == "closed")
        assert agent.ask().json()["source"] == "pms"
        agent.becomes(pending.json()["reservation_id"], "confirmed")
        assert agent.book(email="another@example.com").status_code == 201
        if what != "reader asleep":
            sink = "file" if what == "full disk" else "stdout"
            assert eventually(lambda: agent.metric("agent_log_lines_lost_total", sink=sink))
        begin = time.monotonic()
    finally:
        agent.close()
    assert time.monotonic() - begin < 2.9, "it ended by itself, before it was killed"


def test_a_log_that_cannot_be_written_is_told_once_on_stderr(start_agent: StartAgent) -> None:
    agent = start_agent(LOG_FILE="/dev/full")
    for _ in range(10):
        agent.ask()
    told = "hotel-agent: the log cannot be written to file: No space left on device; lines are lost and counted"
    eventually(lambda: agent.logs().count(told) == 1)
    eventually(lambda: (agent.metric("agent_log_lines_lost_total", sink="file") or 0) > 10)
    assert agent.logs().count(told) == 1
    assert agent.metric("agent_log_lines_lost_total", sink="stdout") == 0


def test_a_log_file_that_was_moved_away_is_opened_anew(agent: RunningAgent) -> None:
    agent.ask()
    eventually(lambda: "PMS answered" in agent.log_file.read_text())
    moved = agent.log_file.rename(agent.folder / "agent.log.1")
    before = moved.read_text()
    agent.ask()
    eventually(lambda: agent.log_file.exists() and "PMS answered" in agent.log_file.read_text())
    assert moved.read_text() == before


def test_the_last_lines_before_a_clean_end_are_written(agent: RunningAgent) -> None:
    agent.program.signal(signal.SIGTERM)
    eventually(lambda: not agent.program.running)
    assert lines(agent, message="agent stopped")
    assert "agent stopped" in agent.log_file.read_text()


# -- the writer of one sink


class Sink:
    """Takes bytes, or fails, or waits, as it is told."""

    def __init__(self) -> None:
        self.taken = b""
        self.room: int | None = None
        self.open = threading.Event()
        self.open.set()

    def write(self, data: bytes) -> int:
        self.open.wait()
        if self.room == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        count = len(data) if self.room is None else min(self.room, len(data))
        if self.room is not None:
            self.room -= count
        self.taken += data[:count]
        return count


def test_lines_come_out_in_order() -> None:
    sink = Sink()
    writer = LogWriter("test", sink)
    for number in range(1000):
        writer.write(b"%d\n" % number)
    assert writer.flush(20)
    assert sink.taken == b"".join(b"%d\n" % number for number in range(1000))
    assert writer.lost == 0


def test_lost_lines_are_counted_and_told_when_the_sink_takes_lines_again(capfd: pytest.CaptureFixture[str]) -> None:
    sink = Sink()
    writer = LogWriter("test", sink)
    sink.room = 8
    writer.write(b"one\n")
    assert writer.flush(20)
    writer.write(b"two-and-a-half\n")
    assert writer.flush(20)
    writer.write(b"three\n")
    assert writer.flush(20)
    assert writer.lost == 2
    sink.room = None
    writer.write(b"four\n")
    assert writer.flush(20)
    written = sink.taken.decode().splitlines()
    assert written[:2] == ["one", "two-"]
    assert json.loads(written[2])["lost"] == 2
    assert written[3:] == ["four"]
    assert capfd.readouterr().err.count("cannot be written to test") == 1


def test_a_sink_that_takes_nothing_costs_the_callers_no_time_and_a_bounded_number_of_lines() -> None:
    sink = Sink()
    writer = LogWriter("test", sink)
    sink.open.clear()
    for _ in range(MOST_WAITING + 5000):
        writer.write(b"line\n")
    assert 0 < writer.lost <= 5000
    assert not writer.flush(0)
    sink.open.set()
    assert writer.flush(20)
    assert sink.taken.count(b"line\n") + writer.lost == MOST_WAITING + 5000


def test_a_file_for_which_there_is_no_room_at_the_start_is_opened_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(os, "open", no_room)
        sink = FileSink(tmp_path / "agent.log")
        with pytest.raises(OSError, match="No space"):
            sink.write(b"lost\n")
    sink.write(b"line\n")
    assert (tmp_path / "agent.log").read_bytes() == b"line\n"
