"""Why a test may be skipped, known before anything is started: claims, stack, machine, agent.

A skip for another reason is a hole, whatever tiers.toml tolerates: it was raised because something went wrong.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pms_drill import external
from pms_drill.checks.pms_contract import NOT_PLAYED
from pms_drill.checks.verdict import SkipReason
from pms_drill.contract import document
from pms_drill.drift import divergences, script
from pms_drill.episodes import experiments
from pms_drill.episodes.causes_mitigations import adjusted_env, key_env
from pms_drill.episodes.causes_table import NAMES as CAUSES
from pms_drill.episodes.causes_table import Mitigation, scenario
from pms_drill.episodes.expectations import fault_named
from pms_drill.faults import faketime
from pms_drill.faults.story import OFFERED_BY, Needs
from pms_drill.profile import Profile
from pms_drill.properties.suites import SuiteTest
from pms_drill.report.coverage import Excuse
from pms_drill.stack import backends, needs, qloapps_switches, twin_pms
from pms_drill.stack.compose_controls import CUT_OFF
from pms_drill.stack.equipped import upstream_env
from pms_drill.target import Target

#: Experiments that begin with a setting of the agent which only its profile can name.
_BY_SETTING = {
    "mock_switch": "[agent.mock_env]",
    "mock_contract": "[agent.mock_env]",
    "other_settings": "[agent.settings]",
}
#: Fixture of the contract suites -> what it needs of a system that runs already.
_FIXTURES: dict[str, tuple[str, SkipReason, str]] = {
    "pms": ("read-pms", SkipReason.NO_WITNESS, "the PMS is not read directly: --pms-url was not given"),
    "pms_sources": ("read-pms", SkipReason.NO_WITNESS, "the PMS is not read directly: --pms-url was not given"),
    "fresh_scrape": ("restart-agent", SkipReason.STACK_CANNOT, "an agent that runs already is not restarted"),
    "calls": ("ledger", SkipReason.NO_WITNESS, "nobody sees the PMS's side: --fault-proxy-url was not given"),
}
#: Operations of the agent's contract that are generated only for a stack of the run's own.
_CHANGE_THINGS = frozenset({"makeReservation", "resetBreaker"})


@dataclass(frozen=True)
class Ground:
    """What a run stands on.

    Attributes:
        stack: name of the backend.
        target: the system that runs already, for the stack external.
    """

    stack: str
    profile: Profile
    target: Target = field(default_factory=Target)

    @property
    def external(self) -> bool:
        """Whether somebody else runs the system."""
        return self.stack == "external"

    @property
    def twin(self) -> bool:
        """Whether the PMS is known to be the stand-in."""
        return backends.stand_in(self.stack)

    def can(self, capability: str) -> bool:
        """Whether the stack can do or see something; one that the run starts has everything."""
        return not self.external or capability in self.target.capabilities()


class Excuses:
    """Reasons for which tests may be skipped; what the profile does not claim comes on top.

    Args:
        ground: what the run stands on.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._by_experiment: dict[str, list[Excuse]] = {"": []}

    def of(self, test: SuiteTest, experiment: str) -> list[Excuse]:
        """Those of a test under an experiment; "" for a test that judges none."""
        if experiment not in self._by_experiment:
            self._by_experiment[experiment] = list(_of_the_experiment(experiment, self._ground))
        found = [*_of_the_stack(test, self._ground), *_of_the_contract(test, self._ground)]
        for marker in test.marked("needs_setting"):
            if marker.args[0] not in self._ground.profile.agent.settings:
                found.append(
                    Excuse(SkipReason.AGENT_CANNOT, f"[agent.settings] does not name the variable of {marker.args[0]}")
                )
        if "alerts" in test.fixtures and not _has_promtool():
            found.append(Excuse(SkipReason.NEEDS_TOOL, "promtool is not installed"))
        return found + self._by_experiment[experiment]


def possible(experiment: str, ground: Ground) -> bool:
    """Whether nothing is known for which all tests of an experiment will be skipped there."""
    return not any(excuse.certain and not excuse.under for excuse in _of_the_experiment(experiment, ground))


def _of_the_stack(test: SuiteTest, ground: Ground) -> Iterator[Excuse]:
    """What a system that runs already does not offer."""
    if not ground.external:
        return
    if need := needs.missing(test.key, ground.target.capabilities()):
        yield Excuse(need.reason, need.why)
    for fixture in test.fixtures:
        capability, reason, why = _FIXTURES.get(fixture, ("", SkipReason.NO_WITNESS, ""))
        if capability and not ground.can(capability):
            yield Excuse(reason, why)
    if test.part != "contracts" or "calls" in test.fixtures:
        why = "others use the system at the same time, or its clock is another one"
        yield Excuse(SkipReason.NO_WITNESS, why, certain=False)
    if test.part == "contracts":
        if not ground.can("book"):
            yield Excuse(SkipReason.STACK_CANNOT, "read-only: what could change something is not sent", certain=False)
        if not ground.can("admin"):
            yield Excuse(SkipReason.STACK_CANNOT, "a reset needs --allow-writes and its token", certain=False)
        if "stack" in test.fixtures:
            why = "the log of an agent that the harness did not start is not seen"
            yield Excuse(SkipReason.NO_WITNESS, why, certain=False)


def _of_the_contract(test: SuiteTest, ground: Ground) -> Iterator[Excuse]:
    if "generated" in test.fixtures and ground.external:
        operations = frozenset(document.operations()) & _CHANGE_THINGS
        yield Excuse(SkipReason.STACK_CANNOT, "only a stack of the run's own is sent generated bookings", operations)
    if "pms_sources" not in test.fixtures:
        return
    if ground.external:
        yield Excuse(SkipReason.NO_WITNESS, "the version of a PMS that runs already is not known", certain=False)
    if ground.twin or ground.external:
        yield Excuse(SkipReason.NEEDS_REAL_PMS, "the twin does not play this exchange", _not_played())
    if not ground.twin:
        yield Excuse(SkipReason.NOT_CLAIMED, "the list of divergences is about the twin")


def _of_the_experiment(name: str, ground: Ground) -> Iterator[Excuse]:
    profile = ground.profile
    known = ground.external and name in experiments.ALL
    if known and (need := experiments.lacking(name, ground.target.capabilities())):
        yield Excuse(need.reason, need.why)
    if name in experiments.OF_A_FAULT:
        yield from _of_the_fault(name, fault_named(name, profile).needs, ground)
    elif name in CAUSES:
        entry = scenario(name)
        yield from _of_the_fault(entry.fault, fault_named(entry.fault, profile).needs, ground)
        yield from _of_the_mitigation(entry.helps, ground)
    elif name == "clock_steps":
        yield from _of_the_need(Needs.FAKETIME, ground)
    elif name == "second_dependency" and ground.stack not in ("embedded", "native"):
        yield Excuse(SkipReason.STACK_CANNOT, "a second service needs a Toxiproxy that runs beside the agent")
    elif name in _BY_SETTING and not (
        {"failure_threshold", "recovery_timeout"} <= set(profile.agent.settings)
        if name == "other_settings"
        else profile.agent.mock_env
    ):
        yield Excuse(SkipReason.AGENT_CANNOT, f"the profile has no {_BY_SETTING[name]}")


def _of_the_fault(name: str, wanted: frozenset[Needs], ground: Ground) -> Iterator[Excuse]:
    for need in wanted - {Needs.PMS_SWITCHES, Needs.ENGINE}:
        yield from _of_the_need(need, ground)
    if wanted & {Needs.PMS_SWITCHES, Needs.ENGINE} and name not in _faults_of_the_pms(ground):
        reason = SkipReason.NEEDS_REAL_PMS if ground.twin else SkipReason.STACK_CANNOT
        yield Excuse(reason, f"the PMS of this stack cannot have the fault {name}")


def _of_the_need(need: Needs, ground: Ground) -> Iterator[Excuse]:
    offered = ground.stack in OFFERED_BY[need]
    if need is Needs.LINUX and sys.platform != "linux":
        yield Excuse(SkipReason.NEEDS_LINUX, "the kernel's queue of connections is filled as Linux does it")
    if need in (Needs.AGENT_SETTINGS, Needs.HTTPS) and not upstream_env(ground.profile, ""):
        yield Excuse(SkipReason.AGENT_CANNOT, "no variable of agent.env has {pms_url} in it")
    # Whether an agent's image has the library is seen only when its container runs.
    if need is Needs.FAKETIME and (not offered or ground.stack == "compose" or not _can_step()):
        # In a container it is the container's Linux that counts; elsewhere the bundled library is Linux's.
        of_linux = [SkipReason.NEEDS_LINUX] if sys.platform != "linux" and ground.stack != "compose" else []
        for reason in (SkipReason.NEEDS_TOOL, SkipReason.STACK_CANNOT, *of_linux):
            yield Excuse(reason, "the wall clock of an agent cannot be stepped here")
    elif not offered:
        yield Excuse(SkipReason.STACK_CANNOT, f"{ground.stack} does not offer what the fault needs: {need.value}")


def _of_the_mitigation(helps: Mitigation, ground: Ground) -> Iterator[Excuse]:
    profile = ground.profile
    if helps is Mitigation.MOCK and not profile.agent.mock_env:
        yield Excuse(SkipReason.AGENT_CANNOT, "the profile has no [agent.mock_env]")
    if helps is Mitigation.ADJUST and not adjusted_env(profile):
        yield Excuse(SkipReason.AGENT_CANNOT, "[agent.settings] does not name the variable of the deadline")
    if helps is Mitigation.ROTATE_KEY and not key_env(profile, ""):
        yield Excuse(SkipReason.AGENT_CANNOT, "no variable of agent.env has {pms_key} in it")


def _faults_of_the_pms(ground: Ground) -> frozenset[str]:
    if ground.external:
        return frozenset()
    names = twin_pms.FAULTS if ground.twin else qloapps_switches.FAULTS
    return names | {CUT_OFF} if ground.stack == "compose" else names


@cache
def _has_promtool() -> bool:
    return external.present(external.PROMTOOL) is not None


@cache
def _can_step() -> bool:
    with tempfile.TemporaryDirectory(prefix="pms-drill-clock-") as folder:
        return faketime.on_this_machine(Path(folder)) is not None


@cache
def _not_played() -> frozenset[str]:
    pairs = divergences.pairs(divergences.load(script.load()))
    return frozenset(name for name, told in pairs if told == NOT_PLAYED)
