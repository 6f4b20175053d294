"""A PMS that fails now and then: every other question, or half of them by chance. The breaker must not flap."""

from __future__ import annotations

from pms_drill import clock
from pms_drill.checks.flapping import openings
from pms_drill.episodes.expectations import policy
from pms_drill.episodes.outage import slack, steady
from pms_drill.episodes.scene import Scene
from pms_drill.evidence.bundle import Evidence, Expectation, Span
from pms_drill.faults.catalogue_gateway import some_fail
from pms_drill.faults.catalogue_http import server_error
from pms_drill.faults.http_rules import Match
from pms_drill.faults.lifecycle import Fault, injected
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack

#: Questions only: the agent's own probe reads another path, so that a breaker that opened closes after its wait.
_SEARCH = Match(method="POST", path="/api/hotel_ari")
#: Times the threshold that is asked under alternating errors.
_TIMES = 6
#: Openings after which enough was seen of random errors, and waits after which the experiment ends anyway.
_OPENINGS, _WAITS = 3, 8
#: Pause between the questions of one guest after the other, in seconds.
_PAUSE_S = 0.005
ALTERNATING, RANDOM = "alternating_errors", "random_errors"
NAMES = (ALTERNATING, RANDOM)


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the experiment.

    Raises:
        Unproven: the fault or its heal could not be proved, or the control was already out of bounds.
    """
    alternating = name == ALTERNATING
    with Scene(stack, name, seed) as scene:
        steady(scene)
        with injected(_fault(name, stack.profile, seed), stack.place) as injection:
            begun = clock.now()
            with scene.phase("impact"):
                _alternate(scene) if alternating else _draw(scene)
            scene.phases["armed"] = Span(begun, clock.now())
            injection.heal()
        scene.quiesce()
        bookings = scene.final_read()
    return scene.evidence(_expectation(name, stack.profile), policy(stack.profile, slack(scene)), bookings)


def planned_seconds(name: str, profile: Profile) -> float:
    """About how long it takes."""
    return 3.0 + (0.0 if name == ALTERNATING else _OPENINGS * (profile.breaker.recovery_timeout + 1.5))


def _fault(name: str, profile: Profile, seed: int) -> Fault:
    if name == ALTERNATING:
        odd = tuple(range(1, 2 * _TIMES * profile.breaker.failure_threshold + 1, 2))
        return server_error(Match(method=_SEARCH.method, path=_SEARCH.path, nth=odd))
    return some_fail(0.5, _SEARCH, seed=seed)


def _alternate(scene: Scene) -> None:
    for guest in scene.book.guests(_TIMES * scene.profile.breaker.failure_threshold):
        scene.guests.ask(guest, "impact")


def _draw(scene: Scene) -> None:
    ends = clock.now() + _WAITS * scene.profile.breaker.recovery_timeout
    while clock.now() < ends and len(openings(scene.guests.operations)) < _OPENINGS:
        scene.guests.ask(scene.book.guest(), "impact")
        scene.pause(_PAUSE_S)


def _expectation(name: str, profile: Profile) -> Expectation:
    return Expectation(
        fault=name,
        opens_after=None,
        wait=profile.breaker.recovery_timeout,
        reaches_ledger=True,
        pms_worked=False,
        certain=False,
        error_kind="server",
        problem_statuses=(502,),
    )
