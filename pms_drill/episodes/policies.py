"""Experiments with optional policies; their tests are skipped as `not-claimed` before any of these runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import httpx

from pms_drill import clock
from pms_drill.episodes.outage import steady
from pms_drill.episodes.scene import Scene
from pms_drill.episodes.steps import MARGIN, ask, bundle, fail, heal, trip
from pms_drill.evidence.bundle import Evidence
from pms_drill.faults.catalogue import EVERYTHING, server_error, slow_answers
from pms_drill.faults.lifecycle import injected
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack

#: Probes that are waited for where waits grow, and where a forced breaker must stay open: in waits.
_PROBES, _WAITS = 4, 3
#: Pause between rounds of guests.
_ROUND_S = 0.1


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the experiment; each function below says which phases it has.

    Raises:
        Unproven: the fault or its heal could not be proved, or the control was already out of bounds.
    """
    env = stack.profile.breaker.disabled_env if name == "disabled_breaker" else None
    with Scene(stack, name, seed, env=env) as scene:
        steady(scene)
        _EXPERIMENTS[name](scene)
        scene.quiesce()
    return bundle(scene)


def planned_seconds(name: str, profile: Profile) -> float:
    """About how long it takes."""
    breaker = profile.breaker
    return 5.0 + (4 * (breaker.window or 0) if name == "call_volume" else 6 * breaker.recovery_timeout)


def _call_volume(scene: Scene) -> None:
    """One call fewer than the minimum fails, twice, a window apart; then the minimum, across half of a window.

    Phases: few, still_few, few_again, still_again, first_half, impact.
    """
    breaker = scene.profile.breaker
    window, few = breaker.window or 0.0, breaker.minimum_calls - 1
    for failing, then in (("few", "still_few"), ("few_again", "still_again")):
        scene.pause(1.1 * window)
        fail(scene, few, failing)
        ask(scene, then)
    scene.pause(1.1 * window)
    with injected(server_error(), scene.stack.place) as injection:
        armed = clock.now()
        half = breaker.minimum_calls // 2
        with scene.phase("first_half"):
            for guest in scene.book.guests(half):
                scene.guests.ask(guest, "first_half")
        scene.pause(window / 2)
        trip(scene, "impact", breaker.minimum_calls - half + 3)
        heal(scene, injection, armed)


def _growing_wait(scene: Scene) -> None:
    """The fault stays for several probes. Phases: impact, open."""
    breaker = scene.profile.breaker
    longest = breaker.longest_wait or breaker.recovery_timeout * breaker.wait_growth**_PROBES
    with injected(server_error(), scene.stack.place) as injection:
        armed = clock.now()
        trip(scene)
        since = scene.stack.ledger_position()
        with scene.phase("open"):
            scene.wait_for(
                f"{_PROBES} probes", lambda: len(scene.stack.ledger(since)) >= _PROBES, _PROBES * longest + 1.0
            )
        heal(scene, injection, armed)


def _forced_open(scene: Scene) -> None:
    """Opened by hand while the PMS is well, held for several waits, closed by a reset. Phases: forced, after_reset."""
    stack, profile = scene.stack, scene.profile
    headers = {"Authorization": f"Bearer {stack.admin_token}"}
    with httpx.Client(base_url=stack.addresses.agent, headers=headers, timeout=5.0, trust_env=False) as admin:
        told = admin.post(profile.breaker.force_open)
        stack.journal.note("step", "forced_open", f"answered {told.status_code}")
        ends = clock.now() + _WAITS * profile.breaker.recovery_timeout
        with scene.phase("forced"):
            while clock.now() < ends:
                scene.guests.ask(scene.book.guest(), "forced")
                scene.pause(_ROUND_S)
        admin.post(profile.endpoints.reset)
    ask(scene, "after_reset")


def _slow_calls(scene: Scene) -> None:
    """Answers just quick enough, then too slow though in time, until two probes. Phases: quick, impact, open."""
    profile = scene.profile
    limit = profile.breaker.slow_call or 0.0
    count = profile.breaker.failure_threshold + 1
    with scene.phase("quick"), injected(slow_answers(0.4 * limit, EVERYTHING), scene.stack.place):
        for guest in scene.book.guests(count):
            scene.guests.ask(guest, "quick")
    with injected(slow_answers((limit + profile.pms.timeout) / 2, EVERYTHING), scene.stack.place) as injection:
        armed = clock.now()
        trip(scene)
        since = scene.stack.ledger_position()
        with scene.phase("open"):
            within = 2 * (profile.breaker.recovery_timeout + profile.pms.timeout) + 1.0
            scene.wait_for("two slow probes", lambda: len(scene.stack.ledger(since)) >= 2, within)
            scene.pause(profile.pms.timeout)
            scene.guests.ask(scene.book.guest(), "open")
        heal(scene, injection, armed)


def _disabled_breaker(scene: Scene) -> None:
    """The breaker is switched off; the PMS fails far more often than it takes to open it. Phases: impact, after."""
    with injected(server_error(), scene.stack.place) as injection:
        armed = clock.now()
        ask(scene, "impact", 2 * scene.profile.breaker.failure_threshold + MARGIN)
        scene.await_scrape()
        heal(scene, injection, armed)
    ask(scene, "after")


_EXPERIMENTS: Mapping[str, Callable[[Scene], None]] = {
    "call_volume": _call_volume,
    "growing_wait": _growing_wait,
    "forced_open": _forced_open,
    "slow_calls": _slow_calls,
    "disabled_breaker": _disabled_breaker,
}
