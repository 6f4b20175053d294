"""Fixtures of experiments that are run once and only hand out their evidence; each has the name of its experiment."""

from __future__ import annotations

from typing import Any

import pytest

from pms_drill.episodes.book import EpisodeBook


def _evidence_of(name: str) -> Any:
    def evidence(request: pytest.FixtureRequest, episode_book: EpisodeBook) -> Any:
        return episode_book.evidence(request.param)

    evidence.__doc__ = f"The evidence of the experiment {name}."
    return pytest.fixture(name=name)(evidence)


streak = _evidence_of("streak")
simultaneous = _evidence_of("simultaneous")
half_open_crowd = _evidence_of("half_open_crowd")
late_results = _evidence_of("late_results")
agent_restart = _evidence_of("agent_restart")
other_settings = _evidence_of("other_settings")
clock_steps = _evidence_of("clock_steps")
limited_until = _evidence_of("limited_until")
unsteady = _evidence_of("unsteady")
call_volume = _evidence_of("call_volume")
growing_wait = _evidence_of("growing_wait")
forced_open = _evidence_of("forced_open")
slow_calls = _evidence_of("slow_calls")
