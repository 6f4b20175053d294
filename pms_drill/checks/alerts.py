"""Alert rules: what the recorded states of an outage are stretched to, what is asked of them, and the verdict. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise

from pms_drill.checks.states import CLOSED, HALF_OPEN, OPEN
from pms_drill.checks.verdict import Verdict, failed, judge, unknown
from pms_drill.evidence.alerts import AlertEvidence, Question, Recording, Series
from pms_drill.evidence.bundle import Evidence

#: Seconds. An outage of two minutes must be alerted (runbook, "Prevention"), and is known to be over two minutes later.
OUTAGE_S = 120.0
RESOLVED_S = 120.0
#: How long before, how long the outage lasts, and how long afterwards the series goes on.
_BEFORE_S, _LASTS_S, _AFTERWARDS_S = 120.0, 360.0, 420.0
#: Scrapes that may pass until the rules have seen what there is to see.
_LATE = 4


def stretched(evidence: Evidence, scale: float, interval: float) -> Recording | None:
    """The gauge of the recorded outage, at the deployed agent's pace.

    Args:
        evidence: of an outage in which at least one probe failed.
        scale: by how much the deployed waits are longer.
        interval: seconds between two scrapes of the deployed Prometheus.

    Returns:
        None when the scrapes do not show an opening, a probe under way, and the opening after it.
    """
    states = [
        (scrape.started, value)
        for scrape in evidence.scrapes
        if (value := scrape.value(evidence.policy.metrics.state, service="pms")) is not None
    ]
    opening = next((at for (_, before), (at, value) in pairwise(states) if (before, value) == (CLOSED, OPEN)), None)
    if opening is None:
        return None
    again = (
        at for (_, before), (at, value) in pairwise(states) if at > opening and (before, value) == (HALF_OPEN, OPEN)
    )
    reopening = next(again, None)
    if reopening is None:
        return None
    wait = [(scale * (at - opening), value) for at, value in states if opening <= at < reopening]
    length = scale * (reopening - opening)

    def series(lasts: float) -> Series:
        number = round((_BEFORE_S + lasts + _AFTERWARDS_S) / interval)
        times = [interval * scrape - _BEFORE_S for scrape in range(number + 1)]
        values = tuple(_at(wait, at % length) if 0 <= at < lasts else CLOSED for at in times)
        return Series(values, _BEFORE_S, _BEFORE_S + lasts)

    whole_waits = -(-_LASTS_S // length)
    labels = _labels(evidence)
    return Recording(series(whole_waits * length), series(length), interval, scale, labels)


def questions(recording: Recording) -> dict[str, Question]:
    """What is asked of the rules: name -> question."""
    outage, blip, interval = recording.outage, recording.blip, recording.interval
    due = outage.opened + OUTAGE_S + _LATE * interval
    over = outage.closed + RESOLVED_S
    return {
        "outage": Question(outage, _scrapes(due, outage.closed, interval), fires=True),
        "resolved": Question(outage, _scrapes(over, interval * (len(outage.values) - 1), interval), fires=False),
        "blip": Question(blip, _scrapes(0.0, interval * (len(blip.values) - 1), interval), fires=False),
    }


def alert_tells_outages_from_blips(evidence: AlertEvidence) -> Verdict:
    """BRK-56: it fires for an outage of two minutes although probes come between, not for one wait, and resolves."""
    claimed = (
        f"{evidence.alert} fires when the breaker has not been closed for {OUTAGE_S:g} s, all the time until the heal, "
        f"is silent {RESOLVED_S:g} s after it, and does not fire for one wait that a good probe ends"
    )
    recording = evidence.recording
    if recording is None:
        return unknown(claimed, metrics="the scrapes show no opening with a failed probe after it")
    blip = recording.blip.closed - recording.blip.opened
    seen = {
        "metrics": f"recorded states stretched {recording.scale:g} times, a scrape every {recording.interval:g} s, "
        f"{recording.outage.values.count(HALF_OPEN)} of them half-open; one wait and its probe last {blip:.0f} s",
        "rules": f"{evidence.rules}; not as claimed: {_told(evidence) or 'nothing'}",
    }
    if not evidence.control.holds:
        return unknown(claimed, **seen, promtool=evidence.control.told)
    if evidence.untold:
        asks = f"selects by {', '.join(evidence.untold)}, which the agent does not send"
        todo = "say in alerts.scrape_config or alerts.labels of the profile what the scrape adds"
        return unknown(claimed, **seen, labels=f"{evidence.alert} {asks}: {todo}")
    if not all(reply.holds for reply in evidence.replies.values()):
        return failed(claimed, **seen)
    # Without a probe in the series, or with waits that are outages themselves, silence and noise prove nothing.
    if HALF_OPEN not in recording.outage.values or blip >= OUTAGE_S:
        return unknown(claimed, **seen)
    return judge(set(evidence.replies) == set(questions(recording)), claimed, **seen)


def promtool_test(
    recording: Recording,
    asked: Mapping[str, Question],
    alert: str,
    gauge: str,
    rules: Sequence[str],
    added: Mapping[str, str],
) -> dict[str, object]:
    """The input of `promtool test rules` for these questions; JSON is YAML.

    Args:
        rules: files.
        added: labels that the scrape adds to those of the agent. Nothing is invented.
    """
    labels = ",".join(f"{name}={json.dumps(value)}" for name, value in {**dict(recording.labels), **added}.items())
    firing = f'(count(ALERTS{{alertname="{alert}",alertstate="firing"}}) > bool 0) or vector(0)'
    every = f"{recording.interval:g}s"
    return {
        "rule_files": list(rules),
        "evaluation_interval": every,
        "tests": [
            {
                "name": name,
                "interval": every,
                "input_series": [
                    {"series": f"{gauge}{{{labels}}}", "values": " ".join(f"{v:g}" for v in question.series.values)}
                ],
                "promql_expr_test": [
                    {
                        "expr": firing,
                        "eval_time": f"{at:g}s",
                        "exp_samples": [{"labels": "{}", "value": int(question.fires)}],
                    }
                    for at in question.times
                ],
            }
            for name, question in asked.items()
        ],
    }


def _labels(evidence: Evidence) -> tuple[tuple[str, str], ...]:
    """The labels of the gauge, from the last scrape."""
    name = evidence.policy.metrics.state
    found = [labels for (sample, labels) in evidence.scrapes[-1].samples if sample == name]
    return tuple(sorted(next(labels for labels in found if ("service", "pms") in labels)))


def _at(wait: list[tuple[float, float]], at: float) -> float:
    return [value for when, value in wait if when <= at][-1]


def _scrapes(begin: float, end: float, interval: float) -> tuple[float, ...]:
    """The scrapes from `begin` on, before `end`."""
    first = -(-begin // interval)
    return tuple(interval * number for number in range(int(first), int(end // interval) + 1) if interval * number < end)


def _told(evidence: AlertEvidence) -> str:
    return "; ".join(f"{name}: {reply.told}" for name, reply in evidence.replies.items() if not reply.holds)
