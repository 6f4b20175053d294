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


class Endable(Stoppable, Protocol):
    """The agent's processes: asked to end, and kept from writing."""

    def terminate(self) -> None:
        """Ask it to end, as a deploy does (SIGTERM), and do not wait. Raises DrillError when it does not run."""
        ...

    def wait_until_ended(self, within: float) -> bool:
        """Wait for what was asked to end; false if it still runs after `within` seconds."""
        ...

    def fill_disk(self) -> None:
        """Let the kernel refuse it every write to a file from now on. Raises DrillError."""
        ...

    def free_disk(self) -> None:
        """Let it write again; safe to repeat."""
        ...

    @property
    def disk_is_full(self) -> bool:
        """Whether the kernel refuses it every write to a file."""
        ...


class LogReader(Protocol):
    """Whoever reads what the agent writes to its output."""

    def take_away(self) -> None:
        """Let nobody read: a write fails."""
        ...

    def stop_reading(self) -> None:
        """Let the reader hang, with no room left: a write waits. Raises DrillError when there is none."""
        ...

    def put_back(self) -> None:
        """Let it read again; safe to repeat. Raises DrillError."""
        ...

    @property
    def nobody_reads(self) -> bool:
        """Whether a write would fail."""
        ...

    @property
    def full(self) -> bool:
        """Whether a write would have to wait."""
        ...


class AgentControl(Endable, Protocol):
    """The agent as a process with settings.

    Attributes:
        address: "host:port" where it listens.
        live_path: path of its liveness.
        timezone: of the hotel, an IANA name: there it is decided when a day ends.
        upstream: base URL of the PMS that it has now.
        log_reader: of its output; None where it was not started with one.
    """

    address: str
    live_path: str
    timezone: str
    log_reader: LogReader | None

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
