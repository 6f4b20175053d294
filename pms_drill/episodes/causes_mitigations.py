"""What an operator does against an incident, carried out on a running stack."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pms_drill.checks.verdict import SkipReason
from pms_drill.episodes.admin import Admin
from pms_drill.episodes.causes_table import Mitigation, Scenario
from pms_drill.errors import DrillError
from pms_drill.evidence.reset import Told
from pms_drill.faults.lifecycle import Injection
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack

#: The PMS's fault whose heal starts its web server again; and the one that gives the PMS another key.
_KILLED, _ROTATED = "pms_killed", "key_rotated"


def lacks(mitigation: Mitigation, stack: Stack) -> tuple[SkipReason, str] | None:
    """Why this stack or agent cannot do it, for a typed skip; None if it can."""
    agent = stack.profile.agent
    if mitigation is Mitigation.MOCK and not agent.mock_env:
        return SkipReason.AGENT_CANNOT, "the profile has no [agent.mock_env]: how is the mock switched on?"
    if mitigation is Mitigation.ADJUST and not adjusted_env(stack.profile):
        return SkipReason.AGENT_CANNOT, "[agent.settings] does not name the variable of the deadline, `timeout`"
    if mitigation is Mitigation.ROTATE_KEY:
        if not key_env(stack.profile, ""):
            return SkipReason.AGENT_CANNOT, "no variable of agent.env has {pms_key} in it"
        if _ROTATED not in stack.place.pms.names:
            return SkipReason.STACK_CANNOT, "the PMS of this stack cannot be given a new key"
    return None


def key_env(profile: Profile, key: str) -> dict[str, str]:
    """The variables of the profile that hold the PMS's key, with another one in them."""
    return {name: value.replace("{pms_key}", key) for name, value in profile.agent.env.items() if "{pms_key}" in value}


def adjusted_env(profile: Profile) -> dict[str, str]:
    """Twice the threshold and the wait, three times the deadline (runbook, option 4: 5, 30 s, 10 s to 10, 60 s, 30 s).

    Empty if the profile does not say which variable holds the deadline: the rest alone mends no timeout.
    """
    values = {
        "failure_threshold": f"{2 * profile.breaker.failure_threshold}",
        "recovery_timeout": f"{2 * profile.breaker.recovery_timeout:g}",
        "timeout": f"{3 * profile.pms.timeout:g}",
    }
    names = profile.agent.settings
    return {variable: values[name] for name, variable in names.items() if name in values} if "timeout" in names else {}


class Operator:
    """Acts on one incident. Use `operator`, which takes back what an operator did.

    Args:
        stack: where it happens.
        scenario: what happens.
        injection: the fault that acts.
    """

    def __init__(self, stack: Stack, scenario: Scenario, injection: Injection) -> None:
        self._stack = stack
        self._scenario = scenario
        self._injection = injection
        self._issued = False

    def apply(self, mitigation: Mitigation) -> Told | None:
        """Carry it out.

        Returns:
            The admin route's answer, where a reset belongs to it.

        Raises:
            DrillError: it cannot be done here (`lacks` says so beforehand), or a program did not come back.
        """
        lack = lacks(mitigation, self._stack)
        if lack is not None:
            raise DrillError(f"this stack cannot do it: {lack[1]}", where=mitigation)
        self._stack.journal.note("step", mitigation, "begins")
        told = getattr(self, f"_{mitigation.replace('-', '_')}")()
        self._stack.journal.note("step", mitigation, "done")
        return told if isinstance(told, Told) else None

    def take_back(self) -> None:
        """The PMS gets its old key again, so that the next experiment finds it as it was."""
        if self._issued and self._scenario.fault != _ROTATED:
            self._stack.place.pms.heal(_ROTATED)
        self._issued = False

    def _reset(self) -> Told:
        return Admin(self._stack).reset(self._stack.admin_token)

    def _mock(self) -> None:
        self._stack.restart_agent(fresh=False, env=self._stack.profile.agent.mock_env)

    def _adjust(self) -> None:
        self._stack.restart_agent(fresh=False, env=adjusted_env(self._stack.profile))

    def _restart_pms(self) -> Told:
        """The service goes away and comes back; then the breaker is reset (runbook, option 2).

        Where the PMS's web server is ours it is killed and started. A twin would forget its bookings, which a PMS
        with a database does not: there the way to it is closed for a moment, which is what the agent sees of a restart.
        """
        pms = self._stack.place.pms
        if self._scenario.in_pms:
            self._injection.heal()
        if _KILLED in pms.names:
            pms.arm(_KILLED)
            pms.heal(_KILLED)
        else:
            proxy = self._stack.place.proxy
            proxy.disable()
            proxy.enable()
        return self._reset()

    def _rotate_key(self) -> None:
        """The PMS issues a new key, and the agent is restarted with it (runbook, option 3)."""
        pms = self._stack.place.pms
        if self._scenario.fault != _ROTATED:
            if self._scenario.fault == "key_disabled":
                pms.heal("key_disabled")  # its row gets the new key and is active again; the old key stays unknown
            pms.arm(_ROTATED)
        self._issued = True
        self._stack.restart_agent(fresh=False, env=key_env(self._stack.profile, pms.new_key))

    def _others(self) -> Told | None:
        """The other side ends it. A limit is waited for; after anything else the breaker is reset."""
        self._injection.heal()
        return None if self._scenario.kind == "rate_limit" else self._reset()


@contextmanager
def operator(stack: Stack, scenario: Scenario, injection: Injection) -> Iterator[Operator]:
    """An operator; whatever happens, what has to be taken back is taken back."""
    acting = Operator(stack, scenario, injection)
    try:
        yield acting
    finally:
        acting.take_back()
