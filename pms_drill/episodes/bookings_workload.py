"""Concurrent guests under a nemesis of mixed faults, the agent killed and restarted included.

Heal, quiescence, a direct read of the PMS at the end. Who did what and when stands in one history with the faults.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pms_drill import clock
from pms_drill.checks.operations import is_booking
from pms_drill.checks.verdict import Unproven
from pms_drill.episodes.bookings_end import until_ended, until_late_ones_are_found
from pms_drill.episodes.bookings_guests import Crowd
from pms_drill.episodes.expectations import RETRY_AFTER_S, policy
from pms_drill.episodes.outage import slack, steady
from pms_drill.episodes.scene import Scene
from pms_drill.evidence import timeline
from pms_drill.evidence.bundle import Evidence, Expectation, Span
from pms_drill.evidence.history import Ending
from pms_drill.evidence.history import Kind as Asked
from pms_drill.faults import schedule as schedules
from pms_drill.faults.nemesis import Nemesis, faults_of
from pms_drill.faults.scale import Scale
from pms_drill.faults.schedule import Schedule, decisions
from pms_drill.faults.story import Needs
from pms_drill.profile import Profile
from pms_drill.report.skips import skip
from pms_drill.stack.base import Stack
from pms_drill.stack.equipped import equipped, missing

_SCHEDULES = Path(__file__).resolve().parents[2] / "schedules"
#: Experiment -> what happens to the guests; also to be seen by hand: `pms-drill replay mixed`.
_SCHEDULE = {"bookings_workload": "mixed.toml", "bookings_soak": "soak.toml"}
NAMES = tuple(_SCHEDULE)
_MOST_AT_ONCE = 64
#: Bookings are judged here by guests, ledger and PMS; metrics are only looked at, and those of a soak fill the memory.
_LOOK_EVERY_S = 0.5
#: How much longer than the schedule guests come at most, in seconds.
_END_LIMIT_S = 30.0


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the experiment.

    Raises:
        TypedSkip: the stack cannot make the faults.
        Unproven: a fault had no effect or could not be healed, no booking met one, or none was confirmed.
        DrillError: the agent did not start, or the PMS could not be read at the end.
    """
    schedule = _schedule(name)
    scale = Scale(stack.profile.pms.timeout, RETRY_AFTER_S, stack.profile.pms.settle)
    needs = _needs(schedule, seed, scale)
    lacks = missing(stack, needs)
    if lacks is not None:
        skip(*lacks)
    with equipped(stack, needs) as ready, Scene(ready, name, seed, look_every=_LOOK_EVERY_S) as scene:
        nemesis = Nemesis(schedule, seed, scale, ready.place)
        nemesis.rehearse()
        steady(scene)
        crowd = Crowd(seed, scene.book, scene.guests, schedule.guests.bookings, schedule.guests.today)
        begun = clock.now()
        with scene.phase("storm"):
            try:
                nemesis.start()
                _let_them_come(scene, crowd, schedule, nemesis)
                nemesis.wait()
            finally:
                nemesis.heal()
        scene.phases["armed"] = Span(begun, clock.now())
        with scene.phase("settled"):
            scene.guests.at_once(crowd.repeat_all("settled"))
            until_ended(scene)
            until_late_ones_are_found(scene)
            scene.look_up_all("settled")
        scene.quiesce()
        bookings = scene.final_read()
    evidence = scene.evidence(_expectation(name, stack.profile), policy(stack.profile, slack(scene)), bookings)
    timeline.write(stack.run_dir / "histories" / f"{name}.jsonl", evidence)
    _look_for_proof(name, nemesis, evidence)
    return evidence


def planned_seconds(name: str, profile: Profile) -> float:
    """About how long it takes."""
    return 10.0 + _schedule(name).duration + 4 * profile.pms.settle


def _schedule(name: str) -> Schedule:
    return schedules.read(_SCHEDULES / _SCHEDULE[name])


def _needs(schedule: Schedule, seed: int, scale: Scale) -> frozenset[Needs]:
    faults = faults_of(decisions(schedule, seed), scale)
    return frozenset(need for fault in faults.values() for need in fault.needs)


def _expectation(name: str, profile: Profile) -> Expectation:
    """Nothing is claimed of the breaker here; the bookings must survive whatever it does."""
    return Expectation(
        fault=name,
        opens_after=None,
        wait=profile.breaker.recovery_timeout,
        reaches_ledger=True,
        pms_worked=None,
        certain=False,
        error_kind="",
        problem_statuses=(),
    )


def _let_them_come(scene: Scene, crowd: Crowd, schedule: Schedule, nemesis: Nemesis) -> None:
    """Guests at the schedule's rate, whatever becomes of those before them, until the last fault and guest are gone.

    A machine on which the agent starts slowly holds the nemesis up; guests keep coming then, within limits.
    """
    pool = ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="crowd")
    begun, wait = clock.now(), threading.Event().wait
    acts = []
    try:
        for number in range(int((schedule.duration + _END_LIMIT_S) * schedule.guests.per_second)):
            if clock.now() - begun > schedule.duration and len(nemesis.outcome.done) == len(nemesis.decisions):
                break
            wait(max(0.0, begun + number / schedule.guests.per_second - clock.now()))
            acts.append(pool.submit(crowd.next()))
    finally:
        crowd.go_home()
        pool.shutdown(wait=True)
    for act in acts:
        act.result()  # an error of the harness is not a guest's
    scene.stack.journal.note("step", scene.name, "guests have gone", f"{len(acts)} of them")


def _look_for_proof(name: str, nemesis: Nemesis, evidence: Evidence) -> None:
    """What the verdicts would be worth nothing without.

    Raises:
        Unproven: it is missing.
    """
    outcome = nemesis.outcome
    if not outcome.proven or len(outcome.done) != len(nemesis.decisions):
        trouble = "; ".join(outcome.trouble) or "not every decision was carried out"
        raise Unproven(f"{name}: not every fault had its effect and is gone: {trouble}")
    met = [entry for entry in evidence.ledger if is_booking(entry) and entry.effect]
    if not met:
        raise Unproven(f"{name}: no booking request met a fault, so nothing was at stake")
    made = evidence.asked("storm", kind=Asked.RESERVATION)
    if not any(operation.ending is Ending.OK for operation in made):
        raise Unproven(
            f"{name}: none of {len(made)} reservations was confirmed at once, the agent was no use to anyone"
        )
