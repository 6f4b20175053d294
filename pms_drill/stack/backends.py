"""Which stack runs what is under test, by its name on the command line."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from pms_drill.lease import Lease
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack
from pms_drill.stack.compose import check_compose, compose_stack
from pms_drill.stack.embedded import embedded_stack
from pms_drill.stack.external import ExternalStack
from pms_drill.stack.look import look_at
from pms_drill.stack.native import look_around, native_stack
from pms_drill.target import Target

#: Stack that the harness starts -> what makes it.
_OPENERS: Mapping[str, Callable[..., AbstractContextManager[Stack]]] = {
    "embedded": embedded_stack,
    "native": native_stack,
    "compose": compose_stack,
}


def check(stack: str, target: Target, profile: Profile) -> None:
    """Look before anything starts whether the stack has what it needs.

    Raises:
        DrillError: something is missing; the message says what and what to do.
    """
    target.check(stack, profile.environment)
    if stack == "external":
        for found in look_at(target, profile):
            found.demand()
        return
    CHECKS[stack]()


def open_stack(
    name: str,
    profile: Profile,
    run_dir: Path,
    *,
    label: str,
    lease: Lease,
    seed: int,
    target: Target | None = None,
    **settings: Any,
) -> AbstractContextManager[Stack]:
    """The stack, not started yet; entering it starts it.

    Args:
        target: what the stack external is pointed at.
        settings: of the backend (`latency`, `rooms_per_type`).

    Raises:
        DrillError: there is no such stack, or it lacks what it needs.
    """
    target = target or Target()
    target.check(name, profile.environment)
    if name == "external":
        return ExternalStack(target, profile, run_dir, label=label, lease=lease)
    CHECKS[name]()
    return _OPENERS[name](profile, run_dir, label=label, lease=lease, seed=seed, **settings)


def stand_in(stack: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the PMS behind the agent is known to be a twin and not QloApps."""
    return stack == "embedded" or (stack == "compose" and environment.get("PMS") == "twin")


def usual_profile(stack: str, environment: Mapping[str, str] = os.environ) -> str:
    """Name of the reference agent's profile for chaos on this stack: the real PMS takes its time over a booking."""
    real = stack in ("native", "compose") and not stand_in(stack, environment)
    return "reference-real" if real else "reference-fast"


def _embedded() -> None:
    """Needs nothing that the setup does not bring."""


#: Stack -> looks whether what it needs is there; raises DrillError. `pms-drill doctor` asks the same.
CHECKS: Mapping[str, Callable[[], None]] = {
    "embedded": _embedded,
    "native": look_around,
    "compose": check_compose,
}
