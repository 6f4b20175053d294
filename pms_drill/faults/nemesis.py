"""Carries the decisions of a schedule out, each at its time, and knows afterwards which faults have shown their effect.

Faults may act at the same time. Then the effect of one hides that of another, and no probe can prove it; so every
variant is proved alone before the schedule begins (`rehearse`), and again whenever nothing else acts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from pms_drill import clock
from pms_drill.checks.verdict import Unproven
from pms_drill.errors import DrillError
from pms_drill.faults.http_rules import HttpRule
from pms_drill.faults.lifecycle import Fault, Injection, Place, injected, through_the_proxies
from pms_drill.faults.scale import Scale
from pms_drill.faults.schedule import Decision, Schedule, Variant, decisions
from pms_drill.faults.variants import build, conflicts

#: A step this much late is noted; the decisions are the same all the same.
_LATE_S = 0.25
_END_LIMIT_S = 60.0


@dataclass
class Fate:
    """What became of one variant.

    Attributes:
        proved: its effect was measured, alone.
        armed, healed: how often.
        acted: requests that its rules acted on; None for faults without a rule.
    """

    proved: bool = False
    armed: int = 0
    healed: int = 0
    acted: int | None = None


@dataclass
class _Acting:
    """A fault in force."""

    injection: Injection
    decision: Decision


@dataclass
class Outcome:
    """What the nemesis did.

    Attributes:
        fates: by variant.
        trouble: what could not be shown or undone, for people.
        done: decisions that were carried out.
    """

    fates: dict[Variant, Fate] = field(default_factory=dict)
    trouble: list[str] = field(default_factory=list)
    done: list[Decision] = field(default_factory=list)

    @property
    def proven(self) -> bool:
        """Whether every fault had its effect and is gone."""
        return not self.trouble and all(fate.proved and fate.armed == fate.healed > 0 for fate in self.fates.values())


class Nemesis:
    """One schedule at one place.

    Use it as `rehearse`, `start`, ..., `wait` or `stop`, `heal`; `heal` always.

    Args:
        schedule: what is to happen.
        seed: decides everything that is drawn.
        scale: the agent's figures, for the sizes of faults.
        place: where; with the agent's control if faults need it (`pms_drill.stack.equipped`).
        say: told each step as it happens, for a terminal.

    Attributes:
        decisions: what is to happen, a pure function of schedule and seed.
        outcome: what happened so far.

    Raises:
        DrillError: a fault that does not exist, a setting it does not have, or two that cannot act together.
    """

    def __init__(
        self,
        schedule: Schedule,
        seed: int,
        scale: Scale,
        place: Place,
        *,
        say: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self.schedule = schedule
        self.seed = seed
        self.decisions = decisions(schedule, seed)
        self.outcome = Outcome({decision.variant: Fate() for decision in self.decisions})
        self._faults = faults_of(self.decisions, scale)
        self._place = place
        self._say = say
        self._acting: dict[int, _Acting] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="nemesis", daemon=True)
        self._started = 0.0

    @property
    def acting(self) -> list[str]:
        """The faults in force now, for people."""
        return [str(acting.decision.variant) for acting in list(self._acting.values())]

    def rehearse(self) -> None:
        """Prove every variant alone, healed again at once; before guests come. The agent is left alone."""
        self._note("rehearsal", f"{len(self.outcome.fates)} variants")
        for variant, key in {step.variant: step.key for step in reversed(self.decisions)}.items():
            fault = self._faults[key]
            if fault.look is not through_the_proxies:
                continue  # it hits the agent itself: no fault of the network hides it, so it is proved when it acts
            try:
                with injected(fault, self._place):
                    self.outcome.fates[variant].proved = True
            except (Unproven, DrillError) as error:
                self._trouble(f"{variant} in the rehearsal: {error}")

    def start(self) -> None:
        """Begin; decisions are dated from now on."""
        for decision in self.decisions:
            self._note("decided", str(decision))
        self._started = clock.now()
        self._note("begins", f"seed {self.seed}, {len(self.decisions)} decisions")
        self._thread.start()

    def wait(self) -> None:
        """Wait for the end of the schedule."""
        self._thread.join(self.schedule.duration + _END_LIMIT_S)

    def stop(self) -> None:
        """Do nothing more; what acts goes on acting until `heal`."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(_END_LIMIT_S)
            if self._thread.is_alive():
                self._trouble(f"the thread of the schedule did not end within {_END_LIMIT_S:g} s")

    def heal(self) -> None:
        """Stop, and undo everything that acts, the latest first; the last heal is measured.

        What could not be healed at its time is tried again here, and what cannot be healed here holds up nothing else.
        """
        self.stop()
        for key in sorted(self._acting, reverse=True):
            self._heal(self._acting[key].decision)

    def _run(self) -> None:
        try:
            self._carry_out()
        except Exception as error:  # a thread that ends in silence would look like a schedule that is over
            self._trouble(f"the schedule ended early: {error!r}")

    def _carry_out(self) -> None:
        for decision in self.decisions:
            if self._stop.wait(max(0.0, self._started + decision.at - clock.now())):
                return
            late = clock.now() - self._started - decision.at
            line = str(decision) + (f", {late:.2f} s late" if late > _LATE_S else "")
            self._note(decision.act, line)
            self._say(line)
            if decision.act == "arm":
                self._arm(decision)
            else:
                self._heal(decision)
            self.outcome.done.append(decision)

    def _arm(self, decision: Decision) -> None:
        fault = self._faults[decision.key]
        alone = not self._hides(fault)
        acting = _Acting(Injection(fault, self._place), decision)
        self._acting[decision.key] = acting
        fate = self.outcome.fates[decision.variant]
        try:
            acting.injection.arm(check=alone)
            fate.armed += 1
            if alone:
                acting.injection.prove()
                fate.proved = True
        except Exception as error:  # it runs in a thread: what it raised would be lost with it
            self._trouble(f"{decision}: {error}")

    def _heal(self, decision: Decision) -> None:
        acting = self._acting.get(decision.key)
        if acting is None:
            return
        fault = acting.injection.fault
        fate = self.outcome.fates[decision.variant]
        others = self._hides(fault, besides=decision.key)
        acted = self._acted(fault)
        try:
            acting.injection.heal(check=not others)
        except Exception as error:  # it runs in a thread: what it raised would be lost with it
            self._trouble(f"{decision}: {error}")
        else:
            fate.healed += 1
        if acted is not None and not acting.injection.armed:
            fate.acted = (fate.acted or 0) + acted
        if not acting.injection.armed:  # what could not be healed stays, for the heal at the end
            del self._acting[decision.key]

    def _hides(self, fault: Fault, besides: int = 0) -> bool:
        """Whether something that acts hides the effect of a fault.

        On the network that is every other fault. A fault of the agent itself is hidden by others of the agent only:
        the date of an agent that is dead cannot be read.

        Args:
            besides: key of a decision that is left out.
        """
        others = [acting.injection.fault for key, acting in self._acting.items() if key != besides]
        if fault.look is through_the_proxies:
            return bool(others)
        return any(other.look is not through_the_proxies for other in others)

    def _acted(self, fault: Fault) -> int | None:
        """How many requests its rule acted on; nothing is asserted, guests may not have come by."""
        if not isinstance(fault.action, HttpRule):
            return None
        try:
            rules = self._place.fault_proxy.rules()
        except DrillError as error:  # the heal is what matters
            self._trouble(f"the rule {fault.action.name} cannot be counted: {error}")
            return None
        found = [int(rule.get("counters", {}).get("acted", 0)) for rule in rules if rule["name"] == fault.action.name]
        return sum(found) if found else None

    def _trouble(self, text: str) -> None:
        self.outcome.trouble.append(text)
        self._note("trouble", text)
        self._say(f"not proven: {text}")

    def _note(self, what: str, detail: str) -> None:
        self._place.note("nemesis", self.schedule.name, what, detail)


def faults_of(steps: tuple[Decision, ...], scale: Scale) -> dict[int, Fault]:
    """Key of a decision -> the fault.

    Raises:
        DrillError: a fault that does not exist, a setting it does not have, or two that cannot act together.
    """
    faults = {step.key: build(step.variant, step.key, scale) for step in steps}
    clashes = conflicts(steps, faults)
    if clashes:
        raise DrillError(
            "faults of the schedule cannot act at the same time",
            where="; ".join(clashes[:3]),
            todo="give them times of their own",
        )
    return faults
