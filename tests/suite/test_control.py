"""The control of an experiment: questions before the fault, which say whether this machine can be judged on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from pms_drill.checks.verdict import Unproven
from pms_drill.episodes.outage import slack, steady
from pms_drill.evidence.history import Kind
from pms_drill.evidence.journal import Journal
from pms_drill.profile import PmsPart, Profile

DEADLINE = 0.5


class Scene:
    """As much of a scene as the control needs: guests whose questions take the given seconds, in this order."""

    name = "refused"

    def __init__(self, *seconds: float) -> None:
        self._seconds = iter(seconds)
        self.profile = Profile(name="x", pms=PmsPart(timeout=DEADLINE))
        self.stack = SimpleNamespace(journal=Journal())
        self.book = SimpleNamespace(guests=lambda count: list(range(count)))
        self.guests = SimpleNamespace(operations=[], ask=self._ask, reserve=lambda guest, phase: None)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        yield

    def _ask(self, guest: int, phase: str) -> Any:
        seconds = next(self._seconds)
        operation = SimpleNamespace(seconds=seconds, phase=phase, kind=Kind.AVAILABILITY, source="pms")
        self.guests.operations.append(operation)
        return operation


def test_control_that_was_slow_for_a_moment_is_asked_again_and_the_last_round_counts() -> None:
    scene: Any = Scene(0.4, *[0.01] * 7, *[0.02] * 8)
    steady(scene)
    assert len(scene.guests.operations) == 16
    assert slack(scene) == 0.25


def test_quick_control_is_asked_once() -> None:
    scene: Any = Scene(*[0.01] * 7, 0.05)
    steady(scene)
    assert len(scene.guests.operations) == 8
    assert slack(scene) == pytest.approx(0.25, abs=0.01)


def test_control_that_asks_for_more_slack_than_is_allowed_gives_it_after_its_last_round() -> None:
    scene: Any = Scene(*[*[0.01] * 7, 0.1] * 3)
    steady(scene)
    assert len(scene.guests.operations) == 24
    assert slack(scene) == pytest.approx(0.5, abs=0.05)


def test_machine_that_stays_slow_is_not_judged_on() -> None:
    scene: Any = Scene(*[0.01, 0.3, *[0.01] * 6] * 3)
    steady(scene)
    with pytest.raises(Unproven, match="too slow to judge"):
        slack(scene)
