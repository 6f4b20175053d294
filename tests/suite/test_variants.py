"""Optional policies: an agent that keeps what its profile claims passes, another one under the same claims fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from pms_drill.checks.verdict import Outcome
from pms_drill.properties import catalogue
from tests.suite.conftest import REPO, RunSuite

FOLDER = REPO / "tests" / "variants"

pytestmark = [pytest.mark.timeout(300), pytest.mark.kill_matrix]


def proved_by(variant: str) -> set[str]:
    """The properties whose proof is that another agent fails under these claims."""
    return {entry.id for entry in catalogue.load().property if f"claimed:{variant}" in entry.proof}


VARIANTS = sorted(path.stem for path in FOLDER.glob("*.toml"))


@pytest.mark.parametrize("variant", VARIANTS)
def test_variant_keeps_what_it_claims(run_suite: RunSuite, variant: str) -> None:
    ran = run_suite("chaos", "-k", variant, profile=FOLDER / f"{variant}.toml")
    assert ran.code == 0, ran.page
    assert proved_by(variant) <= set(ran.verdict.properties)


@pytest.mark.parametrize("variant", VARIANTS)
def test_plain_or_spoilt_agent_does_not_keep_the_claims_of_a_variant(
    run_suite: RunSuite, tmp_path: Path, variant: str
) -> None:
    text = (FOLDER / f"{variant}.toml").read_text(encoding="utf-8")
    profile = tmp_path / "other.toml"
    profile.write_text(text.replace(f'"tests.variants.{variant}"', f'"{other(variant)}"'), encoding="utf-8")
    ran = run_suite("chaos", "-k", variant, profile=profile)
    assert ran.code == 1, ran.page
    assert {key for key, result in ran.verdict.properties.items() if result.verdict == "failed"} == proved_by(variant)


def test_agent_whose_probes_are_guests_passes_the_experiments_that_wait_for_a_probe(run_suite: RunSuite) -> None:
    chosen = "hang or rate_limited or half_open_crowd or late_failure or clock_steps or other_settings or cases"
    ran = run_suite("chaos", "-k", chosen, profile=FOLDER / "guest_probe.toml")
    assert ran.code == 0, ran.page
    assert {"BRK-22", "BRK-24", "BRK-31", "BRK-32", "BRK-33", "BRK-52", "BOOK-05"} <= ran.named(Outcome.PASSED)


def test_breaker_that_opens_by_a_share_of_failures_is_accused_of_nothing(run_suite: RunSuite) -> None:
    """It need not open in an outage that is short for it: then much is unknown, but nothing fails."""
    chosen = "agent_restart or what_counts or other_settings or server_error or cause_pms_down or breaker_reset"
    ran = run_suite("chaos", "-k", chosen, profile=FOLDER / "call_volume.toml")
    assert ran.named(Outcome.FAILED) == set(), ran.page
    assert "BRK-01" in ran.named(Outcome.PASSED)


def other(variant: str) -> str:
    """The module of an agent that does not keep the claims: the variant spoilt, or the reference agent as it is."""
    spoilt = FOLDER / "spoilt" / f"{variant}.py"
    return f"tests.variants.spoilt.{variant}" if spoilt.exists() else "hotel_agent"
