"""Half-open by traffic: the guest who is the probe hangs up, or gets an answer that says nothing about the PMS."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pms_drill import clock
from pms_drill.episodes.outage import slack, steady
from pms_drill.episodes.scene import Scene
from pms_drill.episodes.steps import ask, bundle, crowd, heal, trip
from pms_drill.evidence.bundle import Evidence
from pms_drill.faults.catalogue import EVERYTHING, question_refused, server_error, slow_answers
from pms_drill.faults.lifecycle import injected
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack

#: How long the PMS takes while the probe is watched, and after what time its guest hangs up: parts of the deadline.
_SLOW, _PATIENCE = 0.8, 0.3
#: Guests who come at once when the first one has left.
_NEXT = 5


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the experiment `guest_probe_cancelled` or `guest_probe_ignored`.

    The breaker opens, the PMS is well again, and nobody asks until the wait is over for sure. Then, cancelled: a guest
    asks and hangs up (phase hang_up), others come at once (crowd). Ignored: a guest is refused (business),
    another one asks (next). Both end with the phase after.

    Raises:
        Unproven: a fault or its heal could not be proved, or the control was already out of bounds.
    """
    with Scene(stack, name, seed) as scene:
        steady(scene)
        with injected(server_error(), stack.place) as injection:
            armed = clock.now()
            trip(scene)
            heal(scene, injection, armed)
        scene.pause(stack.profile.breaker.recovery_timeout + slack(scene))
        _THEN[name](scene)
        ask(scene, "after")
        scene.quiesce()
    return bundle(scene)


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes."""
    return 4.0 + profile.breaker.recovery_timeout + 2 * profile.pms.timeout


def _cancelled(scene: Scene) -> None:
    timeout = scene.profile.pms.timeout
    with injected(slow_answers(_SLOW * timeout, EVERYTHING), scene.stack.place):
        with scene.phase("hang_up"):
            begun = clock.now()
            scene.guests.ask(scene.book.guest(), "hang_up", patience=_PATIENCE * timeout)
            # An agent that goes on with the call of a guest who has left is done with it by then.
            scene.pause(begun + timeout + slack(scene) - clock.now())
        with scene.phase("crowd"):
            crowd(scene, _NEXT, "crowd")


def _ignored(scene: Scene) -> None:
    with injected(question_refused(), scene.stack.place):
        ask(scene, "business")
    ask(scene, "next")


_THEN: Mapping[str, Callable[[Scene], None]] = {
    "guest_probe_cancelled": _cancelled,
    "guest_probe_ignored": _ignored,
}
