"""Requests generated from the frozen contract: the agent keeps to it, whatever it is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pms_drill.checks import generated as cases
from pms_drill.checks import openapi
from pms_drill.checks.verdict import claim
from pms_drill.contract import document
from pms_drill.contract.agent import Agent
from pms_drill.evidence.generated import Generated
from pms_drill.profile import Profile


@pytest.mark.property("API-01")
def test_every_generated_request_is_answered_as_the_contract_says(generated: Generated) -> None:
    claim(cases.keeps_the_contract(generated))


@pytest.mark.property("API-02")
@pytest.mark.takes_input
def test_right_requests_are_accepted(generated: Generated, seen: Callable[[str], Any]) -> None:
    seen(f"{generated.operation}: {cases.share(generated)}")
    claim(cases.accepts_right_requests(generated))


@pytest.mark.property("API-03")
@pytest.mark.takes_input
def test_wrong_requests_are_refused_for_their_own_defect(generated: Generated) -> None:
    claim(cases.refuses_wrong_requests(generated))


@pytest.mark.property("API-04")
def test_own_description_of_the_agent_contains_the_frozen_contract(agent: Agent, profile: Profile) -> None:
    answer = agent.description()
    assert answer.status_code == 200
    claim(openapi.contains(document.at(profile.endpoints), answer.json()))
