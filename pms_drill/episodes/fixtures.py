"""A fixture for each family of experiments: runs the experiment at its first use and hands out its evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pms_drill.episodes import experiments
from pms_drill.episodes.alerts import try_alerts
from pms_drill.episodes.book import EpisodeBook
from pms_drill.evidence.alerts import AlertEvidence
from pms_drill.evidence.bundle import Evidence
from pms_drill.report import show

if TYPE_CHECKING:
    from pms_drill.options import Options


def _evidence_of(name: str) -> Any:
    def evidence(request: pytest.FixtureRequest, episode_book: EpisodeBook) -> Any:
        return episode_book.evidence(request.param)

    evidence.__doc__ = f"The evidence of an experiment of the family {name}."
    return pytest.fixture(name=name)(evidence)


# One for each row of the table, so that a new experiment needs no fixture written by hand.
globals().update({name: _evidence_of(name) for name in experiments.NAMES if name != "workload"})


@pytest.fixture
def workload(request: pytest.FixtureRequest, episode_book: EpisodeBook, options: Options) -> Any:
    """The evidence of concurrent guests under mixed faults; the run's folder gets a picture of it."""
    evidence = episode_book.evidence(request.param)
    show.overview(evidence, request.param, options.run_dir)
    return evidence


@pytest.fixture
def alerts(outage: Evidence, options: Options) -> AlertEvidence:
    """What the team's alert rules said to the states of an outage."""
    return try_alerts(outage, options.profile, options.run_dir / "evidence" / "alerts")
