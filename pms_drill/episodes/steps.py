"""Steps that experiments with the breaker share: fail so often, trip it, wait for the PMS, bundle the evidence."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pms_drill import clock
from pms_drill.checks.moments import is_rejection
from pms_drill.checks.verdict import Unproven
from pms_drill.episodes.admin import Admin
from pms_drill.episodes.expectations import expectation, policy
from pms_drill.episodes.outage import slack
from pms_drill.episodes.scene import Scene
from pms_drill.evidence.bundle import Evidence, Span
from pms_drill.evidence.history import Operation
from pms_drill.faults.catalogue import server_error
from pms_drill.faults.http_rules import Match
from pms_drill.faults.lifecycle import Injection, injected

#: Questions beyond the threshold before a breaker counts as one that does not open.
MARGIN = 3
#: A fault that answers at once and behind which the ledger sees every call.
FAULT = "server_error"
#: What an agent asks the PMS for a guest's question. A read, in spite of its method.
QUESTIONS = Match(method="POST", path="/api/hotel_ari")


def fail(scene: Scene, count: int, phase: str) -> None:
    """So many questions, one after the other, while the PMS answers each with a failure; then it is well again."""
    with scene.phase(phase), injected(server_error(), scene.stack.place):
        for guest in scene.book.guests(count):
            scene.guests.ask(guest, phase)


def ask(scene: Scene, phase: str, count: int = 1) -> None:
    """Questions, one after the other, in a phase of their own."""
    with scene.phase(phase):
        for guest in scene.book.guests(count):
            scene.guests.ask(guest, phase)


def trip(scene: Scene, phase: str = "impact", most: int | None = None) -> bool:
    """Ask until a guest is rejected, under a fault that acts already; false if nobody was."""
    limit = most or scene.profile.breaker.failure_threshold + MARGIN
    with scene.phase(phase):
        return any(is_rejection(scene.guests.ask(scene.book.guest(), phase)) for _ in range(limit))


def trip_at_once(scene: Scene, phase: str = "impact") -> bool:
    """As `trip`, but the failures come at the same time: quick, where their number is not judged."""
    with scene.phase(phase):
        crowd(scene, scene.profile.breaker.failure_threshold, phase)
        return any(is_rejection(scene.guests.ask(scene.book.guest(), phase)) for _ in range(MARGIN))


def heal(scene: Scene, injection: Injection, armed: float) -> None:
    """End the fault and remember how long it acted: the phase `armed`."""
    scene.phases["armed"] = Span(armed, clock.now())
    injection.heal()


def answered_by_the_pms(asked: Operation) -> bool:
    """Whether the answer is the PMS's own."""
    return asked.source == "pms"


def recover(scene: Scene, wait: float | None = None, until: Callable[[Operation], bool] = answered_by_the_pms) -> bool:
    """Wait until guests are answered by the PMS again, or otherwise as is asked for, in the phase `recovery`."""
    patience = (wait or scene.profile.breaker.recovery_timeout) + 2 * scene.profile.pms.timeout + 3.0
    with scene.phase("recovery"):
        return scene.wait_for(
            "guests to be let through",
            lambda: until(scene.guests.ask(scene.book.guest(), "recovery")),
            patience,
        )


def close_again(scene: Scene) -> None:
    """The breaker closed and its count at zero: by hand where that is granted, otherwise by itself.

    Raises:
        Unproven: it did not close.
    """
    token = scene.stack.admin_token
    if not token or not Admin(scene.stack).grants(scene.guests.http, token):
        recover(scene)
    answer = scene.guests.ask(scene.book.guest(), "between")
    if answer.source != "pms":
        raise Unproven(f"{scene.name}: the breaker did not close again: {answer.brief()}")


def crowd(scene: Scene, count: int, phase: str) -> list[Operation]:
    """So many questions at once."""
    return scene.guests.at_once(partial(scene.guests.ask, guest, phase) for guest in scene.book.guests(count))


def bundle(scene: Scene, fault: str = FAULT) -> Evidence:
    """The evidence of the scene; the PMS's bookings are not read. Call it after the scene has ended."""
    return scene.evidence(expectation(fault, scene.profile), policy(scene.profile, slack(scene)), None)
