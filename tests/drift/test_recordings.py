"""Every recorded answer of QloApps keeps the contract that is judged over the running PMS."""

from __future__ import annotations

import pytest

from pms_drill.checks.pms_contract import kept
from pms_drill.checks.verdict import Outcome
from pms_drill.contract.sources import judged
from pms_drill.drift import script, store


@pytest.mark.parametrize("version", store.versions())
def test_recorded_answers_keep_the_contract(version: str) -> None:
    recording = store.load(store.RECORDINGS / version)
    verdicts = {name: kept(*judged(name, recording)) for name in script.load()}
    assert len(verdicts) > 50
    assert {name: verdict.why for name, verdict in verdicts.items() if verdict.outcome is not Outcome.PASSED} == {}
