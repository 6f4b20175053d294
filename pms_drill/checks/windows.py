"""Pairs of scrapes and what grew between them; and how often something happened between them for sure, and at most."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.history import Operation
from pms_drill.evidence.ledger import LedgerEntry
from pms_drill.evidence.scrape import Scrape


@dataclass(frozen=True)
class Range:
    """How often something happened: at least and at most, where a scrape fell into it."""

    least: int
    most: int

    def holds(self, value: float) -> bool:
        """Whether a counter's growth fits."""
        return self.least <= value <= self.most

    def __str__(self) -> str:
        return str(self.least) if self.least == self.most else f"{self.least} to {self.most}"


@dataclass(frozen=True)
class Window:
    """Two scrapes, the first before the second."""

    first: Scrape
    last: Scrape

    def grown(self, name: str, **labels: str) -> float:
        """By how much the counters of that name with these labels grew together."""
        return self.last.total(name, **labels) - self.first.total(name, **labels)

    def spans(self, pairs: Iterable[tuple[float, float]]) -> Range:
        """How many of the spans (begin, end) lie between the scrapes: for sure, and at most."""
        sure = possible = 0
        for begin, end in pairs:
            if end >= self.first.started and begin <= self.last.ended:
                possible += 1
                sure += self.first.ended <= begin and end <= self.last.started
        return Range(sure, possible)

    def operations(self, operations: Iterable[Operation]) -> Range:
        """How many of the guests' operations took place between the scrapes."""
        return self.spans((operation.started, operation.ended) for operation in operations)

    def calls(self, entries: Iterable[LedgerEntry], lasts: float) -> Range:
        """How many of the calls took place between the scrapes; one without an answer lasts for `lasts` seconds."""
        return self.spans((entry.received, entry.delivered or entry.received + lasts) for entry in entries)


def whole(evidence: Evidence) -> Window | None:
    """From the first scrape to the last one; None with fewer than two, or when the counters began anew in between."""
    return _window(evidence, evidence.scrapes)


def before_heal(evidence: Evidence) -> Window | None:
    """From the first scrape to the last one before the heal."""
    return _window(evidence, [scrape for scrape in evidence.scrapes if scrape.ended <= evidence.phases["armed"].end])


def under_fault(evidence: Evidence) -> Window | None:
    """From the last scrape before the first guest under the fault to the last one before the heal."""
    begin = min((operation.started for operation in evidence.asked("impact")), default=None)
    if begin is None:
        return None
    sooner = [scrape for scrape in evidence.scrapes if scrape.ended <= begin]
    later = [scrape for scrape in evidence.scrapes if begin < scrape.ended <= evidence.phases["armed"].end]
    return _window(evidence, [sooner[-1], *later]) if sooner and later else None


def _window(evidence: Evidence, scrapes: list[Scrape]) -> Window | None:
    if len(scrapes) < 2:
        return None
    names = evidence.policy.metrics
    counted = [scrape.total(names.calls) + scrape.total(names.transitions) for scrape in scrapes]
    restarted = any(later < sooner for sooner, later in pairwise(counted))
    return None if restarted else Window(scrapes[0], scrapes[-1])
