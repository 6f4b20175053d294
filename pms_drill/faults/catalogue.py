"""The faults, as data. Causes are the runbook's: A PMS down, B authorisation, C rate limit, D network, E timeout.

The same error at the client can mean opposite things at the PMS: what decides is whether the request or the answer
was lost. Each entry says which. What clients see was measured with httpx on loopback, and each entry is measured
again by the project's own tests.

Each module `catalogue_*` has a `TITLE` and a function `faults(scale)`; a new module is found by its name. What a fault
means to an agent, by which experiment and when it is judged, is one row beside it (`owed`).
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from types import ModuleType

from pms_drill import faults as package
from pms_drill.errors import DrillError
from pms_drill.faults import catalogue_gateway, catalogue_http, catalogue_mangled, catalogue_midway, catalogue_tcp
from pms_drill.faults.catalogue_connect import full_backlog
from pms_drill.faults.catalogue_gateway import first_fail, some_fail
from pms_drill.faults.catalogue_http import (
    EVERYTHING,
    forbidden,
    garbage_200,
    question_refused,
    rate_limited,
    server_error,
    unauthorized,
)
from pms_drill.faults.catalogue_mangled import field_missing, truncated_json, warning_first, wrong_charset, wrong_type
from pms_drill.faults.catalogue_midway import (
    BOOKING,
    answer_lost,
    answer_withheld,
    duplicated_request,
    late_request,
    request_dropped,
    slow_answers,
    stored_but,
)
from pms_drill.faults.catalogue_stream import slow
from pms_drill.faults.catalogue_tcp import (
    connection_refused,
    hang,
    latency_over_deadline,
    request_lost,
    reset_after,
    reset_before,
)
from pms_drill.faults.lifecycle import Fault
from pms_drill.faults.owed import Owed
from pms_drill.faults.scale import Scale

__all__ = [
    "BOOKING",
    "EVERYTHING",
    "Scale",
    "all_faults",
    "answer_lost",
    "answer_withheld",
    "chapters",
    "connection_refused",
    "duplicated_request",
    "field_missing",
    "first_fail",
    "forbidden",
    "full_backlog",
    "garbage_200",
    "hang",
    "http_faults",
    "late_request",
    "latency_over_deadline",
    "mangled_faults",
    "midway_faults",
    "named",
    "question_refused",
    "rate_limited",
    "request_dropped",
    "request_lost",
    "reset_after",
    "reset_before",
    "rows",
    "server_error",
    "slow",
    "slow_answers",
    "some_fail",
    "stored_but",
    "tcp_faults",
    "truncated_json",
    "unauthorized",
    "warning_first",
    "wrong_charset",
    "wrong_type",
]

#: The order of the chapters in docs/faults.md; others follow by name.
_FIRST = ("connect", "tcp", "stream", "http", "gateway", "midway", "mangled", "process", "pms")


def chapters(scale: Scale) -> dict[str, list[Fault]]:
    """Title -> the faults of one module, for the deadline of a profile."""
    return {module.TITLE: module.faults(scale) for module in _modules()}


def all_faults(timeout: float, retry_after: int, settle: float = 0.0) -> dict[str, Fault]:
    """Every fault by name. Seconds: the agent's deadline, the wait a 429 names, and for which nothing is repeated.

    Raises:
        DrillError: two faults have one name, or one does not say what it means to an agent.
    """
    found: dict[str, Fault] = {}
    for fault in (fault for faults in chapters(Scale(timeout, retry_after, settle)).values() for fault in faults):
        if fault.name in found:
            raise DrillError(f"two faults are named {fault.name}", where="pms_drill.faults.catalogue_*")
        if fault.owes is None:
            raise DrillError(
                f"the fault {fault.name} meets no agent",
                where="pms_drill.faults.catalogue_*",
                todo="say with `owes=` what it means to one (pms_drill/faults/owed.py)",
            )
        found[fault.name] = fault
    return found


def named(name: str, scale: Scale) -> Fault:
    """One fault.

    Raises:
        DrillError: there is none of that name.
    """
    known = all_faults(scale.timeout, scale.retry_after, scale.settle)
    if name not in known:
        raise DrillError(f"there is no fault {name!r}", todo=f"use one of {', '.join(sorted(known))}")
    return known[name]


@cache
def of_any_agent() -> Mapping[str, Fault]:
    """Every fault by name, made once, for what does not depend on an agent's figures: its cause, its row, its needs."""
    return all_faults(1.0, 1)


@cache
def rows() -> Mapping[str, Owed]:
    """Fault -> what it means to an agent."""
    return {name: fault.owes for name, fault in of_any_agent().items() if fault.owes is not None}


def tcp_faults(timeout: float) -> list[Fault]:
    """Faults of whole connections that need no HTTP fault proxy. `timeout`: the agent's deadline in seconds."""
    return catalogue_tcp.faults(Scale(timeout, 1))


def http_faults(retry_after: int) -> list[Fault]:
    """The faults where the fault proxy answers itself. `retry_after`: seconds that `rate_limited` asks for."""
    scale = Scale(1.0, retry_after)
    return [*catalogue_http.faults(scale), *catalogue_gateway.faults(scale)]


def midway_faults(timeout: float) -> list[Fault]:
    """Requests and answers lost, late or doubled on the way. `timeout`: the agent's deadline."""
    return catalogue_midway.faults(Scale(timeout, 1))


def mangled_faults() -> list[Fault]:
    """The PMS's answer to a booking arrives and cannot be read."""
    return catalogue_mangled.faults(Scale(1.0, 1))


def _modules() -> Iterator[ModuleType]:
    names = [info.name for info in pkgutil.iter_modules(package.__path__) if info.name.startswith("catalogue_")]
    kinds = {name.removeprefix("catalogue_"): name for name in names}
    for kind in sorted(kinds, key=lambda kind: (_FIRST.index(kind) if kind in _FIRST else len(_FIRST), kind)):
        yield import_module(f"{package.__name__}.{kinds[kind]}")
