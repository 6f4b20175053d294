"""A program that a thread started outlives the thread."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from pms_drill.stack.process import Program


def test_program_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    code = f"import pathlib, time; pathlib.Path({str(ready)!r}).touch(); time.sleep(60)"
    program = Program("sleeper", [sys.executable, "-c", code], env={}, cwd=tmp_path, log=tmp_path / "log")
    try:
        thread = threading.Thread(target=program.start)
        thread.start()
        thread.join()
        program.wait_until(ready.exists, within=20, todo="look")
        assert program.running
    finally:
        program.stop()
    assert program.exit_code is not None
