"""Requests at the PMS side: which operation of the agent, and for which guest, by the address in the body. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from pms_drill.checks.moments import SHARE
from pms_drill.evidence.ledger import LedgerEntry

#: How QloApps takes a booking, below whatever folder the shop is in.
_BOOKINGS = "/api/bookings"
_ADDRESS = re.compile(r"[\w.%+-]+@[\w.-]*\w")


@dataclass(frozen=True)
class Repeat:
    """Two booking requests for one guest, the second before the time after an unknown one was over."""

    token: str
    first: LedgerEntry
    second: LedgerEntry
    needed: float


def is_booking(entry: LedgerEntry) -> bool:
    """Whether the request asks the PMS to book."""
    return entry.method == "POST" and entry.path.rstrip("/").endswith(_BOOKINGS)


def operation_of(entry: LedgerEntry, probe_path: str) -> str | None:
    """The metrics' name of a request at the PMS side; None for one that no operation of the agent makes."""
    if entry.method == "GET":
        return "probe" if entry.path == probe_path else "readback"
    if is_booking(entry):
        return "reservation"
    for resource, operation in (("/hotel_ari", "availability"), ("/order_histories", "cancel")):
        if entry.method == "POST" and entry.path.rstrip("/").endswith(resource):
            return operation
    return None


def attempts(ledger: Iterable[LedgerEntry], tokens: Collection[str]) -> dict[str, list[LedgerEntry]]:
    """Token -> its booking requests, in order of arrival. Requests that name no known token are left out."""
    known = set(tokens)
    found: defaultdict[str, list[LedgerEntry]] = defaultdict(list)
    for entry in sorted(ledger, key=lambda entry: entry.received):
        if is_booking(entry):
            for token in {address.lower() for address in _ADDRESS.findall(entry.request_body)} & known:
                found[token].append(entry)
    return dict(found)


def is_certain(entry: LedgerEntry) -> bool:
    """Whether the answer told the agent for certain that nothing was booked: a 4xx that was delivered."""
    return entry.status is not None and 400 <= entry.status < 500 and entry.delivered is not None


def early_repeats(by_token: Mapping[str, list[LedgerEntry]], settle: float) -> list[Repeat]:
    """Booking requests that came too soon after an unknown one (contract, "Writes").

    After an unknown attempt the settle time must pass, and each further attempt doubles it. Attempts that did not
    reach the ledger only make the agent wait longer, so that this is a lower bound.
    """
    found = []
    for token, entries in by_token.items():
        wait = settle
        for first, second in pairwise(entries):
            if is_certain(first):
                continue
            if second.received - first.received < SHARE * wait:
                found.append(Repeat(token, first, second, wait))
            wait *= 2
    return found
