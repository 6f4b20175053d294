"""A 429 with every form of `Retry-After`: whole seconds and dates have experiments of their own, these are the rest."""

from __future__ import annotations

from pms_drill import clock
from pms_drill.checks.breaker_waits import TOO_LONG, TOO_LONG_TEXT, Form, forms
from pms_drill.episodes.outage import slack, steady
from pms_drill.episodes.scene import Scene
from pms_drill.episodes.steps import bundle, close_again
from pms_drill.evidence.bundle import Evidence, Span
from pms_drill.faults.catalogue_http import limited_with
from pms_drill.faults.lifecycle import injected
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack

#: Pause between guests while the breaker is open: where guests are the probes, one of them is.
_ROUND_S = 0.1


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the experiment. Phases: one for each form, and `too long`, which ends at once.

    Raises:
        Unproven: a fault or its heal could not be proved, the control was already out of bounds, or the breaker did
            not close again between two forms.
    """
    recovery = stack.profile.breaker.recovery_timeout
    with Scene(stack, name, seed) as scene:
        steady(scene)
        begun = clock.now()
        for form_name, form in forms(recovery).items():
            with injected(limited_with(form.text), stack.place):
                _until_tried(scene, form_name, form)
            close_again(scene)
        with injected(limited_with(TOO_LONG_TEXT), stack.place), scene.phase(TOO_LONG):
            scene.guests.ask(scene.book.guest(), TOO_LONG)
        scene.phases["armed"] = Span(begun, clock.now())
        close_again(scene)
    return bundle(scene)


def _until_tried(scene: Scene, phase: str, form: Form) -> None:
    """One question meets the limit; others come until the PMS is tried again, or should long have been."""
    since = scene.stack.ledger_position()
    patience = form.due(scene.profile.breaker.recovery_timeout) + 2 * slack(scene)
    with scene.phase(phase):
        ends = clock.now() + patience
        while len(scene.stack.ledger(since)) < 2 and clock.now() < ends:
            scene.guests.ask(scene.book.guest(), phase)
            scene.pause(_ROUND_S)


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes."""
    recovery = profile.breaker.recovery_timeout
    return 3.0 + sum(form.due(recovery) + 0.4 for form in forms(recovery).values())
