"""A second service that the agent asks, Redis say, hangs and is gone, while the PMS is well all the time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pms_drill import clock
from pms_drill.checks.verdict import SkipReason
from pms_drill.episodes.outage import steady
from pms_drill.episodes.scene import Scene
from pms_drill.episodes.steps import MARGIN, ask, bundle
from pms_drill.evidence.bundle import Evidence, Span
from pms_drill.faults.toxics import Stream, Timeout
from pms_drill.profile import Profile
from pms_drill.report.skips import skip
from pms_drill.stack.base import Stack
from pms_drill.stack.dependency import Dependency, missing, second_dependency

#: Notes of the evidence: how often the second service was asked before, under the faults, and after them.
ASKED = "asked_{}"


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the experiment.

    Phases: steady; hanging (no byte gets through) and refusing (nobody listens), each followed by well_after_....

    Raises:
        TypedSkip: the stack cannot have a second service.
        Unproven: the control was already out of bounds.
        DrillError: it could not be started, or a fault could not be made or healed.
    """
    if lacks := missing(stack):
        skip(SkipReason.STACK_CANNOT, lacks)
    count = stack.profile.breaker.failure_threshold + MARGIN
    notes: dict[str, float] = {}
    with second_dependency(stack) as dependency, Scene(stack, name, seed, env=dependency.env) as scene:
        with _asked(dependency, notes, "steady"):
            steady(scene)
        armed = clock.now()
        for fault in (_hanging, _refusing):
            phase = fault.__name__.lstrip("_")
            with fault(dependency), _asked(dependency, notes, phase):
                stack.journal.note("fault", "second dependency", phase, dependency.proxy.listen)
                ask(scene, phase, count)
            with _asked(dependency, notes, f"well_after_{phase}"):
                ask(scene, f"well_after_{phase}", 2)
        scene.phases["armed"] = Span(armed, clock.now())
        scene.quiesce()
    found = bundle(scene)
    found.notes.update(notes)
    return found


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes, if the agent waits for that service no longer than for the PMS."""
    return 5.0 + (profile.breaker.failure_threshold + MARGIN) * profile.pms.timeout


@contextmanager
def _hanging(dependency: Dependency) -> Iterator[None]:
    """Connections are made, and what the agent sends does not arrive."""
    toxic = Timeout(stream=Stream.UPSTREAM)
    dependency.proxy.add(toxic)
    try:
        yield
    finally:
        dependency.proxy.cut(toxic.name)


@contextmanager
def _refusing(dependency: Dependency) -> Iterator[None]:
    """Connections are refused; both ways are checked by connecting."""
    dependency.proxy.disable()
    try:
        yield
    finally:
        dependency.proxy.cut(listen=True)


@contextmanager
def _asked(dependency: Dependency, notes: dict[str, float], phase: str) -> Iterator[None]:
    before = dependency.relay.asked
    yield
    notes[ASKED.format(phase)] = dependency.relay.asked - before
