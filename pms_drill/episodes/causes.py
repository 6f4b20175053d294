"""A cause of the runbook, as on-call engineers meet it.

Symptoms, what cannot help, the mock, what helps, validation, and the fate of what guests reserved meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import httpx

from pms_drill import clock
from pms_drill.checks.moments import is_rejection, is_success
from pms_drill.episodes.able import fault_for
from pms_drill.episodes.causes_mitigations import Operator, lacks, operator
from pms_drill.episodes.causes_table import Mitigation, Scenario, scenario
from pms_drill.episodes.expectations import RETRY_AFTER_S, policy
from pms_drill.episodes.outage import longest_pending, settle, slack, steady
from pms_drill.episodes.scene import Scene
from pms_drill.evidence.causes import CauseEvidence, Mended, MockTrial, Trial, Validation
from pms_drill.evidence.history import Operation
from pms_drill.evidence.scrape import Scrape
from pms_drill.faults.lifecycle import injected
from pms_drill.profile import Profile
from pms_drill.report.skips import skip
from pms_drill.stack import equipped as equipment
from pms_drill.stack.base import Stack

#: How many guests come after the mitigation, to see whether the first of them is answered.
_MOST_AFTER = 3


def run(stack: Stack, name: str, seed: int) -> CauseEvidence:
    """Run the experiment.

    Raises:
        TypedSkip: stack or agent cannot make this cause, or cannot do what helps.
        Unproven: the fault could not be proved.
        DrillError: a program did not come back, or the PMS could not be read at the end.
    """
    entry = scenario(name)
    fault = fault_for(entry.fault, stack)
    for lack in (equipment.missing(stack, fault.needs), lacks(entry.helps, stack)):
        if lack is not None:
            skip(*lack)
    with equipment.equipped(stack, fault.needs) as ready, Scene(ready, name, seed) as scene:
        steady(scene)
        seen = _Seen(scene, entry)
        before, log_from = ready.scrape(), len(ready.agent_log())
        seen.before = before
        with injected(fault, ready.place) as injection, operator(ready, entry, injection) as acting:
            # Where the breaker does not open there is no incident: that is judged, and nothing after it.
            if seen.strike(log_from):
                seen.go_through(acting)
        scene.quiesce()
        bookings = scene.final_read()
    return CauseEvidence(
        cause=entry.cause,
        fault=entry.fault,
        opens_after=_opens_after(entry, stack.profile),
        kind=entry.kind,
        status=entry.status,
        grep=entry.grep,
        in_ledger=entry.in_ledger,
        before=before,
        scrapes=seen.scrapes,
        impact=seen.impact,
        ready=seen.ready,
        log=seen.log,
        trials=seen.trials,
        reserved=seen.reserved,
        mock=seen.mock,
        mended=seen.mended,
        validation=seen.validation,
        looked_up=[op for op in scene.guests.operations if op.phase == "settled"],
        bookings=bookings,
        metrics=stack.profile.metrics,
        policy=policy(stack.profile, slack(scene)),
        machine=scene.heartbeat.seen,
    )


def planned_seconds(name: str, profile: Profile) -> float:
    """About how long it takes."""
    entry = scenario(name)
    slow = profile.pms.timeout * profile.breaker.failure_threshold if entry.kind == "timeout" else 0.2
    return 9.0 + slow * (1 + len(entry.useless)) + (2.0 if _tries_mock(entry) else 0.0)


def _opens_after(entry: Scenario, profile: Profile) -> int:
    return 1 if entry.at_once else profile.breaker.failure_threshold


def _tries_mock(entry: Scenario) -> bool:
    """The fault no_address is itself a setting of the agent, which a restart would undo."""
    return entry.fault != "no_address"


@dataclass
class _Seen:
    """Goes through the incident and keeps what is seen."""

    scene: Scene
    entry: Scenario
    before: Scrape | None = None
    scrapes: list[Scrape] = field(default_factory=list)
    impact: list[Operation] = field(default_factory=list)
    ready: dict[str, object] = field(default_factory=dict)
    log: str = ""
    trials: list[Trial] = field(default_factory=list)
    reserved: list[Operation] = field(default_factory=list)
    mock: MockTrial | None = None
    mended: Mended | None = None
    validation: Validation | None = None

    def go_through(self, acting: Operator) -> None:
        """What does not help, the mock, what helps, validation, and the end of what was reserved."""
        scene, recovery = self.scene, self.scene.profile.breaker.recovery_timeout
        for mitigation in self.entry.useless:
            self.try_in_vain(acting, mitigation)
        self.reserve_in_vain()
        self.try_the_mock(acting)
        self.mend(acting)
        # One booking at a time: a guest who comes while the queue of the incident is worked off is told to wait.
        scene.wait_until_ended("worked off", longest_pending(scene.profile, recovery))
        self.validate()
        # Before the heal: a rotated key is void after it, and what is pending would wait for the harness, not for
        # what the operator did.
        settle(scene, recovery)

    def strike(self, log_from: int) -> bool:
        """Guests ask until one is rejected; then metrics, readiness and log are read. False if nobody was rejected."""
        stack = self.scene.stack
        if self.entry.fault == "no_address":  # the agent was restarted to arm it: its counters began again
            log_from = 0
        with self.scene.phase("impact"):
            self.impact = self._until_rejected("impact")
            last = stack.scrape()
            self.ready = _ready(stack)
        begin = self.scene.phases["impact"].begin
        # On a late machine the wait may be over by now: what was seen all the time tells whether it ever was open.
        self.scrapes = [*(scrape for scrape in self.scene.observer.scrapes if scrape.started >= begin), last]
        if "agent-log" in stack.capabilities:
            self.log = stack.agent_log()[log_from:]
        return is_rejection(self.impact[-1])

    def try_in_vain(self, acting: Operator, mitigation: Mitigation) -> None:
        """Do it, and see guests fail again until the breaker opens again."""
        stack = self.scene.stack
        told = acting.apply(mitigation)
        position = stack.ledger_position()
        with self.scene.phase(f"after {mitigation}"):
            asked = self._until_rejected(f"after {mitigation}")
        calls = [entry for entry in stack.ledger(position) if entry.path != stack.profile.pms.probe_path]
        self.trials.append(Trial(mitigation, told, asked, calls))

    def reserve_in_vain(self) -> None:
        """A reservation while the breaker is open; later ones come on the mock."""
        self.reserved.append(self.scene.guests.reserve(self.scene.book.guest(), "open"))

    def try_the_mock(self, acting: Operator) -> None:
        """The runbook's option 1 while the cause lasts. What helps follows on the running mock or after it."""
        stack = self.scene.stack
        if not _tries_mock(self.entry) or lacks(Mitigation.MOCK, stack) is not None:
            return
        log_from = len(stack.agent_log())
        acting.apply(Mitigation.MOCK)
        position = stack.ledger_position()
        with self.scene.phase("mock"):
            asked = [self.scene.guests.ask(guest, "mock") for guest in self.scene.book.guests(3)]
            made = self.scene.guests.at_once(
                partial(self.scene.guests.reserve, guest, "mock") for guest in self.scene.book.guests(2)
            )
            self.scene.pause(3 * stack.profile.pms.outbox_interval)
        self.reserved += made
        self.mock = MockTrial([*asked, *made], stack.ledger(position), stack.agent_log()[log_from:])
        if self.entry.helps not in (Mitigation.ROTATE_KEY, Mitigation.ADJUST):  # those restart the agent themselves
            stack.restart_agent(fresh=False)
            self._until_rejected("back on the dead PMS")

    def mend(self, acting: Operator) -> None:
        """Do what helps, and let guests ask from the moment on at which it is done."""
        profile = self.scene.profile
        begun = clock.now()
        acting.apply(self.entry.helps)
        patience = 0.0
        if self.entry.kind == "rate_limit":
            patience = RETRY_AFTER_S + profile.pms.timeout + slack(self.scene)
        with self.scene.phase("mended"):
            if patience:
                self.scene.wait_for("an answer of the PMS", lambda: is_success(self._ask("mended")), patience + 2.0)
            else:
                for _ in range(_MOST_AFTER):
                    if is_success(self._ask("mended")):
                        break
        asked = [op for op in self.scene.guests.operations if op.phase == "mended"]
        good = [op for op in asked if is_success(op)]
        self.mended = Mended(self.entry.helps, asked, good[0].ended - begun if good else None, patience)

    def validate(self) -> None:
        """The runbook's validation: a question, a reservation, the metrics, readiness."""
        stack = self.scene.stack
        before = stack.scrape()
        with self.scene.phase("validation"):
            asked = [self._ask("validation") for _ in range(2)]
            asked.append(self.scene.guests.reserve(self.scene.book.guest(), "validation"))
        self.validation = Validation(asked, before, stack.scrape(), _ready(stack))

    def _until_rejected(self, phase: str) -> list[Operation]:
        asked: list[Operation] = []
        while len(asked) < self.scene.profile.breaker.failure_threshold + 3:
            asked.append(self._ask(phase))
            if is_rejection(asked[-1]):
                break
        return asked

    def _ask(self, phase: str) -> Operation:
        return self.scene.guests.ask(self.scene.book.guest(), phase)


def _ready(stack: Stack) -> dict[str, object]:
    """The `pms` object of the readiness answer; empty if there is none."""
    answer = httpx.get(f"{stack.addresses.agent}{stack.profile.endpoints.ready}", timeout=5.0, trust_env=False)
    try:
        told = answer.json().get("pms")
    except (ValueError, AttributeError):
        return {}
    return told if isinstance(told, dict) else {}
