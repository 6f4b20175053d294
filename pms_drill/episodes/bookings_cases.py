"""The moments at which bookings get lost or doubled, each set up on purpose with few guests.

A guest's answer is lost and the request repeated; the breaker opens while a booking is on its way and the mock takes
over; a stalled request is delivered by the heal after its repetition; several guests want the last room.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from pms_drill import clock
from pms_drill.checks.moments import is_rejection
from pms_drill.checks.verdict import Unproven
from pms_drill.episodes import bookings_rivals
from pms_drill.episodes.bookings_end import until_ended, until_late_ones_are_found
from pms_drill.episodes.bookings_sent import sent, wait_for_bookings
from pms_drill.episodes.expectations import policy
from pms_drill.episodes.outage import slack, steady
from pms_drill.episodes.scene import Scene
from pms_drill.evidence import timeline
from pms_drill.evidence.bundle import Evidence, Expectation, Span
from pms_drill.evidence.history import Guest, Operation
from pms_drill.faults.catalogue_http import server_error
from pms_drill.faults.catalogue_midway import BOOKING, answer_withheld, late_request, slow_answers
from pms_drill.faults.catalogue_stream import slow
from pms_drill.faults.http_rules import Match
from pms_drill.faults.lifecycle import Heal, injected
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack

_SEARCH = Match(method="POST", path="/api/hotel_ari")
#: Longer than any experiment: the request waits until the heal delivers it.
_FOR_GOOD_S = 600.0
_RIVALS = 4


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the case `name`.

    Raises:
        Unproven: a fault or its heal could not be proved, or the moment did not come about.
        DrillError: the agent did not start, or the PMS could not be read at the end.
    """
    with Scene(stack, name, seed) as scene:
        steady(scene)
        begun = clock.now()
        _CASES[name](scene)
        scene.phases["armed"] = Span(begun, clock.now())
        with scene.phase("settled"):
            until_ended(scene)
            until_late_ones_are_found(scene)
            scene.look_up_all("settled")
        scene.quiesce()
        bookings = scene.final_read()
    evidence = scene.evidence(_expectation(name, stack.profile), policy(stack.profile, slack(scene)), bookings)
    timeline.write(stack.run_dir / "histories" / f"{name}.jsonl", evidence)
    return evidence


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes."""
    return 4.0 + 2 * profile.pms.settle


def _lost_reply(scene: Scene) -> None:
    """Guests hang up before they are answered, and repeat their request with its key until they are told something."""
    guests = scene.book.guests(2)
    with scene.phase("storm"), injected(answer_withheld(), scene.stack.place):
        scene.guests.at_once(partial(_hang_up_and_repeat, scene, guest) for guest in guests)


def _hang_up_and_repeat(scene: Scene, guest: Guest) -> Operation:
    key, timeout = f"key-{guest.email}", scene.profile.pms.timeout
    told = scene.guests.reserve(guest, "storm", key=key, patience=timeout / 2)
    scene.wait_for(
        "a guest who repeats a request to be told of the reservation",
        lambda: bool(scene.guests.reserve(guest, "storm", key=key).body.get("reservation_id")),
        within=6 * timeout,
        every=timeout / 4,
    )
    return told


def _opening_midway(scene: Scene) -> None:
    """The breaker opens while the PMS's good answer to a booking is held back; then others are served by the mock."""
    profile, flyer, late = scene.profile, scene.book.guest(), scene.book.guest()
    delay = 0.6 * profile.pms.timeout  # the rest of the deadline is for a PMS that needs a while for a booking
    with (
        injected(server_error(_SEARCH), scene.stack.place),
        injected(slow_answers(delay, BOOKING), scene.stack.place),
        ThreadPoolExecutor(1) as pool,
    ):
        with scene.phase("impact"):
            for _ in range(profile.breaker.failure_threshold - 1):
                scene.guests.ask(scene.book.guest(), "impact")
            before = scene.stack.ledger_position()
            flight = pool.submit(scene.guests.reserve, flyer, "flight", key=f"key-{flyer.email}")
            wait_for_bookings(scene, before, 1)
            told = [scene.guests.ask(scene.book.guest(), "impact") for _ in range(2)]
        if not is_rejection(told[-1]):
            raise Unproven(f"{scene.name}: the breaker did not open: {told[-1].brief()}")
        with scene.phase("open"):
            scene.guests.ask(scene.book.guest(), "open")
            scene.guests.reserve(late, "open", key=f"key-{late.email}")
            scene.guests.reserve(late, "open", key=f"key-{late.email}")
        flight.result()
    with scene.phase("recovery"):
        scene.wait_for(
            "an answer of the PMS",
            lambda: scene.guests.ask(scene.book.guest(), "recovery").source == "pms",
            profile.breaker.recovery_timeout + 2 * profile.pms.timeout + 3.0,
        )
        scene.guests.reserve(flyer, "recovery", key=f"key-{flyer.email}")


def _heal_midway(scene: Scene) -> None:
    """The first request of a booking stalls, its repetition books, and then the heal delivers the first one."""
    pms, guest = scene.profile.pms, scene.book.guest()
    first = Match(method=BOOKING.method, path=BOOKING.path, nth=(1,))
    before = scene.stack.ledger_position()
    with scene.phase("storm"), injected(late_request(_FOR_GOOD_S, first, heal=Heal.RESUME), scene.stack.place):
        scene.guests.reserve(guest, "storm", key=f"key-{guest.email}")
        wait_for_bookings(scene, before, 2, within=4 * (pms.settle + pms.timeout + pms.outbox_interval))
        scene.wait_for("the repetition to be answered", lambda: sent(scene, before)[-1].answered is not None, 3.0)
    scene.wait_for(
        "one of two bookings to stay",
        lambda: [b.live for b in scene.stack.bookings() if b.email.lower() == guest.email].count(True) == 1,
        within=4 * pms.settle + 4 * pms.timeout + 2 * pms.outbox_interval,
        every=0.25,
    )


def _last_room(scene: Scene) -> None:
    """All rooms of a type but one are booked for a night; several guests want the last one, and the PMS is slow."""
    arrival, kind = scene.book.night_to_sell_out(0), scene.profile.pms.room_type
    make = partial(scene.book.guest, check_in=arrival, nights=1, room_type=kind)
    with scene.phase("filling"):
        left = scene.guests.ask(make(), "filling").body.get("rooms_left")
        if not isinstance(left, int) or left < 1:
            raise Unproven(f"{scene.name}: nobody was told how many rooms are left, but {left!r}")
        for _ in range(left - 1):
            scene.guests.reserve(make(), "filling")
    with scene.phase("storm"), injected(slow(0.3 * scene.profile.pms.timeout), scene.stack.place):
        rivals = [make() for _ in range(_RIVALS)]
        scene.guests.at_once(partial(scene.guests.reserve, guest, "storm") for guest in rivals)


_CASES: Mapping[str, Callable[[Scene], None]] = {
    "lost_reply": _lost_reply,
    "opening_midway": _opening_midway,
    "heal_midway": _heal_midway,
    "last_room": _last_room,
    # The PMS's own defects; with findings of their own (`pms_drill.checks.pms_findings`).
    "rival_channel": bookings_rivals.rival_channel,
    "silent_loser": bookings_rivals.silent_loser,
}
CASES = tuple(_CASES)


def _expectation(name: str, profile: Profile) -> Expectation:
    """What the breaker does is claimed of the one case in which it opens."""
    return Expectation(
        fault=name,
        opens_after=profile.breaker.failure_threshold if name == "opening_midway" else None,
        wait=profile.breaker.recovery_timeout,
        reaches_ledger=True,
        pms_worked=True,
        certain=False,
        error_kind="server",
        problem_statuses=(502,),
    )
