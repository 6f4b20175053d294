"""A started program lives until it is ended, whoever started it."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from pms_drill.stack.process import Program


def test_a_program_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    code = f"import pathlib, time; pathlib.Path({str(ready)!r}).touch(); time.sleep(60)"
    program = Program("sleeper", [sys.executable, "-c", code], env={}, cwd=tmp_path, log=tmp_path / "log")
    starter = threading.Thread(target=program.start)
    starter.start()
    starter.join()
    try:
        program.wait_until(ready.exists, within=20, todo="look at the log")
        assert program.running
        os.kill(program.pid, 0)
    finally:
        program.kill()
