"""What may be sent to a stack. Clients of agent and PMS hang their stack's gate into their HTTP client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import httpx

from pms_drill.checks.verdict import SkipReason
from pms_drill.profile import EndpointsPart
from pms_drill.report.skips import skip
from pms_drill.target import host_and_port

#: `event_hooks` of an httpx client.
Hooks = dict[str, list[Callable[..., Any]]]

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
#: QloApps' search for free rooms is a POST that changes nothing.
_PMS_SEARCH = "/api/hotel_ari"


class Gate(Protocol):
    """Decides about each request before it leaves.

    Attributes:
        writes: whether anything that changes something may leave.
    """

    writes: bool

    @property
    def hooks(self) -> Hooks:
        """For `httpx.Client(event_hooks=...)`."""
        ...


class OpenGate:
    """Everything may be sent: the stack is ours and ends with the run."""

    writes = True

    @property
    def hooks(self) -> Hooks:
        """None."""
        return {}


OPEN = OpenGate()


class ReadOnlyGate:
    """Only what is known to change nothing leaves: safe methods, and the two searches that are a POST.

    Anything else ends the test that wanted it as a typed skip, before a byte is sent.
    """

    writes = False

    def __init__(self, agent_url: str, endpoints: EndpointsPart, pms_url: str) -> None:
        self._searches = {_place(f"{agent_url.rstrip('/')}{endpoints.availability}")}
        if pms_url:
            self._searches.add(_place(f"{pms_url.rstrip('/')}{_PMS_SEARCH}"))

    @property
    def hooks(self) -> Hooks:
        """Look at each request."""
        return {"request": [self.look]}

    def look(self, request: httpx.Request) -> None:
        """Let it pass, or skip the running test.

        Raises:
            TypedSkip: it could change something.
        """
        if not self.permits(request.method, str(request.url)):
            skip(
                SkipReason.STACK_CANNOT,
                f"read-only: {request.method} {request.url.path} was not sent; --allow-writes=<host name> permits it",
            )

    def permits(self, method: str, url: str) -> bool:
        """Whether the request changes nothing."""
        return method in _READS or (method == "POST" and _place(url) in self._searches)


def _place(url: str) -> tuple[str, str]:
    return host_and_port(url), httpx.URL(url).path
