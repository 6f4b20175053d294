"""A weekly run on a stand-in of the PMS is not a weekly run, and says so. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: Variable that lets a weekly run on a twin count.
ALLOW = "ALLOW_TWIN"


@dataclass(frozen=True)
class StandIn:
    """What there is to say about the PMS of a run.

    Attributes:
        objection: the first line of the run; empty if there is none.
        tolerated: it does not make the run unknown.
    """

    objection: str = ""
    tolerated: bool = True


def weekly_on(tier: str, *, twin: bool, environment: Mapping[str, str]) -> StandIn:
    """Whether a run proves what its tier promises.

    Args:
        twin: the PMS is known to be a twin.
        environment: may hold ALLOW_TWIN=1.
    """
    if tier != "weekly" or not twin:
        return StandIn()
    allowed = environment.get(ALLOW) == "1"
    verdict = (
        f"{ALLOW}=1 lets it count" if allowed else f"so it proves nothing about QloApps and is unknown ({ALLOW}=1)"
    )
    return StandIn(f"weekly without the real PMS: only a twin stands behind the agent, {verdict}", allowed)
