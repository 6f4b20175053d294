"""What each fault means to an agent with a given profile: the claim that the checks hold against the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from pms_drill.evidence.bundle import Expectation, Policy
from pms_drill.faults import catalogue
from pms_drill.faults.lifecycle import Fault
from pms_drill.faults.owed import Breaker, Meets
from pms_drill.profile import Profile

#: Seconds that the 429 experiments ask for: longer than a scaled breaker's own wait, so that the two can be told apart.
RETRY_AFTER_S = 2


def meeting(how: Meets) -> tuple[str, ...]:
    """Names of the faults that agents meet in this way, in the order of the catalogue."""
    return tuple(name for name, row in catalogue.rows().items() if row.meets is how)


def fault_named(name: str, profile: Profile) -> Fault:
    """The fault of the catalogue, scaled to the profile's deadline.

    Raises:
        KeyError: there is none of that name.
    """
    return _scaled(profile.pms.timeout, profile.pms.settle)[name]


@cache
def _scaled(timeout: float, settle: float) -> Mapping[str, Fault]:
    """The catalogue for one profile: what is asked hundreds of times before a run begins."""
    return catalogue.all_faults(timeout, RETRY_AFTER_S, settle)


def reaches_ledger(fault: str) -> bool:
    """Whether the agent's calls under the fault come as far as the ledger."""
    return catalogue.rows()[fault].in_ledger


def expectation(name: str, profile: Profile) -> Expectation:
    """What the profile's policy and the contract demand under the fault: its row, in figures.

    Raises:
        KeyError: there is no fault of that name.
    """
    row = catalogue.rows()[name]
    opens_after = {Breaker.OPENS: profile.breaker.failure_threshold, Breaker.AT_ONCE: 1}
    return Expectation(
        fault=name,
        opens_after=opens_after.get(row.breaker),
        wait=float(RETRY_AFTER_S) if row.names_wait else profile.breaker.recovery_timeout,
        reaches_ledger=row.in_ledger,
        pms_worked=fault_named(name, profile).pms_did_the_work,
        certain=row.certain,
        error_kind=row.kind,
        problem_statuses=row.statuses,
        delays_requests=row.late,
    )


def policy(profile: Profile, slack: float) -> Policy:
    """The profile's claims in figures.

    Args:
        slack: how much later than claimed something may be seen, in seconds, from a control of the same run.
    """
    return Policy(
        threshold=profile.breaker.failure_threshold,
        recovery=profile.breaker.recovery_timeout,
        timeout=profile.pms.timeout,
        failover=profile.failover.mode == "mock",
        probe_path=profile.pms.probe_path,
        settle=profile.pms.settle,
        slack=slack,
        outbox_interval=profile.pms.outbox_interval,
        metrics=profile.metrics,
        probes_to_close=profile.breaker.probes_to_close,
        by_traffic=profile.breaker.half_open == "traffic",
        workers=profile.breaker.workers,
        read_repeats=profile.pms.read_repeats,
        minimum_calls=profile.breaker.minimum_calls,
        window=profile.breaker.window or 0.0,
        slow_call=profile.breaker.slow_call or 0.0,
        wait_growth=profile.breaker.wait_growth,
        longest_wait=profile.breaker.longest_wait or float("inf"),
    )
