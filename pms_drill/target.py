"""A system that runs already: addresses from the command line, secrets from the environment.

What the harness may do to it follows from what was given. Without `--allow-writes` nothing is changed there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, ConfigDict

from pms_drill.errors import DrillError

#: Variables for what must not stand on a command line, where every user of the machine can read it.
PMS_KEY = "PMS_DRILL_PMS_KEY"
CONTROL_TOKEN = "PMS_DRILL_CONTROL_TOKEN"  # noqa: S105 - the name of a variable
ADMIN_TOKEN = "PMS_DRILL_ADMIN_TOKEN"  # noqa: S105 - the name of a variable

#: What a stack can do or see. A stack that the harness starts has all of them.
Capability = Literal[
    "book", "faults", "ledger", "read-pms", "admin", "restart-agent", "kill-agent", "agent-log", "own-machine"
]


class Target(BaseModel):
    """What `--pms-stack external` is pointed at; all empty for a stack that the harness starts.

    Attributes:
        agent_url: base URL of the agent.
        pms_url: base URL of the PMS, for direct reads; its key stands in `PMS_DRILL_PMS_KEY`.
        toxiproxy_url: control address of the Toxiproxy that the agent's PMS calls cross.
        fault_proxy_url: control address of the HTTP fault proxy behind it; its token stands in
            `PMS_DRILL_CONTROL_TOKEN`.
        allow_writes: host name of the agent, typed a second time: permission to book, to inject faults and to reset.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    agent_url: str = ""
    pms_url: str = ""
    toxiproxy_url: str = ""
    fault_proxy_url: str = ""
    allow_writes: str = ""

    def words(self) -> list[str]:
        """The options that were given, for a command line."""
        return [f"{option}={value}" for option, value in self._given()]

    def capabilities(self, environment: Mapping[str, str] = os.environ) -> frozenset[Capability]:
        """What can be done there, judged by what was given; whether it answers is looked at elsewhere."""
        writes = bool(self.allow_writes)
        held: dict[Capability, bool] = {
            "book": writes,
            "faults": writes and bool(self.toxiproxy_url and self.fault_proxy_url),
            "ledger": bool(self.fault_proxy_url),
            "read-pms": bool(self.pms_url),
            "admin": writes and bool(environment.get(ADMIN_TOKEN)),
        }
        return frozenset(name for name, given in held.items() if given)

    def check(self, stack: str, environment: str) -> None:
        """Look at what was given, without sending anything.

        Args:
            stack: name of the stack.
            environment: of the profile: test, staging or production.

        Raises:
            DrillError: an address is none or carries a password, addresses do not go with the stack, or writes are
                not permitted as they were asked for.
        """
        if stack != "external":
            if given := self.words():
                raise DrillError(
                    "addresses of a system that runs already, for a stack that starts one of its own",
                    where=f"--pms-stack {stack} {' '.join(given)}",
                    todo="leave one of the two out, or use --pms-stack external",
                )
            return
        if not self.agent_url:
            raise DrillError(
                "the stack external needs an agent", where="--agent-url is not given", todo="give its address"
            )
        for option, value in self._given():
            if option != "--allow-writes":
                _address(option, value)
        self._check_writes(environment)

    def _check_writes(self, environment: str) -> None:
        if not self.allow_writes:
            return
        if environment == "production":
            raise DrillError(
                "writes are not allowed on a profile of production, whatever was typed",
                where=f'environment = "production" in the profile, --allow-writes={self.allow_writes}',
                todo="leave --allow-writes out: the run is then read-only",
            )
        host = urlsplit(self.agent_url).hostname or ""
        if self.allow_writes.lower() != host:
            raise DrillError(
                "--allow-writes names another host than --agent-url",
                where=f"--allow-writes={self.allow_writes} --agent-url={self.agent_url}",
                todo=f"if bookings and faults on {host} are really wanted, say --allow-writes={host}",
            )

    def _given(self) -> Iterator[tuple[str, str]]:
        for name, value in self.model_dump().items():
            if value:
                yield f"--{name.replace('_', '-')}", value


def host_and_port(url: str) -> str:
    """ "host:port" of a URL, with the port of its scheme if it names none; an address of IPv6 stands in brackets."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def _address(option: str, value: str) -> None:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        parts, usable = SplitResult("", "", "", "", ""), False
    if parts.username or parts.password:
        raise DrillError(
            f"{option} carries a name or a password; a command line can be read by others",
            where=f"{option}={parts.scheme}://...@{parts.hostname}",
            todo=f"give the bare address, and secrets by {PMS_KEY}, {CONTROL_TOKEN}, {ADMIN_TOKEN}",
        )
    if not usable or parts.query or parts.fragment:
        raise DrillError(
            f"{option} is no address", where=f"{option}={value}", todo="give it like http://host.example:8000"
        )
