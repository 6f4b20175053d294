"""The probe of an idle breaker: in time it passes; too soon, too late or never it fails; otherwise nothing is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pms_drill.checks import breaker_counting, breaker_idle
from pms_drill.checks.verdict import Outcome
from pms_drill.evidence.bundle import Evidence, Span
from pms_drill.evidence.ledger import LedgerEntry
from tests.checks.literal import PHASES, call, ledger, outage, policy, probe

CHECK = breaker_idle.probes_after_the_interval
#: The last call before it ended at 0.512.
IDLE = {"idle": Span(0.55, 2.0)}


def idle(*probes: float, interval: float = 1.0, phases: dict[str, Span] = IDLE, more: tuple[LedgerEntry, ...] = ()):
    """Guests until 0.51 s, then nobody until two seconds have passed; before them the agent's probe at its start."""
    calls = [probe(-0.4, 200), *ledger(), *(probe(at, 200) for at in probes), *more]
    return outage(ledger=calls, phases=PHASES | phases, policy=policy(health_interval=interval))


@pytest.mark.parametrize("at", [1.52, 1.75])
def test_a_probe_one_interval_after_the_last_call_passes(at: float) -> None:
    found = CHECK(idle(at))
    assert found.outcome is Outcome.PASSED, found.why


@pytest.mark.parametrize(
    "evidence",
    [idle(0.7), idle(0.15, 1.52), idle(1.45), idle(1.8), idle(), idle(1.52, 1.62)],
    ids=["too soon", "between guests", "a little too soon", "too late", "never", "again at once"],
)
def test_a_probe_that_comes_too_soon_too_late_or_never_fails(evidence: Evidence) -> None:
    assert CHECK(evidence).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "evidence",
    [outage(), idle(1.52, interval=0.0), idle(1.52, phases={}), idle(phases={"idle": Span(0.55, 1.6)})],
    ids=["not tried", "no interval", "no idle time", "too short"],
)
def test_without_enough_silence_nothing_is_known(evidence: Evidence) -> None:
    assert CHECK(evidence).outcome is Outcome.UNKNOWN


def test_a_call_that_ended_late_puts_the_probe_off() -> None:
    """The silence begins when a call has ended; from when it was answered on it may have."""
    slow = call(0.55, answered=0.6, delivered=1.2)
    assert CHECK(idle(2.1, phases={"idle": Span(0.55, 3.0)}, more=(slow,))).outcome is Outcome.PASSED
    assert CHECK(idle(1.62, more=(slow,))).outcome is Outcome.PASSED
    assert CHECK(idle(1.5, more=(slow,))).outcome is Outcome.FAILED


def test_a_probe_that_meets_the_fault_counts_as_a_failure_of_other_settings() -> None:
    good = outage()
    met = replace(good, ledger=[*good.ledger, probe(3.0005)])
    assert breaker_counting.settings_are_honoured(good).outcome is Outcome.PASSED
    assert breaker_counting.settings_are_honoured(met).outcome is Outcome.FAILED
    six = replace(met, expectation=replace(met.expectation, opens_after=6))
    assert breaker_counting.settings_are_honoured(six).outcome is Outcome.PASSED
