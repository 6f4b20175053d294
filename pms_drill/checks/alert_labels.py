"""Which labels an alert asks for, and which of them nobody has told the suite about. Pure.

A label that the agent does not send comes from the scrape: Prometheus adds `job` and `instance`, and what the team's
file says. A rule that asks for one is judged with the team's labels, or not at all: with invented labels a rule that
is dead in production fires.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Added:
    """The labels that the scrape adds to those of the agent, as far as the team has told.

    Attributes:
        labels: name -> value.
        complete: whether there are no others, but for `job` and `instance`, which Prometheus always adds.
    """

    labels: dict[str, str] = field(default_factory=dict)
    complete: bool = False


#: Prometheus adds these to every series, whatever its file says.
ALWAYS = ("job", "instance")
#: A comment, a string in one of three quotes, a name, a matcher's operator, or anything else.
_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
    |(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)
    |(?P<name>[a-zA-Z_:][\w:]*)
    |(?P<operator>=~|!~|!=|==|=)
    |(?P<other>\S)""",
    re.VERBOSE | re.DOTALL,
)
_MATCHES = ("=", "!=", "=~", "!~")


def selected_labels(expr: str) -> set[str]:
    """Names of the labels that an expression of PromQL selects series by."""
    tokens = [(str(found.lastgroup), found[0]) for found in _TOKEN.finditer(expr) if found.lastgroup != "comment"]
    triples = zip(tokens, tokens[1:], tokens[2:], strict=False)
    return {
        name.strip("\"'`")
        for (kind, name), (_, operator), (last, _) in triples
        if kind in ("name", "string") and operator in _MATCHES and last == "string" and not name.startswith("__")
    }


def labels_of_alert(files: Iterable[Mapping[str, Any]], alert: str) -> set[str]:
    """The labels that an alert selects by, itself and by the recorded series that it asks for.

    Args:
        files: parsed files of rules.
        alert: its name.
    """
    rules = [rule for file in files for group in _list(file, "groups") for rule in _list(group, "rules")]
    recorded: dict[str, list[str]] = {}
    for rule in rules:
        if "record" in rule:
            recorded.setdefault(str(rule["record"]), []).append(str(rule.get("expr", "")))
    waiting = [str(rule.get("expr", "")) for rule in rules if rule.get("alert") == alert]
    found: set[str] = set()
    seen: set[str] = set()
    while waiting:
        expr = waiting.pop()
        found |= selected_labels(expr)
        for name in _names(expr) & recorded.keys() - seen:
            seen.add(name)
            waiting += recorded[name]
    return found


def untold(selected: Collection[str], sent: Collection[str], added: Added) -> list[str]:
    """The labels of the rules about which nothing is known, in order.

    Args:
        selected: by the alert.
        sent: by the agent.
        added: by the scrape.
    """
    beside = set(selected) - set(sent) - added.labels.keys()
    return sorted(beside & set(ALWAYS) if added.complete else beside)


def scraped_labels(config: Mapping[str, Any], job: str) -> Added:
    """The labels that a job of Prometheus' own file adds to each series.

    A job that rewrites labels (`relabel_configs`, `metric_relabel_configs`) or finds its targets by itself tells only a
    part of them.

    Args:
        config: the parsed file.
        job: name of the job; empty where there is only one.

    Raises:
        ValueError: there is no such job, or it is not clear which one.
    """
    jobs = {str(one.get("job_name")): one for one in _list(config, "scrape_configs") if isinstance(one, Mapping)}
    if (not job and len(jobs) != 1) or (job and job not in jobs):
        raise ValueError(
            f"alerts.scrape_job must be one of its jobs ({', '.join(sorted(jobs)) or 'none'}), not {job!r}"
        )
    name, found = next((name, one) for name, one in jobs.items() if job in ("", name))
    if any(found.get(key) for key in ("relabel_configs", "metric_relabel_configs")):
        return Added()
    targets = [
        {"instance": str(target)} | {str(key): str(value) for key, value in (one.get("labels") or {}).items()}
        for one in _list(found, "static_configs")
        for target in _list(one, "targets")
    ]
    first = targets[0] if targets else {}
    common = {key: value for key, value in first.items() if all(one.get(key) == value for one in targets)}
    alike = bool(targets) and all(one.keys() - {"instance"} <= common.keys() for one in targets)
    by_itself = any(key.endswith("_sd_configs") and value for key, value in found.items())
    if by_itself:
        return Added({"job": name})
    return Added({"job": name} | common, complete=alike)


def _names(expr: str) -> set[str]:
    return {found[0] for found in _TOKEN.finditer(expr) if found.lastgroup == "name"}


def _list(part: Any, key: str) -> list[Any]:
    found = part.get(key) if isinstance(part, Mapping) else None
    return found if isinstance(found, list) else []
