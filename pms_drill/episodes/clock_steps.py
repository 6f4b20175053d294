"""The wall clock of the agent's machine is stepped, its monotonic clock is not: back, and then forth.

Done with libfaketime (package `libfaketime` of Debian and Ubuntu), preloaded into the agent; nothing of the agent is
changed. Its clock is stepped through a file that the library reads at each call.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx

from pms_drill import clock
from pms_drill.checks.breaker_time import WALL_CLOCK
from pms_drill.checks.verdict import SkipReason, Unproven
from pms_drill.episodes.outage import steady
from pms_drill.episodes.passers_by import passers_by
from pms_drill.episodes.scene import Scene
from pms_drill.episodes.steps import bundle, heal, trip
from pms_drill.evidence.bundle import Evidence
from pms_drill.faults.catalogue import server_error
from pms_drill.faults.lifecycle import injected
from pms_drill.faults.story import Needs
from pms_drill.profile import Profile
from pms_drill.report.skips import skip
from pms_drill.stack.base import Stack

_LIBRARIES = ("/usr/lib", "/usr/local/lib", "/usr/lib64")
#: An hour: far more than any wait.
_STEP_S = 3600


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the experiment. Phases: impact, back (until the next probe), forth (until the one after it).

    Raises:
        TypedSkip: libfaketime is not installed, or the agent does not work with it.
        Unproven: the fault or its heal could not be proved, or the control was already out of bounds.
    """
    if Needs.FAKETIME in stack.lacking:
        skip(*stack.lacking[Needs.FAKETIME])
    library = find_library()
    if library is None:
        skip(SkipReason.NEEDS_TOOL, "libfaketime is not installed (Debian, Ubuntu: apt-get install libfaketime)")
    file = stack.run_dir / "evidence" / f".{name}-{seed}"
    set_offset(file, 0)
    env = {"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(file.absolute()), "FAKETIME_NO_CACHE": "1"}
    env |= {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DISABLE_SHM": "1", "NO_FAKE_STAT": "1"}
    with _removed(file), Scene(stack, name, seed, env=env) as scene:
        try:
            steady(scene, bookings=0)
        except Unproven as trouble:
            # Seen with libfaketime 0.9.10 and uvloop: calls run into their deadline before any step.
            skip(SkipReason.NEEDS_TOOL, f"an agent with libfaketime preloaded is not itself: {trouble}")
        with injected(server_error(), stack.place) as injection:
            armed = clock.now()
            if trip(scene):
                for phase, offset in (("back", -_STEP_S), ("forth", _STEP_S)):
                    set_offset(file, offset)
                    stack.journal.note("fault", name, f"the agent's wall clock is stepped {phase}", f"{offset} s")
                    with scene.phase(phase), passers_by(scene):
                        _wait_for_probe(scene)
            heal(scene, injection, armed)
        beside = _wall_clock(stack)
    found = bundle(scene)
    if beside is not None:
        found.notes[WALL_CLOCK] = beside
    return found


def find_library() -> Path | None:
    """The preloadable library, for programs with threads; None if it is not installed."""
    for folder in map(Path, _LIBRARIES):
        for path in sorted(folder.glob("**/faketime/libfaketimeMT.so.1")):
            return path
    return None


def set_offset(file: Path, seconds: int) -> None:
    """Step the clock to so many seconds beside the true time."""
    fresh = file.with_suffix(".new")
    fresh.write_text(f"{seconds:+d}\n", encoding="ascii")
    fresh.replace(file)


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes."""
    return 4.0 + 2 * profile.breaker.recovery_timeout


def _wait_for_probe(scene: Scene) -> None:
    since = scene.stack.ledger_position()
    within = scene.profile.breaker.recovery_timeout + scene.profile.pms.timeout + 2.0
    scene.wait_for("the probe", lambda: bool(scene.stack.ledger(since)), within, every=0.01)


def _wall_clock(stack: Stack) -> float | None:
    """The agent's wall clock, from the `Date` of an answer, as seconds beside the true time."""
    answer = httpx.get(f"{stack.addresses.agent}{stack.profile.endpoints.live}", timeout=5.0, trust_env=False)
    try:
        return parsedate_to_datetime(answer.headers["Date"]).timestamp() - clock.utc().timestamp()
    except (KeyError, TypeError, ValueError):
        return None


@contextmanager
def _removed(file: Path) -> Iterator[None]:
    try:
        yield
    finally:
        file.unlink(missing_ok=True)
