"""What is told of a fault in docs/faults.md, and what a stack must offer for it. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Needs(StrEnum):
    """What a fault needs beyond Toxiproxy and the HTTP fault proxy, which every stack has."""

    HTTPS = "https"
    AGENT_PROCESS = "agent process"
    AGENT_SETTINGS = "agent settings"
    PMS_PROCESS = "PMS process"
    PMS_SWITCHES = "PMS switches"
    LINUX = "Linux"
    FAKETIME = "libfaketime"
    ENGINE = "container engine"
    LOG_READER = "reader of the agent's output"


#: Need -> the stacks that offer it. What every stack has is not listed.
OFFERED_BY: dict[Needs, tuple[str, ...]] = {
    Needs.HTTPS: ("embedded", "native", "compose"),
    Needs.AGENT_PROCESS: ("embedded", "native", "compose"),
    Needs.AGENT_SETTINGS: ("embedded", "native", "compose"),
    Needs.PMS_PROCESS: ("embedded", "native", "compose"),
    Needs.PMS_SWITCHES: ("embedded", "native", "compose"),
    Needs.LINUX: ("embedded", "native"),
    Needs.FAKETIME: ("embedded", "native", "compose"),
    Needs.ENGINE: ("compose",),
    Needs.LOG_READER: ("embedded", "native"),
}
#: Stacks whose traffic to the PMS crosses the proxies.
WITH_PROXIES = ("embedded", "native", "compose")


def backends(needs: frozenset[Needs]) -> tuple[str, ...]:
    """The stacks that can make a fault with these needs, in the order of `WITH_PROXIES`."""
    return tuple(name for name in WITH_PROXIES if all(name in OFFERED_BY[need] for need in needs))


@dataclass(frozen=True)
class Story:
    """The explanation of one fault.

    Attributes:
        how: the mechanism: what is changed on the way, and where.
        metrics: what the metrics of an agent that keeps the contract show.
        trap: what people get wrong about it.
        example: where it happens in a hotel's life.
    """

    how: str
    metrics: str
    trap: str
    example: str = ""
