"""A refused key is no outage: it has a signal of its own, and nobody tries it again."""

from __future__ import annotations

import pytest

from pms_drill.checks import auth
from pms_drill.checks.verdict import claim
from pms_drill.evidence.bundle import Evidence

#: As QloApps tells it, and a gateway in front of it; then a key that is switched off or changed at the PMS itself.
key_refused = pytest.mark.only_under("unauthorized", "forbidden", "method_not_allowed", "key_disabled", "key_rotated")


@pytest.mark.property("AUTH-01")
@key_refused
def test_refused_key_is_not_tried_again(outage: Evidence) -> None:
    claim(auth.refused_key_is_not_tried_again(outage))


@pytest.mark.property("AUTH-02")
@key_refused
def test_refused_key_has_a_signal_of_its_own(outage: Evidence) -> None:
    claim(auth.refused_key_has_its_own_signal(outage))
