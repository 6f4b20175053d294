"""Another channel of the hotel sells the same rooms: it books at the PMS directly, at the same moment as the agent.

No agent can prevent that, whatever it does with its own bookings. What becomes of it is the PMS's doing: the last room
sold to both, or one of them cancelled inside, with an answer as ever. A real PMS does so by itself; a stand-in is told
to (`catalogue_pms.parallel_bookings`, `silent_cancel`).
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta

from pms_drill.checks.double_sales import double_sold
from pms_drill.checks.pms_findings import ANSWERED, ASKS, RIVAL
from pms_drill.checks.verdict import SkipReason, Unproven
from pms_drill.contract.qloapps import QloApps, changed
from pms_drill.episodes.bookings_sent import wait_for_bookings
from pms_drill.episodes.guests import SOLD_OUT_NIGHTS
from pms_drill.episodes.scene import Scene
from pms_drill.evidence.history import Guest
from pms_drill.faults.catalogue_pms import parallel_bookings, silent_cancel
from pms_drill.faults.lifecycle import Fault, injected
from pms_drill.report.skips import skip

#: Nights on which the last room is wanted by two, at most. Two parallel bookings get it both in half of the trials.
_NIGHTS = SOLD_OUT_NIGHTS
#: Rooms in one booking of a group: a real QloApps took more than 20 s for 39 at once.
_GROUP = 4
#: Guests of the other channel who want the room together with one of the agent.
_OTHERS = 2
#: Bookings of the other channel at once, so that the guest of the agent loses.
_MANY = 3
_ROOMS = "booking.associations.room_types.0.number_of_rooms"


class Channel:
    """Books at the PMS directly, for guests of its own; each booking stands in the journal with its times."""

    def __init__(self, scene: Scene) -> None:
        if not scene.stack.addresses.pms:
            skip(SkipReason.NO_WITNESS, "the PMS cannot be asked directly: --pms-url was not given")
        self._scene = scene
        self._pms = QloApps(scene.stack.addresses.pms, scene.stack.pms_key, hooks=scene.stack.gate.hooks)
        self._book = scene.guest_book("rival")

    def close(self) -> None:
        """Close the connections."""
        self._pms.close()

    def leave_one_room(self, night: date, room_type: int) -> None:
        """Groups take all rooms of the type but one for the night.

        Raises:
            Unproven: there is not exactly one left afterwards.
        """
        group = self._book.guest(check_in=night, nights=1, room_type=room_type)
        left = self._pms.rooms_left(group)
        for _ in range(left):  # each takes one at least
            if left <= 1:
                break
            body = changed(self._pms.booking(group), _ROOMS, min(_GROUP, left - 1))
            self._pms.post("bookings", json=body).raise_for_status()
            left = self._pms.rooms_left(group)
        if left != 1:
            raise Unproven(f"{self._scene.name}: {left} rooms are left on {night}, and it must be the last one")

    @contextmanager
    def booking_at_once(self, number: int, night: date, room_type: int) -> Iterator[None]:
        """So many guests of the other channel book the night, beside what the block does.

        Refused or not stands in the journal.
        """
        guests = [self._book.guest(check_in=night, nights=1, room_type=room_type) for _ in range(number)]
        with ThreadPoolExecutor(number) as pool:
            asking = [pool.submit(self._ask_for_a_room, guest, night, room_type) for guest in guests]
            yield
            for one in asking:
                one.result()

    def _ask_for_a_room(self, guest: Guest, night: date, room_type: int) -> None:
        body = self._pms.booking(guest)
        note = self._scene.stack.journal.note
        note(RIVAL, guest.email, ASKS, f"{night}, room type {room_type}")
        note(RIVAL, guest.email, ANSWERED, str(self._pms.post("bookings", json=body).status_code))


def rival_channel(scene: Scene) -> None:
    """The last room of a night is wanted by one guest of the agent and some of the other channel, until two have it.

    The others ask at the same moment. The guest of the agent is a few hundredths of a second ahead of them, and a real
    PMS sells twice only what comes closer together than that.
    """
    with _channel(scene) as channel, scene.phase("storm"), _as_a_real_one(scene, parallel_bookings()):
        first, kind = scene.book.night_to_sell_out(2), scene.profile.pms.room_type
        for night in (first + timedelta(days=number) for number in range(_NIGHTS)):
            channel.leave_one_room(night, kind)
            guest = scene.book.guest(check_in=night, nights=1, room_type=kind)
            before = scene.stack.ledger_position()
            with ThreadPoolExecutor(1) as pool:
                flight = pool.submit(scene.guests.reserve, guest, "storm")
                wait_for_bookings(scene, before, 1)
                with channel.booking_at_once(_OTHERS, night, kind):
                    flight.result()
            if any(double_sold([one for one in scene.stack.bookings() if one.live and one.rooms])):
                break
    _two_more(scene)


def silent_loser(scene: Scene) -> None:
    """Guests of the agent whose bookings the PMS confirms and cancels inside; then two that go well.

    A stand-in is told to. A real PMS gets the last room wanted by several of the other channel just before the guest.
    """
    if "silent_cancel" in scene.stack.place.pms.names:
        with scene.phase("storm"), injected(silent_cancel(), scene.stack.place):
            for guest in scene.book.guests(2):
                scene.guests.reserve(guest, "storm")
    else:
        with _channel(scene) as channel, scene.phase("storm"):
            _let_guests_lose(scene, channel)
    _two_more(scene)


def _let_guests_lose(scene: Scene, channel: Channel) -> None:
    first, kind = scene.book.night_to_sell_out(3), scene.profile.pms.room_type
    for night in (first + timedelta(days=number) for number in range(_NIGHTS)):
        channel.leave_one_room(night, kind)
        guest = scene.book.guest(check_in=night, nights=1, room_type=kind)
        with channel.booking_at_once(_MANY, night, kind):
            scene.guests.reserve(guest, "storm")
        orders = [one for one in scene.stack.bookings() if one.email.lower() == guest.email]
        if orders and not any(one.live for one in orders):
            return


def _two_more(scene: Scene) -> None:
    """Two guests without a rival: the agent and the PMS work, so that there is something to lose."""
    with scene.phase("after"):
        for guest in scene.book.guests(2):
            scene.guests.reserve(guest, "after")


@contextmanager
def _channel(scene: Scene) -> Iterator[Channel]:
    channel = Channel(scene)
    try:
        yield channel
    finally:
        channel.close()


@contextmanager
def _as_a_real_one(scene: Scene, defect: Fault) -> Iterator[None]:
    """Tell a stand-in to behave as the real PMS does; the real one needs nothing."""
    with ExitStack() as told:
        if defect.name in scene.stack.place.pms.names:
            told.enter_context(injected(defect, scene.stack.place))
        yield
