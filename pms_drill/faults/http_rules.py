"""Faults at the HTTP level: rules of the HTTP fault proxy, which act per request on pooled connections too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Protocol

from pms_drill.errors import DrillError
from pms_drill.faults.probe import Probe
from pms_drill.proxy.probing import PING, is_own
from pms_drill.proxy.rules import Stalled

if TYPE_CHECKING:
    from pms_drill.faults.lifecycle import Heal, Place

#: An effect as the fault proxy takes it: "kind" and its settings.
Effect = Mapping[str, Any]


class RuleControl(Protocol):
    """What is used of the fault proxy's control client."""

    def add_rule(self, rule: Mapping[str, Any]) -> None:
        """Add a rule; the fault proxy refuses what it does not know."""
        ...

    def remove_rule(self, name: str, *, stalled: Stalled = "cut") -> bool:
        """Remove a rule; none of that name is fine, too. Requests that it holds back are cut, or go on.

        Returns whether there was one.
        """
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
        path_glob: shell pattern for the path instead; `*` also stands for slashes.
        nth: numbers, from 1, of the requests that the rule acts on, counted among those that match method, path and
            window. Probes advance no counter.
        window: seconds after arming, from and to; None for `to` is without an end.
        share: part of the requests, above 0 to 1; which ones depends on `seed` only.
    """

    method: str | None = None
    path: str | None = None
    path_glob: str | None = None
    nth: tuple[int, ...] | None = None
    window: tuple[float, float | None] | None = None
    share: float | None = None
    seed: int = 0

    def as_json(self) -> dict[str, Any]:
        """Only what is given."""
        given = {
            "method": self.method,
            "path": self.path,
            "path_glob": self.path_glob,
            "nth": list(self.nth) if self.nth is not None else None,
            "window": {"from": self.window[0], "to": self.window[1]} if self.window is not None else None,
            "share": {"part": self.share, "seed": self.seed} if self.share is not None else None,
        }
        return {name: value for name, value in given.items() if value is not None}

    def probe(self) -> Probe:
        """A request that a rule with this match acts on, and that the PMS never sees.

        Raises:
            DrillError: the pattern is one for which no path can be made up.
        """
        method = self.method or "GET"
        path = self.path or ""
        if self.path_glob is not None:
            path = self.path_glob.replace("*", "/drill" if self.path_glob.startswith("*") else "drill").replace(
                "?", "x"
            )
            if not fnmatchcase(path, self.path_glob):
                raise DrillError("no probe can be made up for this pattern", where=f"path_glob {self.path_glob}")
        return Probe(method, path if path and is_own(method, path) else f"{PING}{path}")


@dataclass(frozen=True)
class HttpRule:
    """One rule of the fault proxy.

    Attributes:
        name: unique among the rules.
        effect: gives the effect at the moment of arming (a date in `Retry-After` depends on it).
        match: which requests.
    """

    name: str
    effect: Callable[[], Effect]
    match: Match = Match()

    def arm(self, place: Place) -> None:
        """Add the rule and read it back."""
        place.fault_proxy.add_rule({"name": self.name, "effect": dict(self.effect()), **self.match.as_json()})
        if self.name not in self._held(place):
            raise DrillError(f"the fault proxy does not hold the rule {self.name}", where=place.proxy.upstream)

    def heal(self, place: Place, mode: Heal) -> str:
        """Remove the rule; requests that it holds back are cut, or go on at once."""
        place.fault_proxy.remove_rule(self.name, stalled=mode.value)
        if self.name in self._held(place):
            raise DrillError(f"the fault proxy still holds the rule {self.name}", where=place.proxy.upstream)
        return f"rule removed, held requests: {mode}"

    @staticmethod
    def _held(place: Place) -> set[str]:
        return {str(rule["name"]) for rule in place.fault_proxy.rules()}
