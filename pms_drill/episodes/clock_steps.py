"""The wall clock of the agent's machine is stepped, its monotonic clock is not: back, and then forth.

The agent runs with the bundled libfaketime preloaded; nothing else of it is changed (`pms_drill.faults.faketime`). Each
step is a fault of its own: its effect is measured on the dates of the agent's answers.
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import httpx

from pms_drill import clock
from pms_drill.checks.breaker_time import WALL_CLOCK
from pms_drill.episodes.outage import steady
from pms_drill.episodes.passers_by import passers_by
from pms_drill.episodes.scene import Scene
from pms_drill.episodes.steps import bundle, heal, trip
from pms_drill.evidence.bundle import Evidence
from pms_drill.faults.catalogue import server_error
from pms_drill.faults.catalogue_process import clock_back, clock_forward
from pms_drill.faults.lifecycle import injected
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack

#: What the stack must offer.
NEEDS = clock_back().needs


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the experiment on a stack that is equipped with `NEEDS`.

    Phases: impact, back (until the next probe), forth (until the one after it).

    Raises:
        Unproven: a fault, a step or a heal could not be proved, or the control was already out of bounds.
    """
    beside: float | None = None
    with Scene(stack, name, seed) as scene:
        steady(scene, bookings=0)
        with injected(server_error(), stack.place) as injection:
            armed = clock.now()
            if trip(scene):
                for phase, step in (("back", clock_back()), ("forth", clock_forward())):
                    with injected(step, stack.place), scene.phase(phase), passers_by(scene):
                        _wait_for_probe(scene)
                        beside = _wall_clock(stack)
            heal(scene, injection, armed)
    found = bundle(scene)
    if beside is not None:
        found.notes[WALL_CLOCK] = beside
    return found


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
