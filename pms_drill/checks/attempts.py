"""Booking requests at the PMS side: for which guest, by the address in the body, and which came too soon. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pms_drill.checks.moments import SHARE
from pms_drill.checks.operations import is_booking
from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.ledger import LedgerEntry

_HOTEL = re.compile(r'"id_property"\s*:\s*"?(\d+)')
_ADDRESS = re.compile(r"[\w.%+-]+@[\w.-]*\w")


@dataclass(frozen=True)
class Repeat:
    """Two booking requests for one guest, the second before the time after an unknown one was over."""

    token: str
    first: LedgerEntry
    second: LedgerEntry
    needed: float


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


def overlapping(sent: Sequence[LedgerEntry], evidence: Evidence) -> Iterator[tuple[LedgerEntry, LedgerEntry]]:
    """Pairs of bookings of different guests of one hotel, the second sent while the PMS was at work on the first."""
    for number, first in enumerate(sent):
        if first.forwarded is None and first.answered is None:
            continue  # it never reached the PMS
        settled = first.received + SHARE * evidence.policy.settle
        until = settled if first.answered is None else min(first.answered, settled)
        for second in sent[number + 1 :]:
            if second.received >= until:
                break
            if _about(first) != _about(second) and _hotel(first) == _hotel(second):
                yield first, second


def _about(entry: LedgerEntry) -> str:
    found = _ADDRESS.search(entry.request_body)
    return found[0].lower() if found else entry.request_body


def _hotel(entry: LedgerEntry) -> str:
    found = _HOTEL.search(entry.request_body)
    return found[1] if found else ""
