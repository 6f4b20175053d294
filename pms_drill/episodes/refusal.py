"""The PMS refuses questions, or bookings, more of them in a row than the breaker's threshold: it must stay closed.

Once for each refusal of the catalogue, which the fault proxy says in the PMS's own words, and once for real: all rooms
of a night are booked (`FULL_NIGHT`), and the PMS itself refuses guest after guest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from pms_drill import clock
from pms_drill.checks.verdict import Unproven
from pms_drill.episodes.expectations import expectation, fault_named, policy
from pms_drill.episodes.outage import slack, steady
from pms_drill.episodes.scene import Scene
from pms_drill.evidence.bundle import Evidence, Expectation, Span
from pms_drill.evidence.history import Guest, Operation
from pms_drill.faults import catalogue
from pms_drill.faults.lifecycle import injected
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack

#: The experiment without a fault, and the refusal of the catalogue that says the same.
FULL_NIGHT, _AS_UNDER = "full_night", "booking_refused"
#: Times the threshold that is asked (property 10 of the breaker: three times).
_TIMES = 3
#: Which of the nights that no other guest asks for is sold out here.
_NIGHT = 4


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the experiment. Phases: steady, impact (every guest is refused), recovered (one more question).

    Raises:
        Unproven: the fault or its heal could not be proved, the night could not be sold out, or the control was already
            out of bounds.
    """
    with Scene(stack, name, seed) as scene:
        steady(scene)
        with _refusing(scene) as (send, guests):
            armed = clock.now()
            with scene.phase("impact"):
                for guest in guests:
                    send(guest, "impact")
            scene.phases["armed"] = Span(armed, clock.now())
        with scene.phase("recovered"):
            scene.guests.ask(scene.book.guest(), "recovered")
        scene.quiesce()
        bookings = scene.final_read()
    return scene.evidence(_expectation(name, stack.profile), policy(stack.profile, slack(scene)), bookings)


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes."""
    return 4.0


def _expectation(name: str, profile: Profile) -> Expectation:
    return replace(expectation(_AS_UNDER if name == FULL_NIGHT else name, profile), fault=name)


@contextmanager
def _refusing(scene: Scene) -> Iterator[tuple[Callable[[Guest, str], Operation], list[Guest]]]:
    """While it lasts the PMS refuses: how the guests ask, and who they are."""
    count = _TIMES * scene.profile.breaker.failure_threshold
    if scene.name == FULL_NIGHT:
        yield scene.guests.reserve, _who_want_the_full_night(scene, count)
        return
    with injected(fault_named(scene.name, scene.profile), scene.stack.place):
        of_bookings = catalogue.rows()[scene.name].of_bookings
        yield (scene.guests.reserve if of_bookings else scene.guests.ask), scene.book.guests(count)


def _who_want_the_full_night(scene: Scene, count: int) -> list[Guest]:
    """Book all rooms of one type for a night; gives guests who come too late.

    Raises:
        Unproven: it is not full.
    """
    night, kind = scene.book.night_to_sell_out(_NIGHT), scene.profile.pms.room_type

    def guest() -> Guest:
        return scene.book.guest(check_in=night, nights=1, room_type=kind)

    with scene.phase("filling"):
        left = scene.guests.ask(guest(), "filling").body.get("rooms_left")
        if not isinstance(left, int) or left < 1:
            raise Unproven(f"{scene.name}: nobody was told how many rooms are left, but {left!r}")
        for _ in range(left):
            scene.guests.reserve(guest(), "filling")
        after = scene.guests.ask(guest(), "filling")
    if after.body.get("available") is not False:
        raise Unproven(f"{scene.name}: the night is not full after {left} bookings: {after.brief()}")
    return [guest() for _ in range(count)]
