"""Optional policies: an agent that keeps what its profile claims passes, the plain one under the same claims fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from pms_drill.properties import catalogue
from tests.suite.conftest import REPO, RunSuite

FOLDER = REPO / "tests" / "variants"
PLAIN = 'start = ["{python}", "-m", "hotel_agent"]'

pytestmark = [pytest.mark.timeout(300), pytest.mark.kill_matrix]


def proved_by(variant: str) -> set[str]:
    """The properties whose proof is that the plain agent fails under these claims."""
    return {entry.id for entry in catalogue.load().property if f"claimed:{variant}" in entry.proof}


VARIANTS = sorted(path.stem for path in FOLDER.glob("*.toml"))


@pytest.mark.parametrize("variant", VARIANTS)
def test_variant_keeps_what_it_claims(run_suite: RunSuite, variant: str) -> None:
    ran = run_suite("chaos", "-k", variant, profile=FOLDER / f"{variant}.toml")
    assert ran.code == 0, ran.page
    assert proved_by(variant) <= set(ran.verdict.properties)


@pytest.mark.parametrize("variant", VARIANTS)
def test_plain_agent_does_not_keep_the_claims_of_a_variant(run_suite: RunSuite, tmp_path: Path, variant: str) -> None:
    text = (FOLDER / f"{variant}.toml").read_text(encoding="utf-8")
    profile = tmp_path / "plain.toml"
    profile.write_text(plain(text), encoding="utf-8")
    ran = run_suite("chaos", "-k", variant, profile=profile)
    assert ran.code == 1, ran.page
    assert {key for key, result in ran.verdict.properties.items() if result.verdict == "failed"} == proved_by(variant)


def plain(text: str) -> str:
    """The same claims for the reference agent as it is."""
    lines = [PLAIN if line.startswith("start =") else line for line in text.splitlines()]
    return "\n".join(lines) + "\n"
