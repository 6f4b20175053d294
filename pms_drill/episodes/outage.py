"""The outage of one fault: steady, impact, open, healed, recovered, and a second strike that meets bookings.

The breaker's counts must be exact, so that under the fault only availability is asked, one guest after the other,
until one is rejected. Reservations under the fault come in the second strike, when the breaker is closed again.
"""

from __future__ import annotations

import itertools
from contextlib import nullcontext
from functools import partial

from pms_drill import clock
from pms_drill.checks.lateness import longest_slack
from pms_drill.checks.moments import is_rejection, percentile
from pms_drill.checks.verdict import Unproven
from pms_drill.episodes.able import fault_for
from pms_drill.episodes.expectations import expectation, policy
from pms_drill.episodes.passers_by import passers_by
from pms_drill.episodes.scene import Scene
from pms_drill.evidence.bundle import Evidence, Expectation, Span
from pms_drill.evidence.history import Guest, Kind
from pms_drill.faults.lifecycle import Fault, injected
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack

#: Guests before the fault: enough for a control, few enough to be quick.
_STEADY_QUESTIONS, _STEADY_BOOKINGS = 8, 2
#: How many times the slowest answer of the control something may be late (design rule 7).
_SLACK = 5
#: Rounds of questions until one is quick enough for a control.
_CONTROLS = 3
#: Pause between rounds of questions while the breaker is open, so that rejections spread over the whole wait.
_ROUND_S = 0.08
#: How much longer than two waits and two probes the phase lasts, in seconds: two wake-ups of a busy machine.
_MARGIN_S = 0.75
#: Part of the wait of an open breaker in which its metrics must have been read once, or guests go on without that.
_LOOK = 0.2
#: How often it is noted how far the agent's log has come, from the opening on: a machine may stall at the last one.
_MARKS = 3
#: Reservations that meet the fault with the breaker closed; each costs the agent two calls (booking, read-back).
_STRUCK = 2


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the experiment for the fault `name`.

    Raises:
        Unproven: the fault or its heal could not be proved, or the control was already out of bounds.
        DrillError: the agent did not start, or the PMS could not be read at the end.
    """
    return under(stack, name, seed, fault=fault_for(name, stack))


def under(stack: Stack, name: str, seed: int, *, fault: Fault, beside: Fault | None = None) -> Evidence:
    """Run the experiment for a fault under any name.

    Args:
        fault: what the PMS or the way to it has.
        beside: acts from before the outage until everything has come to rest after it.

    Raises:
        Unproven, DrillError: as `run`.
    """
    expected = expectation(fault.name, stack.profile)
    with Scene(stack, name, seed) as scene:
        regulars = steady(scene)
        scene.be_seen()
        with injected(beside, stack.place) if beside else nullcontext():
            _strike_twice(scene, fault, expected, regulars)
        bookings = scene.final_read()
    return scene.evidence(expected, policy(stack.profile, slack(scene)), bookings)


def _strike_twice(scene: Scene, fault: Fault, expected: Expectation, regulars: list[Guest]) -> None:
    """The outage, its end, the second strike, and whatever goes on after it."""
    place, profile = scene.stack.place, scene.profile
    with injected(fault, place) as injection:
        armed = clock.now()
        scene.mark_log("fault")
        with scene.phase("impact"):
            _impact(scene, most=profile.breaker.failure_threshold + 3, opens=expected.opens_after or 0)
        with scene.phase("open"):
            _open(scene, regulars, expected.least_wait / 2, _open_seconds(expected, profile))
        scene.phases["armed"] = Span(armed, clock.now())
        injection.heal()
    _recover(scene, expected.wait)
    with scene.phase("strike"), injected(fault, place):
        _strike(scene)
    settle(scene, expected.wait)
    scene.quiesce()
    scene.be_seen()


def planned_seconds(name: str, profile: Profile) -> float:
    """About how long it takes, for the plan that is printed at collection."""
    expected, timeout = expectation(name, profile), profile.pms.timeout
    impact = profile.breaker.failure_threshold * timeout if _hangs(expected) else 0.2
    # Measured: 4 s for the start of the agent, the steady phase, proofs and the end; 6 s of that on a real PMS.
    return 4.0 + impact + _open_seconds(expected, profile) + profile.pms.settle


def _open_seconds(expected: Expectation, profile: Profile) -> float:
    """Long enough for two failed probes; where calls hang, each of them takes the whole deadline."""
    return 2 * (expected.wait + (profile.pms.timeout if _hangs(expected) else 0.0)) + _MARGIN_S


def _hangs(expected: Expectation) -> bool:
    """Whether calls end at the agent's deadline and not before."""
    return expected.error_kind == "timeout"


def steady(scene: Scene, bookings: int = _STEADY_BOOKINGS) -> list[Guest]:
    """Guests before the fault; those who asked come again while the breaker is open."""
    with scene.phase("steady"):
        regulars = scene.book.guests(_STEADY_QUESTIONS)
        for number in range(_CONTROLS):
            asked = [scene.guests.ask(guest, "steady") for guest in regulars]
            if max(operation.seconds for operation in asked) <= _slowest_of_use(scene):
                break
            # An agent that has just begun may be slow for a moment; one that stays so cannot be judged here.
            scene.stack.journal.note("step", scene.name, "the control was too slow", f"round {number + 1}")
        for guest in scene.book.guests(bookings):
            scene.guests.reserve(guest, "steady")
    bad = [op.brief() for op in scene.guests.operations if op.source != "pms"]
    if bad:
        raise Unproven(f"{scene.name}: the control is not clean, guests before the fault were told: {'; '.join(bad)}")
    return regulars


def slack(scene: Scene) -> float:
    """How much later than claimed something may be seen, in seconds (design rule 7).

    From the control before the fault, which is the same for every check. What the machine's own delays add comes from
    the time that is judged (`checks.lateness`).

    Raises:
        Unproven: the machine is too slow for this profile's deadline.
    """
    asked = [op.seconds for op in scene.guests.operations if op.phase == "steady" and op.kind is Kind.AVAILABILITY]
    p99 = percentile(asked[-_STEADY_QUESTIONS:], 0.99)
    if p99 > _slowest(scene):
        raise Unproven(
            f"{scene.name}: without a fault answers took up to {p99:.2f} s; the machine is too slow to judge"
        )
    return max(_SLACK * p99, 0.25)


def _slowest_of_use(scene: Scene) -> float:
    """A control with a slower answer, in seconds, asks for more slack than any check may have."""
    return longest_slack(scene.profile.pms.timeout, scene.profile.breaker.recovery_timeout) / _SLACK


def _slowest(scene: Scene) -> float:
    """An answer that takes longer without any fault, in seconds, is too near to the agent's deadline."""
    return scene.profile.pms.timeout / 2


def _impact(scene: Scene, most: int, opens: int) -> None:
    """Ask until a guest is rejected.

    Between the failure that opens the breaker and the next guest the metrics are read once: a gauge that only the next
    call sets right is wrong for a whole night without guests.

    Args:
        opens: how many failures open the breaker.
    """
    for number in range(1, most + 1):
        if is_rejection(scene.guests.ask(scene.book.guest(), "impact")):
            return
        if number == opens:
            scene.await_scrape(within=_LOOK * scene.profile.breaker.recovery_timeout)


def _open(scene: Scene, regulars: list[Guest], halfway: float, seconds: float) -> None:
    """Guests keep coming, all at once in each round: questions new and old, reservations, look-ups.

    Args:
        halfway: after so many seconds nothing has been probed yet, and what went wrong before stands in the log.
    """
    begin, marks = clock.now(), 0
    again = itertools.cycle(regulars)
    for number in itertools.count():
        begun = clock.now()
        if begun >= begin + seconds:
            return
        if marks < _MARKS and begun >= begin + halfway * marks / (_MARKS - 1):
            scene.mark_log("open")
            marks += 1
        calls = [partial(scene.guests.ask, scene.book.guest(), "open"), partial(scene.guests.ask, next(again), "open")]
        if number < 2:
            calls.append(partial(scene.guests.reserve, scene.book.guest(), "open"))
        elif number == 2:
            scene.look_up_all("open")
        scene.guests.at_once(calls)
        scene.pause(_ROUND_S - (clock.now() - begun))


def _recover(scene: Scene, wait: float) -> None:
    """From the heal to the first answer of the PMS, and on until what was pending has ended."""
    profile = scene.profile
    patience = wait + 2 * profile.pms.timeout + 3.0
    with scene.phase("recovery"):
        scene.wait_for(
            "an answer of the PMS",
            lambda: scene.guests.ask(scene.book.guest(), "recovery").source == "pms",
            patience,
        )
    with scene.phase("recovered"):
        for guest in scene.book.guests(3):
            scene.guests.ask(guest, "recovered")
        scene.guests.reserve(scene.book.guest(), "recovered")
        scene.wait_until_ended("recovered", patience + profile.pms.outbox_interval * 2)


def _strike(scene: Scene) -> None:
    """Reservations, all at once, with the breaker closed and the fault acting."""
    struck = scene.book.guests(_STRUCK)
    scene.guests.at_once(partial(scene.guests.reserve, guest, "strike") for guest in struck)


def settle(scene: Scene, wait: float) -> None:
    """Until every reservation has ended, and a last look at each of them."""
    with scene.phase("settled"), passers_by(scene):
        scene.wait_until_ended("settled", longest_pending(scene.profile, wait))
        scene.look_up_all("settled")


def longest_pending(profile: Profile, wait: float) -> float:
    """Seconds in which reservations end: unknown ones wait for the settle time, and it may double once."""
    return wait + 2 * profile.pms.timeout + 4 * profile.pms.settle + 4 * profile.pms.outbox_interval + 3.0
