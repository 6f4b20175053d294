"""Rules: which requests an effect acts on. Pure: time and requests are given, decisions come out."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from random import Random
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, model_validator

from pms_drill.proxy.effects import STRICT, Effect

#: What happens to requests that a rule holds back when it is removed: dropped with their connections, or let go on.
Stalled = Literal["cut", "resume"]


class Window(BaseModel):
    """Seconds after arming, from inclusive, to exclusive; `to` None is without an end."""

    model_config = {**STRICT, "populate_by_name": False}
    begin: Annotated[float, Field(alias="from", ge=0)] = 0.0
    end: Annotated[float | None, Field(alias="to", gt=0)] = None

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.end is not None and self.end <= self.begin:
            raise ValueError("the window is empty: 'to' must be after 'from'")
        return self


class Share(BaseModel):
    """Acts on a part of the matching requests. The n-th request's fate depends on `seed` and n only."""

    model_config = STRICT
    part: Annotated[float, Field(gt=0, le=1)]
    seed: int

    def holds(self, number: int) -> bool:
        """Whether the `number`-th matching request is among them."""
        return Random(f"{self.seed}:{number}").random() < self.part  # noqa: S311


#: Seconds to live.
TimeToLive = Annotated[float, Field(gt=0, le=3600)]


class Rule(BaseModel):
    """An effect and the requests it acts on; a condition that is not given matches all.

    Attributes:
        path, path_glob: exact path, or a shell pattern for it (* also matches slashes); without the query.
        nth: numbers, from 1, of the requests that match method, path and window.
        ttl: seconds after which the rule ends by itself unless it is renewed, so that nothing acts for ever because
            whoever armed it was killed; None for no end.
    """

    model_config = STRICT
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,80}$")]
    effect: Effect
    method: Annotated[str | None, Field(pattern=r"^[A-Z]+$")] = None
    path: Annotated[str | None, Field(pattern=r"^/[^?#\s]*$")] = None
    path_glob: Annotated[str | None, Field(pattern=r"^[/*][^#\s]*$")] = None
    nth: Annotated[list[Annotated[int, Field(ge=1)]] | None, Field(min_length=1)] = None
    window: Window | None = None
    share: Share | None = None
    ttl: TimeToLive | None = None

    @model_validator(mode="after")
    def _one_path(self) -> Self:
        if self.path is not None and self.path_glob is not None:
            raise ValueError("give path or path_glob, not both")
        return self

    def concerns(self, method: str, path: str, age: float) -> bool:
        """Whether method, path and window match; `age`: seconds since arming."""
        return (
            (self.method is None or self.method == method)
            and (self.path is None or self.path == path)
            and (self.path_glob is None or fnmatchcase(path, self.path_glob))
            and (
                self.window is None or (self.window.begin <= age and (self.window.end is None or age < self.window.end))
            )
        )

    def chooses(self, number: int) -> bool:
        """Whether it acts on the `number`-th request that concerns it."""
        return (self.nth is None or number in self.nth) and (self.share is None or self.share.holds(number))


@dataclass(slots=True)
class Armed:
    """A rule in force.

    Attributes:
        matched: requests that concerned it. acted: requests it acted on. missed: requests that it was to act on and
            could not (an answer without the field to change). probed: probes that got its effect; in no other count.
        removed: how it was taken away; None while it is in force.
        ends: when its time to live is over, on the clock of `since`; None without one.
    """

    rule: Rule
    since: float
    matched: int = 0
    acted: int = 0
    missed: int = 0
    probed: int = 0
    removed: Stalled | None = None
    ends: float | None = None

    def as_json(self) -> dict[str, Any]:
        """The rule as given, with its counters."""
        given = self.rule.model_dump(mode="json", by_alias=True, exclude_unset=True)
        counts = {"matched": self.matched, "acted": self.acted, "missed": self.missed, "probed": self.probed}
        return {**given, "counters": counts}


class NameTaken(Exception):
    """A rule of this name is in force."""


class RuleBook:
    """The rules in force, in the order they were added: the first that acts is the only one.

    Every rule counts each request that concerns it, also when an earlier one acts.
    """

    def __init__(self) -> None:
        self._armed: dict[str, Armed] = {}

    def add(self, rule: Rule, now: float) -> Armed:
        """Put a rule in force. Raises NameTaken."""
        if rule.name in self._armed:
            raise NameTaken(rule.name)
        ends = None if rule.ttl is None else now + rule.ttl
        self._armed[rule.name] = Armed(rule, now, ends=ends)
        return self._armed[rule.name]

    def renew(self, name: str, ttl: float, now: float) -> bool:
        """Let a rule live `ttl` seconds from now on. Returns whether there is one."""
        armed = self._armed.get(name)
        if armed is not None:
            armed.ends = now + ttl
        return armed is not None

    def expire(self, now: float) -> list[str]:
        """Take away what has outlived its time; what it held back is cut. Returns the names."""
        over = [name for name, armed in self._armed.items() if armed.ends is not None and armed.ends <= now]
        for name in over:
            self.remove(name, "cut")
        return over

    def remove(self, name: str, stalled: Stalled) -> bool:
        """Take a rule away. Returns whether there was one."""
        armed = self._armed.pop(name, None)
        if armed is not None:
            armed.removed = stalled
        return armed is not None

    def clear(self, stalled: Stalled) -> int:
        """Take all away. Returns how many there were."""
        return sum(self.remove(name, stalled) for name in list(self._armed))

    def all(self) -> list[Armed]:
        """Those in force."""
        return list(self._armed.values())

    def choose(self, method: str, path: str, now: float, *, probe: bool) -> Armed | None:
        """The rule that acts on this request. A probe gets the first that concerns it, whatever nth and share say."""
        chosen: Armed | None = None
        for armed in self._armed.values():
            if not armed.rule.concerns(method, path, now - armed.since):
                continue
            if probe:
                return armed
            armed.matched += 1
            if chosen is None and armed.rule.chooses(armed.matched):
                chosen = armed
        return chosen
