"""Fixtures of experiments that are run once and only hand out their evidence; each has the name of its experiment."""

from __future__ import annotations

from typing import Any

import pytest

from pms_drill.episodes.alerts import try_alerts
from pms_drill.episodes.book import EpisodeBook
from pms_drill.evidence.alerts import AlertEvidence
from pms_drill.evidence.bundle import Evidence
from pms_drill.profile import Profile


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
disabled_breaker = _evidence_of("disabled_breaker")
guest_probe = _evidence_of("guest_probe")
second_dependency = _evidence_of("second_dependency")


@pytest.fixture
def alerts(outage: Evidence, profile: Profile, options: Any) -> AlertEvidence:
    """What the team's alert rules said to the states of an outage."""
    return try_alerts(outage, profile, options.run_dir / "evidence" / "alerts")
