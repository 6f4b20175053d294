"""What a profile says is read by something, and decides what is claimed."""

from __future__ import annotations

import re

from pydantic import BaseModel

from pms_drill import profile
from pms_drill.properties import catalogue
from tests.suite.conftest import REPO


def keys() -> set[str]:
    """Every key of every table, as "part.key"."""
    return {
        f"{part}.{key}"
        for part, field in profile.Profile.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
        for key in field.annotation.model_fields
    }


def test_every_key_of_a_profile_has_a_reader() -> None:
    files = [*(REPO / "pms_drill").rglob("*.py"), *(REPO / "contracts").rglob("*.py"), *(REPO / "chaos").rglob("*.py")]
    code = "\n".join(file.read_text(encoding="utf-8") for file in files if file.name != "profile.py")
    claimed = {entry.claim.partition("=")[0] for entry in catalogue.load().property}
    read = set(re.findall(r"\.([a-z_]+)\b", code))
    # Endpoints and metrics are also read by name: `getattr(profile.metrics, role)`.
    named = set(re.findall(r'"([a-z_]+)"', code))
    unread = {
        key
        for key in keys() - claimed
        if key.partition(".")[2] not in (read | named if key.startswith(("endpoints.", "metrics.")) else read)
    }
    assert unread == set()


def test_breaker_that_opens_by_a_share_is_not_judged_as_one_that_counts_failures_in_a_row() -> None:
    in_a_row = {entry.id for entry in catalogue.load().property if entry.claim == "breaker.failure_ratio=None"}
    assert in_a_row >= {"BRK-02", "BRK-03", "BRK-07", "BRK-26", "BRK-41", "BRK-52", "BRK-57", "BRK-58", "FAIL-07"}
    assert in_a_row >= {"RESET-03", "CAUSE-01", "CAUSE-04"}
    assert profile.load("reference-fast").claims("breaker.failure_ratio=None")
    by_share = profile.load(str(REPO / "tests" / "variants" / "call_volume.toml"))
    assert not by_share.claims("breaker.failure_ratio=None")
