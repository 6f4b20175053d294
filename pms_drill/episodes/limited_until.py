"""A 429 whose `Retry-After` is a date, longer than the breaker's own wait: nothing leaves before it."""

from __future__ import annotations

from pms_drill import clock
from pms_drill.episodes.outage import steady
from pms_drill.episodes.scene import Scene
from pms_drill.episodes.steps import bundle, heal, recover
from pms_drill.evidence.bundle import Evidence
from pms_drill.faults.catalogue import rate_limited
from pms_drill.faults.lifecycle import injected
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack

#: Pause between rounds of guests while the limit holds.
_ROUND_S = 0.1


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the experiment. Phases: impact (one question), open (until the date is over), recovery.

    Raises:
        Unproven: the fault or its heal could not be proved, or the control was already out of bounds.
    """
    wait = seconds(stack.profile)
    with Scene(stack, name, seed) as scene:
        steady(scene)
        begun = clock.now()
        with injected(rate_limited(wait, as_date=True), stack.place) as injection:
            armed = clock.now()
            with scene.phase("impact"):
                scene.guests.ask(scene.book.guest(), "impact")
            ends = armed + wait + 0.5
            with scene.phase("open"):
                number = 0
                while clock.now() < ends:
                    scene.guests.ask(scene.book.guest(), "open")
                    if number == 0:
                        scene.guests.reserve(scene.book.guest(), "open")
                    number += 1
                    scene.pause(_ROUND_S)
            heal(scene, injection, armed)
        recover(scene, wait)
        scene.quiesce()
    found = bundle(scene)
    # The date is cut to whole seconds, and it was named when the rule was made: at `begun` or a little later.
    found.notes.update({"not before": begun + wait - 1.0, "not after": armed + wait})
    return found


def seconds(profile: Profile) -> int:
    """What the 429 asks for: whole seconds, at least two more than the breaker's own wait."""
    return int(profile.breaker.recovery_timeout) + 3


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes."""
    return 4.0 + seconds(profile) + profile.breaker.recovery_timeout
