"""Do the agent's metrics exist with the right type and exactly the right label sets, from the first scrape on?

A series that appears only with its first event cannot be alerted on: `rate()` misses that event. So every label set
has to exist before the first call, and a label set outside of the contract is an error as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from itertools import product

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus_text

from pms_drill.checks.verdict import Verdict, failed, judge, passed, unknown
from pms_drill.evidence.scrape import Labels, Scrape

OPERATIONS = ("availability", "reservation", "readback", "cancel", "probe")
KINDS = ("connect", "lost", "timeout", "bad_answer", "server", "auth", "rate_limit")
#: The breaker's legal moves; open to closed is the reset by hand.
TRANSITIONS = (
    ("closed", "open"),
    ("open", "half_open"),
    ("half_open", "open"),
    ("half_open", "closed"),
    ("open", "closed"),
)
#: Buckets of the latency histogram have to cover 5 ms to 30 s.
SMALLEST_BUCKET, LARGEST_BUCKET = 0.005, 30.0


@dataclass(frozen=True)
class Family:
    """What one metric has to be: its type and the label sets that exist, no more and no fewer."""

    type: str
    label_sets: frozenset[Labels]


def _sets(**labels: tuple[str, ...]) -> frozenset[Labels]:
    return frozenset(frozenset(zip(labels, values, strict=True)) for values in product(*labels.values()))


_SERVICE = ("pms",)

#: Role in a profile's `[metrics]` -> what that metric has to be.
FAMILIES: Mapping[str, Family] = {
    "state": Family("gauge", _sets(service=_SERVICE)),
    "transitions": Family(
        "counter",
        frozenset(frozenset({("service", "pms"), ("from", a), ("to", b)}) for a, b in TRANSITIONS),
    ),
    "rejections": Family("counter", _sets(service=_SERVICE, operation=OPERATIONS)),
    "calls": Family("counter", _sets(service=_SERVICE, operation=OPERATIONS, status=("success", "error"))),
    "errors": Family("counter", _sets(service=_SERVICE, operation=OPERATIONS, kind=KINDS)),
    "latency": Family("histogram", _sets(service=_SERVICE, operation=OPERATIONS)),
    "failover": Family(
        "counter",
        _sets(operation=("availability",), source=("stale", "mock"))
        | _sets(operation=("reservation",), source=("outbox",)),
    ),
    "pending": Family("gauge", _sets()),
    "duplicates": Family("counter", _sets()),
}


def family_complete(role: str, name: str, scrape: Scrape) -> Verdict:
    """Judge the type and the label sets of one metric.

    Args:
        role: a key of `FAMILIES`.
        name: the metric's name at this agent, counters with `_total`.
        scrape: one reading.
    """
    wanted = FAMILIES[role]
    claimed = f"{name} is a {wanted.type} with {len(wanted.label_sets)} label set(s)"
    if not scrape.samples:
        return unknown(claimed, metrics="the scrape is empty")
    # The parser files a counter under its name without `_total`.
    family = name.removesuffix("_total") if wanted.type == "counter" else name
    kind = scrape.types.get(family) or scrape.types.get(name)
    sample = f"{name}_count" if wanted.type == "histogram" else name
    found = frozenset(labels for known, labels in scrape.samples if known == sample)
    problems = []
    if kind != wanted.type:
        problems.append(f"is {f'a {kind}' if kind else 'not there'}")
    problems += [f"lacks {_said(labels)}" for labels in sorted(wanted.label_sets - found, key=sorted)]
    problems += [f"has {_said(labels)}" for labels in sorted(found - wanted.label_sets, key=sorted)]
    return judge(not problems, claimed, metrics=", ".join(problems) or "as claimed")


def buckets_cover(name: str, scrape: Scrape) -> Verdict:
    """Judge that the histogram `name` tells apart durations from 5 ms to 30 s."""
    claimed = f"the buckets of {name} cover {SMALLEST_BUCKET} s to {LARGEST_BUCKET} s"
    limits: dict[Labels, list[float]] = {}
    for sample, labels in scrape.samples:
        if sample == f"{name}_bucket":
            series = frozenset(pair for pair in labels if pair[0] != "le")
            limits.setdefault(series, []).append(float(dict(labels)["le"]))
    if not limits:
        return unknown(claimed, metrics="there is no bucket")
    narrow = []
    for series, found in limits.items():
        largest = max((limit for limit in found if limit != float("inf")), default=0.0)
        if min(found) > SMALLEST_BUCKET or largest < LARGEST_BUCKET:
            narrow.append(f"{_said(series)}: {min(found)} s to {largest} s")
    return judge(not narrow, claimed, metrics="; ".join(sorted(narrow)) or f"{len(limits)} series do")


#: Who scrapes -> the `Accept` header that it sends (Prometheus 3 and 2, and clients that know the text format only).
SCRAPERS: Mapping[str, str] = {
    "prometheus-3": "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    "prometheus-2": "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "text-only": "text/plain;version=0.0.4;q=1,*/*;q=0.1",
}
_TEXT, _OPEN = "text/plain", "application/openmetrics-text"
#: Versions of each format that Prometheus reads; the text format may leave it out.
_VERSIONS = {_TEXT: (None, "0.0.4", "1.0.0"), _OPEN: ("0.0.1", "1.0.0")}


def readable_by_prometheus(accept: str, content_type: str, text: str) -> Verdict:
    """EXP-03: the metrics are in the format that their content type says, and it is one that was asked for.

    Args:
        accept: the header that was sent.
        content_type, text: of the answer.
    """
    claimed = "Prometheus reads the metrics: in a format that it asked for, which their content type names"
    header = Message()
    header["Content-Type"] = content_type or "missing"
    kind, version = header.get_content_type() if content_type else "", header.get_param("version")
    seen = {"metrics": f"content type {content_type or 'missing'}, {len(text)} characters"}
    if version not in _VERSIONS.get(kind, ()) or (kind == _OPEN and _OPEN not in accept):
        return failed(claimed, **seen)
    if not text.strip():
        return unknown(claimed, **seen)
    parse = openmetrics if kind == _OPEN else prometheus_text
    try:
        count = sum(len(family.samples) for family in parse(text))
    except ValueError as error:
        return failed(claimed, **seen, parser=str(error))
    return passed(claimed, **seen, parser=f"{count} samples") if count else unknown(claimed, **seen, parser="no sample")


def _said(labels: Labels) -> str:
    return "{" + ", ".join(f'{name}="{value}"' for name, value in sorted(labels)) + "}"
