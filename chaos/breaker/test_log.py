"""What an engineer finds in the agent's log at night: transitions, words to grep for, and no secret."""

from __future__ import annotations

import pytest

from pms_drill.checks import logs
from pms_drill.checks.verdict import claim
from pms_drill.evidence.bundle import Evidence


@pytest.mark.property("LOG-01")
def test_each_transition_is_one_line_with_from_to_reason_count_and_wait(outage: Evidence) -> None:
    claim(logs.transitions_are_logged(outage))


@pytest.mark.property("LOG-02")
def test_failed_calls_are_found_by_the_runbooks_greps(outage: Evidence) -> None:
    claim(logs.failures_are_logged(outage))


@pytest.mark.property("LOG-03")
def test_no_key_and_no_token_stands_in_a_log_an_answer_or_a_metric(outage: Evidence) -> None:
    claim(logs.no_secret_anywhere(outage))
