"""A booking begun before the breaker opened ends after it: once well, once badly. Neither may change anything."""

from __future__ import annotations

import threading

from pms_drill import clock
from pms_drill.episodes.outage import steady
from pms_drill.episodes.passers_by import passers_by
from pms_drill.episodes.scene import Scene
from pms_drill.episodes.steps import ask, bundle, heal, recover, trip_at_once
from pms_drill.evidence.bundle import Evidence
from pms_drill.faults.catalogue import BOOKING, server_error, slow_answers
from pms_drill.faults.http_rules import Match
from pms_drill.faults.lifecycle import injected
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack

#: By how much the answer to the booking is held back, as a part of the deadline: in time also where the PMS needs a
#: while for it, and after the agent gave up.
_LATE = {"late_success": 0.6, "late_failure": 3.0}
_READS = Match(path_glob="/api/h*")


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the experiment for `late_success` or `late_failure`. Phases: impact, open, until_probe, recovery.

    Raises:
        Unproven: a fault or its heal could not be proved, or the control was already out of bounds.
    """
    profile = stack.profile
    with Scene(stack, name, seed) as scene:
        steady(scene)
        slow = slow_answers(_LATE[name] * profile.pms.timeout, BOOKING)
        with injected(slow, stack.place), injected(server_error(_READS), stack.place) as injection:
            armed = clock.now()
            since = stack.ledger_position()
            late = threading.Thread(target=scene.guests.reserve, args=(scene.book.guest(), "late"), name="late guest")
            late.start()
            scene.wait_for("the booking to arrive", lambda: _booking_arrived(stack, since), profile.pms.timeout / 2)
            trip_at_once(scene)
            # The slow call ends, or is given up, while the breaker is open.
            with scene.phase("open"):
                late.join(timeout=profile.guest_patience)
                if name == "late_failure":
                    scene.pause(armed + profile.pms.timeout + 0.05 - clock.now())
            ask(scene, "after_late")
            since = stack.ledger_position()
            with passers_by(scene):
                scene.wait_for(
                    "the probe",
                    lambda: bool(stack.ledger(since)),
                    profile.breaker.recovery_timeout + 2 * profile.pms.timeout + 2.0,
                )
            heal(scene, injection, armed)
        recover(scene)
    return bundle(scene)


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes."""
    return 3.5 + 2 * profile.breaker.recovery_timeout + profile.pms.timeout


def _booking_arrived(stack: Stack, since: int) -> bool:
    return any(entry.method == BOOKING.method and entry.path == BOOKING.path for entry in stack.ledger(since))
