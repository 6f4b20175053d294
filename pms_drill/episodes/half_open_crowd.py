"""Fifty guests come while the probe of a half-open breaker is still under way.

The probe is the agent's own, for which nobody has to ask; or, where guests are the probes, that of one guest before
them. In that case guests go on to come in pairs: a breaker that needs more good probes lets one of the two pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext

from pms_drill import clock
from pms_drill.checks.moments import is_success
from pms_drill.episodes.outage import slack, steady
from pms_drill.episodes.scene import Scene
from pms_drill.episodes.steps import ask, bundle, crowd, heal, recover, trip
from pms_drill.evidence.bundle import Evidence
from pms_drill.faults.catalogue import EVERYTHING, server_error, slow_answers
from pms_drill.faults.lifecycle import injected
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack

GUESTS = 50
#: The probe takes this part of the deadline, or of the time from which on a call counts as slow, so that there is time
#: to arrive meanwhile.
_SLOW = 0.8
#: Guests after the closing.
_AFTER = 10


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the experiment.

    Phases: impact, silence (nobody asks), probe (one guest, only where guests are the probes), crowd, recovery, after.

    Raises:
        Unproven: a fault or its heal could not be proved, or the control was already out of bounds.
    """
    profile = stack.profile
    with Scene(stack, name, seed) as scene:
        steady(scene)
        with injected(server_error(), stack.place) as injection:
            armed = clock.now()
            opened = trip(scene)
            heal(scene, injection, armed)
        lasts = _SLOW * min(profile.pms.timeout, profile.breaker.slow_call or profile.pms.timeout)
        with injected(slow_answers(lasts, EVERYTHING), stack.place):
            with _probe_under_way(scene) if opened else nullcontext(False) as tried:
                if tried:
                    with scene.phase("crowd"):
                        crowd(scene, GUESTS, "crowd")
            if profile.breaker.half_open == "probe":
                recover(scene)
            else:
                _come_in_pairs(scene)
        ask(scene, "after", _AFTER)
        scene.quiesce()
    return bundle(scene)


@contextmanager
def _probe_under_way(scene: Scene) -> Iterator[bool]:
    """The block runs when a probe has arrived at the PMS side; with false if none came."""
    profile, since = scene.profile, scene.stack.ledger_position()
    wait = profile.breaker.recovery_timeout

    def arrived() -> bool:
        return bool(scene.stack.ledger(since))

    if profile.breaker.half_open == "probe":
        with scene.phase("silence"):
            tried = scene.wait_for("the probe", arrived, wait + profile.pms.timeout + 2.0, every=0.01)
        yield tried
        return
    with scene.phase("silence"):
        scene.pause(wait + slack(scene))
    with ThreadPoolExecutor(1) as pool, scene.phase("probe"):
        first = pool.submit(scene.guests.ask, scene.book.guest(), "probe")
        yield scene.wait_for("a guest's call to be the probe", arrived, profile.pms.timeout + 2.0, every=0.01)
        first.result()


def _come_in_pairs(scene: Scene) -> None:
    """Two guests at once, again and again, until both are answered by the PMS."""
    breaker, pms = scene.profile.breaker, scene.profile.pms
    with scene.phase("recovery"):
        scene.wait_for(
            "answers of the PMS for both",
            lambda: all(is_success(op) for op in crowd(scene, 2, "recovery")),
            breaker.recovery_timeout + (1 + breaker.probes_to_close) * pms.timeout + 3.0,
        )


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes."""
    return 4.0 + profile.breaker.recovery_timeout + 2 * profile.pms.timeout
