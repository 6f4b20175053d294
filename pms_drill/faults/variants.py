"""A fault of the catalogue with the settings of a schedule: its level, and the requests it acts on. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from pms_drill.errors import DrillError
from pms_drill.faults import catalogue
from pms_drill.faults.actions import (
    AgentKilled,
    AgentPaused,
    AgentTerminated,
    Backlog,
    Certificate,
    ClockStep,
    Disabled,
    DiskFull,
    Midnight,
    NoAddress,
    Toxics,
)
from pms_drill.faults.catalogue_stream import slow, slow_both_ways
from pms_drill.faults.http_rules import HttpRule, Match
from pms_drill.faults.lifecycle import Fault, Heal
from pms_drill.faults.scale import Scale
from pms_drill.faults.schedule import Decision, Variant

#: Fault -> what a level means, and how it is made.
LEVELS: dict[str, tuple[str, Callable[[float, Scale], Fault]]] = {
    "slow": ("delay of answers, in deadlines of the agent", lambda level, scale: slow(level * scale.timeout)),
    "slow_both_ways": (
        "delay of both ways together, in deadlines of the agent",
        lambda level, scale: slow_both_ways(level * scale.timeout),
    ),
    "some_fail": ("part of the requests, above 0 to 1", lambda level, _scale: catalogue.some_fail(level)),
}

#: Actions of one group cannot act at the same time: they use the same handle.
_GROUPS = (
    (Backlog, Disabled, Toxics, Certificate),
    (AgentKilled, AgentPaused, AgentTerminated, DiskFull, NoAddress),
    (ClockStep, Midnight),
    (Certificate,),
)
#: Of the first group only these take the whole proxy for themselves.
_WHOLE = (Backlog, Disabled)


def build(variant: Variant, key: int, scale: Scale) -> Fault:
    """The fault, with toxics and rules named after `key`, so that several can act at once.

    Raises:
        DrillError: there is no such fault, or it does not have the settings.
    """
    fault = catalogue.named(variant.fault, scale)
    if variant.level is not None:
        if variant.fault not in LEVELS:
            raise DrillError(f"{variant.fault} has no level", todo=f"use one of {', '.join(LEVELS)}")
        fault = LEVELS[variant.fault][1](variant.level, scale)
    if variant.heal is not None:
        fault = replace(fault, heal=Heal(variant.heal))
    action = fault.action
    if isinstance(action, HttpRule):
        match = _narrowed(action.match, variant)
        return replace(fault, action=replace(action, name=f"{action.name}.{key}", match=match), probe=match.probe())
    if variant.share is not None or variant.method is not None or variant.path is not None:
        raise DrillError(
            f"{variant.fault} acts on connections and cannot choose requests",
            todo="leave out share, method and path, or use a fault of the HTTP fault proxy",
        )
    if isinstance(action, Toxics):
        toxics = tuple(replace(toxic, name=f"{toxic.name}_{key}") for toxic in action.toxics)
        return replace(fault, action=replace(action, toxics=toxics))
    return fault


def conflicts(steps: Sequence[Decision], faults: dict[int, Fault]) -> list[str]:
    """Faults that would act at the same time and cannot, for people; `faults` by the key of their decisions."""
    found: list[str] = []
    acting: set[int] = set()
    for step in steps:
        if step.act == "heal":
            acting.discard(step.key)
            continue
        found += [
            f"{faults[step.key].name} and {faults[other].name} at {step.at:g} s"
            for other in sorted(acting)
            if _clash(faults[step.key], faults[other])
        ]
        acting.add(step.key)
    return list(dict.fromkeys(found))


def _clash(one: Fault, other: Fault) -> bool:
    pair = (one.action, other.action)
    for group in _GROUPS:
        if all(isinstance(action, group) for action in pair):
            if group is _GROUPS[0]:
                # Toxics go together, and a disabled proxy keeps its toxics; a taken port goes with nothing.
                return any(isinstance(action, Backlog) for action in pair) or all(
                    isinstance(action, _WHOLE) for action in pair
                )
            return True
    return False


def _narrowed(match: Match, variant: Variant) -> Match:
    """The rule's own condition, with those of the schedule in place of it where they are given."""
    changed: dict[str, Any] = {
        name: value
        for name, value in (("method", variant.method), ("path", variant.path), ("share", variant.share))
        if value is not None
    }
    if "path" in changed:
        changed["path_glob"] = None
    seeded = changed.get("share", match.share) is not None
    return replace(match, **changed, seed=variant.seed if seeded else match.seed)
