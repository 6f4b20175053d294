"""Faults at the HTTP level: rules of the HTTP fault proxy, which act per request on pooled connections too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pms_drill.errors import DrillError

if TYPE_CHECKING:
    from pms_drill.faults.lifecycle import Heal, Place

#: An effect as the fault proxy takes it: "kind" and its settings.
Effect = Mapping[str, Any]


class RuleControl(Protocol):
    """What is used of the fault proxy's control client."""

    def add_rule(self, rule: Mapping[str, Any]) -> None:
        """Add a rule; the fault proxy refuses what it does not know."""
        ...

    def remove_rule(self, name: str) -> None:
        """Remove a rule; none of that name is fine, too."""
        ...

    def rules(self) -> list[Mapping[str, Any]]:
        """The rules that act now."""
        ...


@dataclass(frozen=True)
class Match:
    """Which requests a rule acts on; what is not given matches all.

    Attributes:
        method: "POST".
        path: exact path without the query.
        nth: numbers of the matching requests, from 1, that the rule acts on. Probes advance no counter.
    """

    method: str | None = None
    path: str | None = None
    nth: tuple[int, ...] | None = None

    def as_json(self) -> dict[str, Any]:
        """Only what is given."""
        given = {"method": self.method, "path": self.path, "nth": list(self.nth) if self.nth else None}
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True)
class HttpRule:
    """One rule of the fault proxy.

    Attributes:
        name: unique among the rules.
        effect: gives the effect at the moment of arming (a date in `Retry-After` depends on it).
        match: which requests.
        stalls: whether requests wait in the fault proxy, so that a cut must drop their connections.
    """

    name: str
    effect: Callable[[], Effect]
    match: Match = Match()
    stalls: bool = False

    def arm(self, place: Place) -> None:
        """Add the rule and read it back."""
        place.fault_proxy.add_rule({"name": self.name, "effect": dict(self.effect()), **self.match.as_json()})
        if self.name not in self._held(place):
            raise DrillError(f"the fault proxy does not hold the rule {self.name}", where=place.proxy.upstream)

    def heal(self, place: Place, mode: Heal) -> str:
        """Remove the rule; with CUT also drop the connections of requests that wait."""
        if self.stalls and mode == "cut":
            place.proxy.cut()
        place.fault_proxy.remove_rule(self.name)
        if self.name in self._held(place):
            raise DrillError(f"the fault proxy still holds the rule {self.name}", where=place.proxy.upstream)
        return "rule removed"

    @staticmethod
    def _held(place: Place) -> set[str]:
        return {str(rule["name"]) for rule in place.fault_proxy.rules()}
