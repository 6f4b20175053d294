"""One contract (exchanges.toml), three sources: recordings of QloApps, its twin, a live QloApps."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pms_drill.checks.verdict import SkipReason, Unproven, claim
from pms_drill.contract.sources import Sources
from pms_drill.drift import divergences, script, store
from pms_drill.drift.judge import breaches
from pms_drill.drift.recording import Recording
from pms_drill.report.skips import skip

EXCHANGES = script.load()
RECORDINGS = {version: store.load(store.RECORDINGS / version) for version in store.versions()}

# The exchanges are sent once; whoever judges them runs where they were sent.
one_worker = pytest.mark.xdist_group("pms-exchanges")


def judge(name: str, recording: Recording) -> None:
    if name not in recording.answers:
        raise Unproven(f"{recording.source} has no answer to it: {recording.left_out.get(name, 'record it again')}")
    if recording.requests[name] != EXCHANGES[name].request():
        raise Unproven(f"the request is another one than that recorded from {recording.source}: record it again")
    assert breaches(EXCHANGES[name].says, recording.answers[name]) == []


@pytest.mark.property("PMS-35")
@pytest.mark.parametrize("version", RECORDINGS)
@pytest.mark.parametrize("name", EXCHANGES)
def test_recorded_answer_keeps_the_contract(name: str, version: str) -> None:
    judge(name, RECORDINGS[version])


@one_worker
@pytest.mark.property("PMS-36")
@pytest.mark.parametrize("name", EXCHANGES)
def test_answer_of_the_running_pms_keeps_the_contract(pms_sources: Sources, name: str) -> None:
    if name in divergences.not_played(pms_sources.listed):
        skip(SkipReason.NEEDS_REAL_PMS, "the twin does not play this exchange")
    judge(name, pms_sources.running)


@one_worker
@pytest.mark.property("PMS-37")
def test_running_pms_differs_from_its_recording_only_as_listed(
    pms_sources: Sources, seen: Callable[[str], None]
) -> None:
    seen(pms_sources.figures)
    claim(divergences.judge_new(pms_sources.listed, pms_sources.differences, pms_sources.compared))


@one_worker
@pytest.mark.property("PMS-38")
def test_listed_divergence_is_still_there(pms_sources: Sources) -> None:
    if not pms_sources.is_twin:
        skip(SkipReason.NOT_CLAIMED, "the list is about the twin")
    claim(divergences.judge_gone(pms_sources.listed, pms_sources.differences, pms_sources.compared))
