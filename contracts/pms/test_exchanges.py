"""One contract (exchanges.toml), judged over the PMS that runs: the twin or a live QloApps.

The recordings are held against the same contract by the project's own tests: nothing of them can change in a run.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pms_drill.checks import pms_contract
from pms_drill.checks.verdict import SkipReason, claim
from pms_drill.contract.sources import Sources
from pms_drill.drift import script
from pms_drill.report.skips import skip

EXCHANGES = script.load()

# The exchanges are sent once; whoever judges them runs where they were sent.
one_worker = pytest.mark.xdist_group("pms-exchanges")


@one_worker
@pytest.mark.property("PMS-36")
@pytest.mark.parametrize("name", EXCHANGES)
def test_answer_of_the_running_pms_keeps_the_contract(pms_sources: Sources, name: str) -> None:
    claim(pms_contract.kept(*pms_sources.answered(name)))


@one_worker
@pytest.mark.property("PMS-37")
def test_running_pms_differs_from_its_recording_only_as_listed(
    pms_sources: Sources, seen: Callable[[str], None]
) -> None:
    seen(pms_sources.figures)
    claim(pms_contract.no_unlisted_difference(pms_sources.listed, pms_sources.differences, pms_sources.compared))


@one_worker
@pytest.mark.property("PMS-38")
def test_listed_divergence_is_still_there(pms_sources: Sources) -> None:
    if not pms_sources.is_twin:
        skip(SkipReason.NOT_CLAIMED, "the list is about the twin")
    claim(pms_contract.no_vanished_divergence(pms_sources.listed, pms_sources.differences, pms_sources.compared))
