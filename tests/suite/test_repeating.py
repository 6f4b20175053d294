"""Threads beside the work: one that ended is told, and what it did not witness is not taken for nothing to see."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from pms_drill import clock, repeating
from pms_drill.checks.verdict import Unproven
from pms_drill.episodes.heartbeat import Heartbeat
from pms_drill.episodes.observer import Observer
from pms_drill.profile import EndpointsPart
from pms_drill.repeating import Repeating

PATIENCE_S = 20.0


class Works(Repeating):
    """Does what it is given, each time."""

    def __init__(self, does: Any) -> None:
        super().__init__(0.001, "witness")
        self.does = does
        self.called = threading.Event()

    def act(self) -> None:
        self.called.set()
        self.does()


def fails() -> None:
    raise ValueError("no such gauge")


def wait_for_the_end(witness: Repeating) -> None:
    witness._thread.join(PATIENCE_S)
    assert not witness._thread.is_alive()


def test_thread_that_ends_by_an_error_makes_its_block_unproven_and_the_error_is_told() -> None:
    with pytest.raises(Unproven, match=r"witness ended before its time.*ValueError: no such gauge"), Works(fails) as it:
        wait_for_the_end(it)


def test_thread_that_leaves_without_an_error_is_told_too() -> None:
    with pytest.raises(Unproven, match="witness ended before its time"), Works(sys.exit) as it:
        wait_for_the_end(it)


def test_error_of_the_block_is_not_hidden_by_that_of_the_thread() -> None:
    def block() -> None:
        with Works(fails) as it:
            wait_for_the_end(it)
            raise KeyError("of the block")

    with pytest.raises(KeyError, match="of the block"):
        block()


def test_call_that_does_not_end_makes_its_block_unproven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeating, "_END_LIMIT_S", 0.05)
    release = threading.Event()
    try:
        with pytest.raises(Unproven, match="does not end"), Works(lambda: release.wait(PATIENCE_S)) as it:
            assert it.called.wait(PATIENCE_S)
    finally:
        release.set()
        wait_for_the_end(it)


def test_thread_that_works_until_the_end_is_nothing_to_tell() -> None:
    with Works(lambda: None) as it:
        assert it.called.wait(PATIENCE_S)
    assert not it._thread.is_alive()


def test_scraper_that_is_killed_in_the_middle_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    # Nobody listens at that port: each look is an answer that did not come, which is no reason to end.
    with Observer("http://127.0.0.1:9", EndpointsPart()) as looking:
        assert looking.statuses

    def block() -> None:
        with Observer("http://127.0.0.1:9", EndpointsPart()) as killed:
            monkeypatch.setattr(killed, "act", fails)
            wait_for_the_end(killed)

    with pytest.raises(Unproven, match="observer ended before its time"):
        block()


def test_disk_that_is_full_ends_the_heartbeat_and_is_told(tmp_path: Path) -> None:
    class Full:
        def write(self, _byte: bytes) -> int:
            raise OSError(28, "No space left on device")

        def close(self) -> None:
            """Nothing to close."""

    def block() -> None:
        with Heartbeat(tmp_path / "beat") as heart:
            heart._sink.close()
            heart._sink = Full()  # type: ignore[assignment]
            wait_for_the_end(heart)

    with pytest.raises(Unproven, match=r"heartbeat ended.*No space left"):
        block()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how long a program waited")
def test_heartbeat_sees_programs_of_ours_that_wait_for_a_processor(tmp_path: Path) -> None:
    """Two programs that never rest, on one processor: each of them waits half of the time."""
    processor = str(min(os.sched_getaffinity(0)))
    busy = [sys.executable, "-c", f"import os; os.sched_setaffinity(0, {{{processor}}})\nwhile True: pass"]
    programs = [subprocess.Popen(busy) for _ in range(2)]
    try:
        with Heartbeat(tmp_path / "beat") as heart:
            begun = clock.now()
            while not heart.seen.waits and clock.now() < begun + PATIENCE_S:
                threading.Event().wait(0.05)
        assert heart.seen.waits
        assert heart.seen.most_waiting(begun, clock.now(), window=1.0) > 0.0
    finally:
        for program in programs:
            program.kill()
            program.wait()
