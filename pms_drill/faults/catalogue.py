"""The faults, as data. Causes are the runbook's: A PMS down, B authorisation, C rate limit, D network, E timeout.

The same error at the client can mean opposite things at the PMS: what decides is whether the request or the answer
was lost. Each entry says which. What clients see was measured with httpx on loopback, and each entry is measured
again by the project's own tests.
"""

from __future__ import annotations

from pms_drill.faults.catalogue_http import (
    EVERYTHING,
    forbidden,
    garbage_200,
    not_found,
    rate_limited,
    server_error,
    unauthorized,
)
from pms_drill.faults.catalogue_mangled import (
    field_missing,
    truncated_json,
    warning_first,
    wrong_charset,
    wrong_type,
)
from pms_drill.faults.catalogue_midway import (
    BOOKING,
    answer_lost,
    answer_withheld,
    duplicated_request,
    late_request,
    request_dropped,
    slow_answers,
    stored_but_500,
)
from pms_drill.faults.catalogue_tcp import (
    connection_refused,
    hang,
    latency_over_deadline,
    request_lost,
    reset_after,
    reset_before,
)
from pms_drill.faults.lifecycle import Fault

__all__ = [
    "BOOKING",
    "EVERYTHING",
    "all_faults",
    "answer_lost",
    "answer_withheld",
    "connection_refused",
    "duplicated_request",
    "field_missing",
    "forbidden",
    "garbage_200",
    "hang",
    "http_faults",
    "late_request",
    "latency_over_deadline",
    "mangled_faults",
    "midway_faults",
    "not_found",
    "rate_limited",
    "request_dropped",
    "request_lost",
    "reset_after",
    "reset_before",
    "server_error",
    "slow_answers",
    "stored_but_500",
    "tcp_faults",
    "truncated_json",
    "unauthorized",
    "warning_first",
    "wrong_charset",
    "wrong_type",
]


def tcp_faults(timeout: float) -> list[Fault]:
    """The faults that need no HTTP fault proxy. `timeout` is the agent's deadline in seconds."""
    return [
        connection_refused(),
        latency_over_deadline(timeout),
        hang(),
        request_lost(),
        reset_before(),
        reset_after(),
    ]


def http_faults(retry_after: int) -> list[Fault]:
    """The faults where the fault proxy answers itself. `retry_after`: seconds that `rate_limited` asks for."""
    limits = [rate_limited(retry_after), rate_limited(retry_after, as_date=True)]
    return [unauthorized(), forbidden(), *limits, server_error(), garbage_200(), not_found()]


def midway_faults(timeout: float) -> list[Fault]:
    """Requests and answers lost, late or doubled on the way, for bookings only. `timeout`: the agent's deadline."""
    return [
        answer_lost(),
        answer_withheld(),
        request_dropped(),
        late_request(timeout * 1.5),
        duplicated_request(),
        stored_but_500(),
        slow_answers(timeout * 1.5, BOOKING),
    ]


def mangled_faults() -> list[Fault]:
    """The PMS's answer to a booking arrives with status 200 and cannot be read."""
    return [
        truncated_json(),
        warning_first(),
        wrong_charset(),
        field_missing("booking.id"),
        wrong_type("booking.id", "object"),
    ]


def all_faults(timeout: float, retry_after: int) -> dict[str, Fault]:
    """Every fault by name, for the deadline of a profile."""
    every = [*tcp_faults(timeout), *http_faults(retry_after), *midway_faults(timeout), *mangled_faults()]
    return {fault.name: fault for fault in every}
