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
#: Step by which a clock is tried before it is relied on, in seconds.
TEST_STEP_S = 7200.0


class SteppableClock:
    """An environment for a program, and the file that decides what time it sees.

    Args:
        file: decides; this machine's path of it.
        library: the preloaded library, as the program sees it.
        seen_as: the file as the program sees it; the same path if not given.
    """

    def __init__(self, file: Path, library: str, seen_as: str = "") -> None:
        self._file = file
        self.env = {
            "LD_PRELOAD": library,
            "FAKETIME_TIMESTAMP_FILE": seen_as or str(file.absolute()),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DISABLE_SHM": "1",
            "NO_FAKE_STAT": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            # Where glibc is 2.30 or newer the library turns this on by itself. A thread of CPython that waits for the
            # interpreter's lock then waits 0.2 to 2 s too long: with two clients every third call ran into its
            # deadline (package libfaketime 3.0.1, 2 cores), and none without it.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        }
        self.step(0.0)

    def step(self, seconds: float) -> None:
        """From now on the wall clock is `seconds` off the machine's."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{seconds:+f}\n", encoding="ascii")
        fresh.replace(self._file)


def on_this_machine(folder: Path) -> SteppableClock | None:
    """A clock for a program of this machine; None where a preloaded program does not see its steps, and only those.

    Args:
        folder: for the file; private to the run.
    """
    library = _library()
    if library is None:
        return None
    clock = SteppableClock(folder / "clock", str(library))
    clock.step(TEST_STEP_S)
    try:
        done = subprocess.run(
            [sys.executable, "-c", _SHOW], env=clock.env, capture_output=True, timeout=_PATIENCE_S, check=True
        )
        wall, monotonic = map(float, done.stdout.split())
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    finally:
        clock.step(0.0)
    return clock if is_step(wall - time.time()) and abs(monotonic - time.monotonic()) < _PATIENCE_S else None


def is_step(seconds: float) -> bool:
    """Whether a wall clock that is so many seconds off has taken the test's step."""
    return abs(seconds - TEST_STEP_S) < _PATIENCE_S


def _library() -> Path | None:
    """The library that the package `libfaketime` brings for Linux."""
    found = find_spec("libfaketime")
    if found is None or found.origin is None:
        return None
    library = Path(found.origin).parent / _LIBRARY
    return library if library.is_file() else None
