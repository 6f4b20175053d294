"""The runbook's commands as they work here: with the addresses of this machine, quoted so that they run.

The runbook's own lines for PromQL with brackets end in "bad range in URL" before anything is sent, so that here
they are given with `--data-urlencode`. Secrets are read from files by curl itself, so that they stand in no terminal,
no history and no list of processes.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pms_drill.evidence.history import Guest
from pms_drill.profile import Profile


@dataclass(frozen=True)
class Here:
    """Where everything is.

    Attributes:
        agent, upstream: base URLs of the agent, and of the PMS as the agent reaches it.
        prometheus: base URL; empty if there is none.
        log: the agent's log.
        token_file, key_file: what curl reads (`--config`) to send the admin token and the PMS's key.
        guest: for the validation.
    """

    agent: str
    upstream: str
    prometheus: str
    log: Path
    token_file: Path
    key_file: Path
    guest: Guest


@dataclass(frozen=True)
class Command:
    """A line for the shell, and the runbook's section that it is from."""

    section: str
    line: str


def commands(here: Here, profile: Profile, grep: str) -> list[Command]:
    """In the order of the runbook.

    Args:
        grep: the runbook's pattern for this cause, an extended regular expression.
    """
    return [*_detection(here, profile), *_investigation(here, profile, grep), *_mitigation(here, profile)]


def _detection(here: Here, profile: Profile) -> Iterator[Command]:
    names = profile.metrics
    yield Command("1. Verify PMS Status", f"curl -s {here.agent}{profile.endpoints.metrics} | grep ^{names.state}")
    if here.prometheus:
        for query in (names.state, f'rate({names.calls}{{status="error"}}[5m])', f"{names.latency}_sum"):
            yield Command("1. Verify PMS Status", _query(here.prometheus, query))
    yield Command("1. Verify PMS Status", f"curl -s {here.agent}{profile.endpoints.ready}")
    yield Command("1. Verify PMS Status", f"grep PMS {shlex.quote(str(here.log))} | tail -5")


def _investigation(here: Here, profile: Profile, grep: str) -> Iterator[Command]:
    insensitive, pattern = ("i", grep.removeprefix("(?i)")) if grep.startswith("(?i)") else ("", grep)
    log = shlex.quote(str(here.log))
    yield Command("Check Common Causes", f"grep -{insensitive}E {shlex.quote(pattern)} {log} | tail -20")
    key = f"-K {shlex.quote(str(here.key_file))}"
    hotels = shlex.quote(f"{here.upstream}{profile.pms.probe_path}?output_format=JSON")
    yield Command("Check Common Causes", f"curl -si --max-time 30 {key} {hotels} | head -20")


def _mitigation(here: Here, profile: Profile) -> Iterator[Command]:
    token = f"-K {shlex.quote(str(here.token_file))}"
    yield Command("3. Reset Circuit Breaker", f"curl -s -X POST {token} {here.agent}{profile.endpoints.reset}")
    for path, body in (
        (profile.endpoints.availability, here.guest.availability()),
        (profile.endpoints.reservations, here.guest.reservation()),
    ):
        data = shlex.quote(json.dumps(body))
        yield Command("Validation", f"curl -s -H 'Content-Type: application/json' -d {data} {here.agent}{path}")


def _query(prometheus: str, query: str) -> str:
    return f"curl -sG {prometheus}/api/v1/query --data-urlencode {shlex.quote(f'query={query}')}"


def curl_config(option: str, value: str) -> str:
    """A line of a file for `curl --config`: an option with a value that may hold anything but a line's end."""
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{option} = "{quoted}"\n'
