"""What a stack may offer beyond the proxies: the agent's and the PMS's processes, and TLS."""

from __future__ import annotations

import ssl
from typing import Protocol


class Tls(Protocol):
    """The TLS front.

    Attributes:
        context: what a client must trust.
    """

    context: ssl.SSLContext

    def present(self, certificate: str) -> None:
        """Show this certificate in handshakes from now on."""
        ...


class Stoppable(Protocol):
    """Processes that can be stopped and let go on (SIGSTOP, SIGCONT)."""

    def pause(self) -> None:
        """Stop them. Raises DrillError when there are none."""
        ...

    def go_on(self) -> None:
        """Let them go on; safe to repeat."""
        ...


class AgentControl(Stoppable, Protocol):
    """The agent as a process with settings.

    Attributes:
        address: "host:port" where it listens.
        live_path: path of its liveness.
        upstream: base URL of the PMS that it has now.
    """

    address: str
    live_path: str

    @property
    def upstream(self) -> str:
        """See above."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...

    def start(self, upstream: str | None = None) -> None:
        """Start it again with its state; `upstream` gives it another base URL of the PMS for this start."""
        ...

    def step_clock(self, seconds: float) -> None:
        """Move its wall clock to `seconds` off the machine's; the monotonic clock stays. Raises DrillError."""
        ...
