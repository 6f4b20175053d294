"""What each fault means to an agent with a given profile: the claim that the checks hold against the evidence."""

from __future__ import annotations

from dataclasses import dataclass

from pms_drill.evidence.bundle import Expectation, Policy
from pms_drill.faults import catalogue
from pms_drill.faults.lifecycle import Fault
from pms_drill.profile import Profile

#: Seconds that the 429 experiments ask for: longer than a scaled breaker's own wait, so that the two can be told apart.
RETRY_AFTER_S = 2


@dataclass(frozen=True)
class _Row:
    """One line of the table: contract, "Outcomes" and "Breaker"."""

    reaches_ledger: bool
    certain: bool
    error_kind: str
    problem_statuses: tuple[int, ...]
    opens: bool = True


#: Fault -> what the contract says about it. `reaches_ledger`: whether the HTTP fault proxy sees the calls.
_TABLE = {
    "refused": _Row(False, True, "connect", (502,)),
    "latency_over_deadline": _Row(True, False, "timeout", (504,)),
    "hang": _Row(True, False, "timeout", (504,)),
    "request_lost": _Row(False, False, "timeout", (504,)),
    "reset_before": _Row(False, False, "lost", (502,)),
    "reset_after": _Row(True, False, "lost", (502,)),
    "unauthorized": _Row(True, True, "auth", (502,)),
    "forbidden": _Row(True, True, "auth", (502,)),
    "method_not_allowed": _Row(True, True, "auth", (502,)),
    "rate_limited": _Row(True, True, "rate_limit", (200, 503)),
    "server_error": _Row(True, False, "server", (502,)),
    "garbage_200": _Row(True, False, "bad_answer", (502,)),
    "question_refused": _Row(True, True, "", (502,), opens=False),
    "booking_refused": _Row(True, True, "", (409,), opens=False),
    "drip": _Row(True, False, "timeout", (504,)),
    "cut_in_headers": _Row(True, False, "lost", (502,)),
    "tls_expired": _Row(False, True, "connect", (502,)),
    # At the PMS itself; a stack runs those that its PMS can have.
    "db_down": _Row(True, False, "server", (502,)),
    "db_refused": _Row(True, False, "server", (502,)),
    "db_paused": _Row(True, False, "timeout", (504,)),
    "key_disabled": _Row(True, True, "auth", (502,)),
    "key_rotated": _Row(True, True, "auth", (502,)),
    "webservice_off": _Row(True, False, "server", (502,)),
    "wrong_host": _Row(True, False, "bad_answer", (502,)),
}

#: Faults that must open the breaker, and business answers that must not.
OUTAGES = tuple(name for name, row in _TABLE.items() if row.opens)
REFUSALS = tuple(name for name, row in _TABLE.items() if not row.opens)


#: Faults that only bookings meet: what the agent sees of them, as `error_kind`; empty where it sees a good answer.
_MIDWAY = {
    "answer_lost": "lost",
    "answer_withheld": "timeout",
    "request_dropped": "lost",
    "late_request": "timeout",
    "stored_but_500": "server",
    "stored_but_504": "server",
    "truncated_json": "bad_answer",
    "warning_first": "bad_answer",
    "db_read_only": "server",
    "permission_removed": "auth",
    "table_locked": "timeout",
    "killed_in_booking": "timeout",
}
MIDWAY = tuple(_MIDWAY)
#: Requests reach the PMS, or its work is done, long after the agent gave up on them.
_LATE = ("late_request",)


def fault_named(name: str, profile: Profile) -> Fault:
    """The fault of the catalogue, scaled to the profile's deadline.

    Raises:
        KeyError: there is none of that name.
    """
    return catalogue.all_faults(profile.pms.timeout, RETRY_AFTER_S)[name]


def reaches_ledger(outage: str) -> bool:
    """Whether the agent's calls under the outage come as far as the ledger."""
    return _TABLE[outage].reaches_ledger


def expectation(name: str, profile: Profile) -> Expectation:
    """What the profile's policy and the contract demand under the fault."""
    row = _TABLE[name]
    limited = name.startswith("rate_limited")
    return Expectation(
        fault=name,
        opens_after=(1 if limited else profile.breaker.failure_threshold) if row.opens else None,
        wait=float(RETRY_AFTER_S) if limited else profile.breaker.recovery_timeout,
        reaches_ledger=row.reaches_ledger,
        pms_worked=fault_named(name, profile).pms_did_the_work,
        certain=row.certain,
        error_kind=row.error_kind,
        problem_statuses=row.problem_statuses,
    )


def midway_expectation(name: str, profile: Profile) -> Expectation:
    """What the contract demands of bookings under the fault; the breaker may open or not, and is not judged."""
    return Expectation(
        fault=name,
        opens_after=None,
        wait=profile.breaker.recovery_timeout,
        reaches_ledger=True,
        pms_worked=fault_named(name, profile).pms_did_the_work,
        certain=False,
        error_kind=_MIDWAY[name],
        problem_statuses=(),
        delays_requests=name in _LATE,
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
