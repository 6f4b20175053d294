"""At the threshold and just below it: failures in a row, a success in between, and once more after the closing.

After the closing no guest may be answered well before the failures, or that success would begin the count anew and
hide a count that the closing did not clear. Questions already fail when the probe, another request, closes it.
"""

from __future__ import annotations

from pms_drill import clock
from pms_drill.checks.moments import is_rejection
from pms_drill.episodes.outage import steady
from pms_drill.episodes.scene import Scene
from pms_drill.episodes.steps import QUESTIONS, ask, bundle, fail, heal, recover, trip
from pms_drill.evidence.bundle import Evidence
from pms_drill.faults.catalogue import server_error
from pms_drill.faults.lifecycle import injected
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the experiment. Phases: below, between, below_again, still; impact; recovery; below_after, still_after.

    Raises:
        Unproven: the fault or its heal could not be proved, or the control was already out of bounds.
    """
    less = stack.profile.breaker.failure_threshold - 1
    with Scene(stack, name, seed) as scene:
        steady(scene)
        fail(scene, less, "below")
        ask(scene, "between")
        fail(scene, less, "below_again")
        ask(scene, "still")
        with injected(server_error(), stack.place) as injection:
            armed = clock.now()
            trip(scene)
            heal(scene, injection, armed)
        _fail_from_the_closing_on(scene, less)
        ask(scene, "still_after")
    return bundle(scene)


def _fail_from_the_closing_on(scene: Scene, less: int) -> None:
    """The first guest who is not rejected is the first failure after the closing; the phases recovery, below_after.

    Where guests' own calls are the probes a success closes the breaker; where one failure opens it none may come first.
    """
    if scene.profile.breaker.half_open == "traffic" or less == 0:
        recover(scene)
        fail(scene, less, "below_after")
        return
    with injected(server_error(QUESTIONS), scene.stack.place):
        closed = recover(scene, until=lambda asked: not is_rejection(asked))
        with scene.phase("below_after"):
            for guest in scene.book.guests(less - closed):
                scene.guests.ask(guest, "below_after")


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes."""
    return 3.0 + profile.breaker.recovery_timeout
