"""Ways to make a fault below HTTP: toxics, listeners, certificates, processes, the clock."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass, field
from typing import TypeVar

from pms_drill import clock
from pms_drill.errors import DrillError
from pms_drill.faults.controls import AgentControl, LogReader, Stoppable, Tls
from pms_drill.faults.lifecycle import Heal, Place
from pms_drill.faults.probe import host_of
from pms_drill.faults.toxics import Toxic

T = TypeVar("T")

#: Connections that fill the queue of `listen(0)`; Linux takes one more than its length.
_FILLING = 4


@dataclass(frozen=True)
class Toxics:
    """Adds toxics to the agent's proxy; they act on connections that exist, too.

    Attributes:
        fresh: cut existing connections first, for a fault that is about making them.
    """

    toxics: tuple[Toxic, ...]
    fresh: bool = False

    def arm(self, place: Place) -> None:
        """Add each one, read back."""
        for toxic in self.toxics:
            place.proxy.add(toxic)
        if self.fresh:
            place.proxy.cut()

    def heal(self, place: Place, mode: Heal) -> str:
        """Recreate the proxy, or remove the toxics so that stalled requests go on; other faults stay as they are."""
        names = [toxic.name for toxic in self.toxics]
        if mode is Heal.RESUME:
            return "resumed" if place.proxy.resume(*names) else "server restarted instead: stalled requests were cut"
        place.proxy.cut(*names)
        return "proxy recreated"


@dataclass(frozen=True)
class Disabled:
    """Closes the listener: connections are refused, as with a PMS that is down."""

    def arm(self, place: Place) -> None:
        """Disable the agent's proxy, verified by connecting."""
        place.proxy.disable()

    def heal(self, place: Place, mode: Heal) -> str:  # noqa: ARG002
        """Recreate the proxy; nothing is stalled by this fault, so both modes are the same."""
        place.proxy.cut(listen=True)
        return "proxy recreated"


@dataclass(frozen=True)
class Backlog:
    """Puts a listener that never accepts in the place of the proxy's, with its queue filled. Linux only."""

    _held: list[socket.socket] = field(default_factory=list, compare=False)

    def arm(self, place: Place) -> None:
        """Close the proxy's listener and take its port."""
        place.proxy.disable()
        address = host_of(place.proxy.reach)
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        self._held.append(listener)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(0)
        except OSError as error:
            raise DrillError(f"the port could not be taken over: {error.strerror}", where=place.proxy.reach) from error
        for _ in range(_FILLING):
            filler = socket.socket(family, socket.SOCK_STREAM)
            self._held.append(filler)
            filler.setblocking(False)
            filler.connect_ex(address)

    def heal(self, place: Place, mode: Heal) -> str:  # noqa: ARG002
        """Give the port back to the proxy; both modes are the same."""
        while self._held:
            with contextlib.suppress(OSError):
                self._held.pop().close()
        place.proxy.cut(listen=True)
        return "listener closed, proxy recreated"


@dataclass(frozen=True)
class Certificate:
    """Makes the TLS front show another certificate, and cuts connections that were made with the good one.

    Attributes:
        which: name of a certificate of the front.
    """

    which: str

    def arm(self, place: Place) -> None:
        """Show it from now on."""
        _tls(place).present(self.which)
        place.proxy.cut()

    def heal(self, place: Place, mode: Heal) -> str:  # noqa: ARG002
        """Show the good one again; nothing is stalled, so both modes are the same."""
        _tls(place).present("good")
        place.proxy.cut()
        return "good certificate, connections cut"


@dataclass(frozen=True)
class NoAddress:
    """Restarts the agent with a base URL whose host has no address. `host`: the name."""

    host: str

    def arm(self, place: Place) -> None:
        """Restart it with the name."""
        agent = _agent(place)
        agent.kill()
        agent.start(upstream=f"http://{self.host}:80")

    def heal(self, place: Place, mode: Heal) -> str:  # noqa: ARG002
        """Restart it with its own base URL."""
        agent = _agent(place)
        agent.kill()
        agent.start()
        return "agent restarted with its own address of the PMS"


@dataclass(frozen=True)
class PmsPaused:
    """Stops the PMS's processes."""

    def arm(self, place: Place) -> None:
        """Stop them."""
        _pms(place).pause()

    def heal(self, place: Place, mode: Heal) -> str:  # noqa: ARG002
        """Let them go on. What waits in their sockets is carried out: there is no cut for that."""
        _pms(place).go_on()
        return "processes go on, with what waited for them"


@dataclass(frozen=True)
class AgentPaused:
    """Stops the agent's process."""

    def arm(self, place: Place) -> None:
        """Stop it."""
        _agent(place).pause()

    def heal(self, place: Place, mode: Heal) -> str:  # noqa: ARG002
        """Let it go on."""
        _agent(place).go_on()
        return "process goes on"


@dataclass(frozen=True)
class AgentKilled:
    """Kills the agent."""

    def arm(self, place: Place) -> None:
        """Kill it."""
        _agent(place).kill()

    def heal(self, place: Place, mode: Heal) -> str:  # noqa: ARG002
        """Start it again with its state."""
        agent = _agent(place)
        agent.kill()
        agent.start()
        return "agent started with its state"


@dataclass(frozen=True)
class AgentTerminated:
    """Asks the agent to end, as a deploy does.

    Attributes:
        grace: seconds that it gets to answer those who wait.
    """

    grace: float

    def arm(self, place: Place) -> None:
        """Ask it."""
        _agent(place).terminate()

    def heal(self, place: Place, mode: Heal) -> str:  # noqa: ARG002
        """Start it again with its state, when it has ended or its time is over."""
        agent = _agent(place)
        ended = agent.wait_until_ended(self.grace)
        agent.kill()
        agent.start()
        return "agent started with its state" if ended else f"agent killed after {self.grace:g} s, and started again"


@dataclass(frozen=True)
class DiskFull:
    """Keeps the agent from writing to any file."""

    def arm(self, place: Place) -> None:
        """Keep it."""
        _agent(place).fill_disk()

    def heal(self, place: Place, mode: Heal) -> str:  # noqa: ARG002
        """Let it write again."""
        _agent(place).free_disk()
        return "the agent may write again"


@dataclass(frozen=True)
class LogReaderGone:
    """Ends the reader of the agent's output."""

    def arm(self, place: Place) -> None:
        """End it."""
        _log_reader(place).take_away()

    def heal(self, place: Place, mode: Heal) -> str:  # noqa: ARG002
        """Start another one."""
        _log_reader(place).put_back()
        return "the agent's output is read again"


@dataclass(frozen=True)
class LogReaderHangs:
    """Stops the reader of the agent's output, with no room left in the pipe."""

    def arm(self, place: Place) -> None:
        """Stop it, and fill the pipe."""
        _log_reader(place).stop_reading()

    def heal(self, place: Place, mode: Heal) -> str:  # noqa: ARG002
        """Let it go on."""
        _log_reader(place).put_back()
        return "the agent's output is read again"


@dataclass(frozen=True)
class Midnight:
    """Puts the agent's wall clock to `ahead` seconds before the end of the day at the hotel, where it goes on."""

    ahead: float

    def arm(self, place: Place) -> None:
        """Step it."""
        agent = _agent(place)
        agent.step_clock(clock.until_midnight(agent.timezone) - self.ahead)

    def heal(self, place: Place, mode: Heal) -> str:  # noqa: ARG002
        """Step it back to the right time."""
        _agent(place).step_clock(0.0)
        return "clock right again"


@dataclass(frozen=True)
class ClockStep:
    """Puts the agent's wall clock off by `seconds`."""

    seconds: float

    def arm(self, place: Place) -> None:
        """Step it."""
        _agent(place).step_clock(self.seconds)

    def heal(self, place: Place, mode: Heal) -> str:  # noqa: ARG002
        """Step it back."""
        _agent(place).step_clock(0.0)
        return "clock right again"


def _tls(place: Place) -> Tls:
    return _there(place.tls, "the agent does not speak https to the PMS here")


def _agent(place: Place) -> AgentControl:
    return _there(place.agent, "this stack cannot stop or restart the agent")


def _log_reader(place: Place) -> LogReader:
    return _there(_agent(place).log_reader, "the agent's output has no reader here that could be taken away")


def _pms(place: Place) -> Stoppable:
    return _there(place.pms_process, "the PMS's processes are not ours to stop")


def _there(control: T | None, otherwise: str) -> T:
    if control is None:
        raise DrillError(otherwise, todo="use a stack that offers it; docs/faults.md says which")
    return control
