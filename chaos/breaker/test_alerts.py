"""Alert rules: the night shift is woken by an outage, not by a blip, and may sleep again after the heal."""

from __future__ import annotations

import pytest

from pms_drill.checks import alerts as rules
from pms_drill.checks.verdict import claim
from pms_drill.evidence.alerts import AlertEvidence


@pytest.mark.property("BRK-56")
@pytest.mark.claims("alerts.rules")
@pytest.mark.only_under("hang")
def test_alert_fires_for_an_outage_of_two_minutes_and_not_for_a_blip(alerts: AlertEvidence) -> None:
    claim(rules.alert_tells_outages_from_blips(alerts))
