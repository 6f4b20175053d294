"""The reset by hand: refused, granted too early, granted when the PMS is back."""

from __future__ import annotations

from dataclasses import dataclass

from pms_drill import clock
from pms_drill.checks.moments import is_rejection
from pms_drill.checks.verdict import Unproven
from pms_drill.episodes.admin import Admin
from pms_drill.episodes.expectations import fault_named
from pms_drill.episodes.scene import Scene
from pms_drill.evidence.history import Operation
from pms_drill.evidence.reset import ResetEvidence, Told
from pms_drill.faults.lifecycle import injected
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack

#: A fault that answers at once and behind which the ledger sees every call.
_FAULT = "server_error"
_PLACE = "{admin_token}"
#: How often the last situation is set up, if the machine is too slow for the breaker's wait.
_SETUPS = 4


def run(stack: Stack, name: str, seed: int) -> ResetEvidence:
    """Run the experiment.

    Raises:
        Unproven: the breaker did not open, or the fault could not be proved.
    """
    threshold = stack.profile.breaker.failure_threshold
    with Scene(stack, name, seed) as scene:
        admin = Admin(stack)
        scene.guests.ask(scene.book.guest(), "steady")
        with injected(fault_named(_FAULT, stack.profile), stack.place) as injection:
            _until_rejected(scene, threshold)
            refused = {"no token": admin.reset(None), "wrong token": admin.reset("not-" + stack.admin_token)}
            after_refused = [scene.guests.ask(scene.book.guest(), "open") for _ in range(3)]
            before = stack.ledger_position()
            granted = admin.reset(stack.admin_token)
            after_granted = _until_rejected(scene, threshold)
            calls = [e for e in stack.ledger(before) if e.path != stack.profile.pms.probe_path]
            injection.heal()
        back = _bring_back(scene, admin)
        unconfigured = _unconfigured(stack)
    return ResetEvidence(
        threshold=threshold,
        wait=stack.profile.breaker.recovery_timeout,
        refused=refused,
        after_refused=after_refused,
        granted=granted,
        calls_after_granted=len(calls),
        after_granted=after_granted,
        again=back.again,
        after_again=back.answer,
        since_opening=back.since_opening,
        unconfigured=unconfigured,
    )


@dataclass(frozen=True)
class _Back:
    """A reset of an open breaker before a PMS that is well again, repeated, and what the next guest got."""

    again: list[Told]
    since_opening: float
    answer: Operation


def _bring_back(scene: Scene, admin: Admin) -> _Back:
    """Only a reset inside the wait shows anything: afterwards the breaker may have closed by itself.

    A busy machine can be too slow for that, so the situation is set up again; what a reset brings is never repeated.
    """
    stack = scene.stack
    for _ in range(_SETUPS):
        with injected(fault_named(_FAULT, stack.profile), stack.place) as injection:
            admin.reset(stack.admin_token)  # it may be open from before, and its wait half over
            _until_rejected(scene, stack.profile.breaker.failure_threshold)
            opened = clock.now()
            injection.heal()
        again = [admin.reset(stack.admin_token), admin.reset(stack.admin_token)]
        since_opening = clock.now() - opened
        answer = scene.guests.ask(scene.book.guest(), "recovered")
        if since_opening < stack.profile.breaker.recovery_timeout:
            break
    return _Back(again, since_opening, answer)


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes."""
    return 6.0


def _until_rejected(scene: Scene, threshold: int) -> list[Operation]:
    asked: list[Operation] = []
    while len(asked) < threshold + 3:
        asked.append(scene.guests.ask(scene.book.guest(), "impact"))
        if is_rejection(asked[-1]):
            return asked
    raise Unproven(f"{scene.name}: the breaker did not open after {len(asked)} failures, so there is nothing to reset")


def _unconfigured(stack: Stack) -> Told | None:
    """An agent without a token; None if the profile does not say which setting holds it."""
    settings = [key for key, value in stack.profile.agent.env.items() if value == _PLACE]
    if not settings or "restart-agent" not in stack.capabilities:
        return None
    stack.restart_agent(env=dict.fromkeys(settings, ""))
    told = Admin(stack).reset(stack.admin_token)
    stack.restart_agent()
    return told
