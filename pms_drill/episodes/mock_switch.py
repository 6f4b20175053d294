"""The switch to the mock by hand and back, as the runbook's option 1 does it: a setting and a restart."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

import httpx

from pms_drill import clock
from pms_drill.checks.verdict import SkipReason, Unproven
from pms_drill.episodes.scene import Scene
from pms_drill.evidence.history import Guest
from pms_drill.evidence.mock_switch import MockEvidence
from pms_drill.profile import Profile
from pms_drill.report.skips import skip
from pms_drill.stack.base import Stack

_RESERVATIONS = 3


def run(stack: Stack, name: str, seed: int) -> MockEvidence:
    """Run the experiment. Where that can be set, the outbox has room for the guests on the mock, and for no more.

    Raises:
        TypedSkip: the profile does not say how to switch.
        DrillError: the agent did not start with the setting, or the PMS could not be read at the end.
    """
    profile = stack.profile
    if not profile.agent.mock_env:
        skip(
            SkipReason.AGENT_CANNOT, f"the profile {profile.name} has no [agent.mock_env]: how is the mock switched on?"
        )
    with Scene(stack, name, seed) as scene:
        scene.guests.ask(scene.book.guest(), "steady")
        late = _sold_out(scene)
        scene.quiesce()
        log_from = len(stack.agent_log())
        taken = sum(op.status == HTTPStatus.ACCEPTED for op in scene.guests.operations)
        room = {full: str(taken + _RESERVATIONS + 1)} if (full := profile.agent.pending_max) else {}
        stack.restart_agent(fresh=False, env={**profile.agent.mock_env, **room})
        before, began = stack.ledger_position(), clock.now()
        with scene.phase("mock"):
            for guest in scene.book.guests(_RESERVATIONS):
                scene.guests.ask(guest, "mock")
                scene.guests.reserve(guest, "mock")
            scene.guests.reserve(late, "mock")
            ready = httpx.get(f"{stack.addresses.agent}{profile.endpoints.ready}", timeout=5.0, trust_env=False).json()
            if room:
                scene.guests.reserve(scene.book.guest(), "beyond")
            scene.pause(_hold(profile))
        calls, seconds = stack.ledger(before), clock.now() - began
        log = stack.agent_log()[log_from:]
        stack.restart_agent(fresh=False)
        with scene.phase("back"):
            scene.wait_until_ended("back", 4 * profile.pms.timeout + 6 * profile.pms.outbox_interval + 3.0)
            scene.look_up_all("back")
            scene.guests.ask(scene.book.guest(), "back")
        scene.quiesce()
        bookings = scene.final_read()
    operations = scene.guests.operations
    return MockEvidence(
        while_mock=[op for op in operations if op.phase == "mock"],
        calls_while_mock=calls,
        seconds=seconds,
        log_while_mock=log,
        ready_while_mock=ready.get("pms", {}) if isinstance(ready, dict) else {},
        beyond=[op for op in operations if op.phase == "beyond"],
        after=[op for op in operations if op.phase == "back"],
        bookings=bookings,
        domain=scene.book.domain,
        said_while_mock=str(ready.get("status", "")) if isinstance(ready, dict) else "",
        sold_out=late.email,
        epoch=clock.utc().timestamp() - clock.now(),
        reservations=profile.endpoints.reservations,
    )


def _sold_out(scene: Scene) -> Guest:
    """A guest who wants a night of which nothing is left: others have all rooms of the type.

    Raises:
        Unproven: a room is left.
    """
    night = scene.book.night_to_sell_out(1)
    make = partial(scene.book.guest, check_in=night, nights=1, room_type=scene.profile.pms.room_type)
    left = scene.guests.ask(make(), "steady").body.get("rooms_left")
    for _ in range(left if isinstance(left, int) else 0):
        scene.guests.reserve(make(), "steady")
    late = make()
    if scene.guests.ask(late, "steady").body.get("available") is not False:
        raise Unproven(f"{scene.name}: the night of {night} could not be sold out before the mock was switched on")
    return late


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes."""
    return 8.0 + _hold(profile)


def _hold(profile: Profile) -> float:
    """Longer than a breaker's wait and several rounds of the outbox: whatever calls by itself would have called."""
    return max(1.5 * profile.breaker.recovery_timeout, 3 * profile.pms.outbox_interval)
