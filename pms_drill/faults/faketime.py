"""The agent's wall clock under our control: libfaketime, preloaded, reads an offset from a file.

The monotonic clock is left alone: a step of the wall clock is what happens in life.
"""

from __future__ import annotations

import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

_LIBRARY = Path("vendor") / "libfaketime" / "src" / "libfaketime.so.1"
_PATIENCE_S = 10.0
_SHOW = "import time; print(time.time(), time.monotonic())"
_TEST_STEP_S = 7200


class SteppableClock:
    """An environment for a program, and the file that decides what time it sees.

    Args:
        folder: for the file; private to the run.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.step(0.0)

    @property
    def env(self) -> dict[str, str]:
        """What the program must be started with."""
        return {
            "LD_PRELOAD": str(_library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def step(self, seconds: float) -> None:
        """From now on the wall clock is `seconds` off the machine's."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{seconds:+f}\n", encoding="ascii")
        fresh.replace(self._file)


def works(folder: Path) -> bool:
    """Whether a preloaded program sees a stepped wall clock and the right monotonic one on this machine."""
    if sys.platform != "linux" or _library() is None:
        return False
    clock = SteppableClock(folder)
    clock.step(_TEST_STEP_S)
    try:
        done = subprocess.run(
            [sys.executable, "-c", _SHOW], env=clock.env, capture_output=True, timeout=_PATIENCE_S, check=True
        )
        wall, monotonic = map(float, done.stdout.split())
    except (OSError, ValueError, subprocess.SubprocessError):
        return False
    finally:
        clock.step(0.0)
    return abs(wall - time.time() - _TEST_STEP_S) < _PATIENCE_S and abs(monotonic - time.monotonic()) < _PATIENCE_S


def _library() -> Path | None:
    found = find_spec("libfaketime")
    if found is None or found.origin is None:
        return None
    library = Path(found.origin).parent / _LIBRARY
    return library if library.is_file() else None
