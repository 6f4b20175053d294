"""The causes A to E of the runbook as data: the fault behind each, what the agent shows of it, what helps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pms_drill.errors import DrillError
from pms_drill.faults import catalogue
from pms_drill.faults.owed import Breaker


class Mitigation(StrEnum):
    """What an operator can do (runbook, "Quick Mitigation" and options 1 to 4)."""

    RESET = "reset"
    MOCK = "mock"
    RESTART_PMS = "restart-pms"
    ROTATE_KEY = "rotate-key"
    ADJUST = "adjust"
    #: Nothing of ours helps: the other side ends it (the limit is over, the network is mended).
    OTHERS = "others"


@dataclass(frozen=True)
class Scenario:
    """One incident.

    Attributes:
        name: of the experiment.
        title: for people.
        fault: name in the catalogue, which knows the rest of it: `cause`, `kind`, `in_ledger`.
        grep: the runbook's pattern for the agent's log, a regular expression.
        helps: what brings the PMS's answers back.
        useless: what is tried before and must not help; a reset is tried against each.
        in_pms: whether the cause lives in the PMS's own processes, so that their restart ends it.
        aliases: other names for people.
    """

    name: str
    title: str
    fault: str
    grep: str
    helps: Mitigation
    useless: tuple[Mitigation, ...] = (Mitigation.RESET,)
    in_pms: bool = False
    aliases: tuple[str, ...] = ()

    @property
    def cause(self) -> str:
        """A to E, as the runbook files the fault."""
        return catalogue.of_any_agent()[self.fault].cause

    @property
    def kind(self) -> str:
        """Label `kind` of the agent's failures."""
        return catalogue.rows()[self.fault].kind

    @property
    def in_ledger(self) -> bool:
        """Whether calls under the fault are seen at the PMS side."""
        return catalogue.rows()[self.fault].in_ledger

    @property
    def at_once(self) -> bool:
        """Whether the first failure opens the breaker."""
        return catalogue.rows()[self.fault].breaker is Breaker.AT_ONCE

    @property
    def status(self) -> str:
        """What readiness must say of the PMS."""
        return "auth_failed" if self.kind == "auth" else "down"

    def works(self, mitigation: Mitigation) -> bool:
        """Whether the mitigation brings the PMS's answers back; the mock only serves guests meanwhile."""
        return mitigation is self.helps or (mitigation is Mitigation.RESTART_PMS and self.in_pms)


_RESET, _RESTART = Mitigation.RESET, Mitigation.RESTART_PMS
#: The first one of each cause is what its letter stands for.
SCENARIOS = (
    Scenario(
        "cause_pms_down",
        "the PMS is down: nothing listens",
        "refused",
        r"PMS",
        Mitigation.RESTART_PMS,
        in_pms=True,
        aliases=("pms-down", "down", "outage"),
    ),
    Scenario(
        "cause_database_down",
        "the PMS's database is down",
        "db_down",
        r"PMS",
        Mitigation.RESTART_PMS,
        in_pms=True,
        aliases=("database-down", "mysql"),
    ),
    Scenario(
        "cause_key_disabled",
        "the agent's key was switched off at the PMS",
        "key_disabled",
        r"401|403",
        Mitigation.ROTATE_KEY,
        useless=(_RESET, _RESTART),
        aliases=("auth", "key-revoked"),
    ),
    Scenario(
        "cause_key_rotated",
        "the PMS has a new key and the agent has the old one",
        "key_rotated",
        r"401|403",
        Mitigation.ROTATE_KEY,
    ),
    Scenario(
        "cause_rate_limit",
        "the PMS refuses calls with 429 and Retry-After",
        "rate_limited",
        r"429",
        Mitigation.OTHERS,
        useless=(_RESET, _RESTART),
        aliases=("rate-limit", "429"),
    ),
    Scenario(
        "cause_network",
        "connections to the PMS are reset",
        "reset_before",
        r"PMS",
        Mitigation.OTHERS,
        useless=(_RESET, _RESTART),
        aliases=("network", "reset"),
    ),
    Scenario(
        "cause_dns",
        "the PMS's name has no address",
        "no_address",
        r"PMS",
        Mitigation.OTHERS,
        aliases=("dns",),
    ),
    Scenario(
        "cause_timeout",
        "the PMS answers after the agent's deadline",
        "latency_over_deadline",
        r"(?i)timeout",
        Mitigation.ADJUST,
        aliases=("timeout", "slow", "latency"),
    ),
    Scenario(
        "cause_database_hangs",
        "the PMS's database hangs: requests are taken and never answered",
        "db_paused",
        r"(?i)timeout",
        Mitigation.RESTART_PMS,
        in_pms=True,
        aliases=("hang", "database-hangs"),
    ),
)
NAMES = tuple(scenario.name for scenario in SCENARIOS)


def scenario(name: str) -> Scenario:
    """The scenario of an experiment, a letter, an alias, or a fault; letter case does not matter.

    Raises:
        DrillError: there is none.
    """
    wanted = name.lower().removeprefix("cause_").replace("_", "-")
    for entry in SCENARIOS:
        own = entry.name.removeprefix("cause_").replace("_", "-")
        if wanted in (entry.cause.lower(), own, entry.fault.replace("_", "-"), *entry.aliases):
            return entry
    known = ", ".join(dict.fromkeys(word for entry in SCENARIOS for word in (entry.cause, *entry.aliases[:1])))
    raise DrillError(f"there is no cause {name!r}", todo=f"use a letter or a name: {known}")
