"""Proxies of one Toxiproxy server, kept as they were ordered whatever the server does.

Three habits of the server shape this (all seen with 2.12.0):

* Removing a latency toxic whose clients have given up blocks up to 5 s per queued chunk and locks the control of every
  proxy. Deleting and creating the proxy takes milliseconds. So a fault is healed by recreating the proxy (*cut*);
  removing the toxic (*resume*) is for the experiments that want the stalled requests delivered.
* An upstream that does not answer at all blocks its accept loop; then nothing but a restart helps. So an upstream
  is checked first, and a locked server is restarted and given its proxies again.
* It says "enabled" and does not listen, or the other way round, when the port is taken. So both are looked at.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from pms_drill.errors import DrillError
from pms_drill.faults.probe import host_of
from pms_drill.faults.toxics import Toxic
from pms_drill.faults.toxiproxy_api import Api, ControlError, ControlLocked, ProxyState
from pms_drill.faults.toxiproxy_server import ToxiproxyServer, stable_port

_CONNECT_LIMIT_S = 1.0


def accepts(address: str, *, limit: float = _CONNECT_LIMIT_S) -> bool:
    """Whether somebody accepts connections at "host:port", or "[host]:port" for an address of IPv6.

    Raises:
        TimeoutError: neither accepted nor refused within `limit` seconds.
    """
    host, port = host_of(address)
    try:
        with socket.create_connection((host, port), timeout=limit):
            return True
    except TimeoutError:
        raise
    except OSError:
        return False


class Proxy:
    """One proxy: what was ordered (address, toxics, enabled) and the calls that make the server hold just that.

    Attributes:
        name: unique within the server.
        listen, upstream: "127.0.0.1:<port>".
    """

    def __init__(self, owner: Toxiproxy, name: str, listen: str, upstream: str) -> None:
        self.name = name
        self.listen = listen
        self.upstream = upstream
        self._owner = owner
        self._toxics: dict[str, Toxic] = {}
        self._enabled = True

    @property
    def reach(self) -> str:
        """Where it can be connected to from here; `listen`, unless the server runs in a container."""
        return self._owner.reach(self.listen)

    @property
    def toxics(self) -> list[Toxic]:
        """The toxics that were ordered, in their order of effect."""
        return list(self._toxics.values())

    def add(self, toxic: Toxic) -> None:
        """Add a toxic, compare what the server holds, and check that the server lives.

        Raises:
            ControlError: refused, or the server holds something else.
            ControlLocked: the server does not answer.
        """
        with self._owner.lock:
            self._owner.api.add(self.name, toxic)
            self._toxics[toxic.name] = toxic
            self._owner.check_alive()

    def update(self, toxic: Toxic) -> None:
        """Change the attributes of a toxic that is there; errors as in `add`."""
        with self._owner.lock:
            if toxic.name not in self._toxics:
                raise ControlError(f"{self.name} has no toxic {toxic.name}", where=self._owner.api.address)
            self._owner.api.update(self.name, toxic)
            self._toxics[toxic.name] = toxic
            self._owner.check_alive()

    def disable(self) -> None:
        """Stop listening and cut all connections; new ones are refused. Checked by connecting."""
        with self._owner.lock:
            self._owner.api.enable(self.name, False)
            self._enabled = False
            self._check_listening()

    def enable(self) -> None:
        """Listen again. Checked by connecting: the server may say so without doing it.

        Raises:
            ControlError: it is not listening.
        """
        with self._owner.lock:
            self._owner.api.enable(self.name, True)
            self._enabled = True
            self._check_listening()

    def cut(self, *toxics: str, listen: bool = False) -> None:
        """Heal: drop these toxics, and drop every connection with what it still held.

        The proxy is recreated; what else was ordered is put back: other toxics, and that it is disabled, unless
        `listen` says that it is to listen again. A locked server is restarted.

        Raises:
            DrillError: the server could not be brought back.
        """
        with self._owner.lock:
            for name in toxics:
                self._toxics.pop(name, None)
            self._enabled = self._enabled or listen
            self._owner.rescued(self.restore)

    def resume(self, *toxics: str) -> bool:
        """Heal by removing these toxics: requests that they stalled are delivered, though their client may be gone.

        Returns:
            True if they were delivered; False if the server was locked and had to be restarted, which cut them.
        """
        with self._owner.lock:
            for name in toxics:
                self._toxics.pop(name, None)
            try:
                for name in toxics:
                    self._owner.api.remove(self.name, name)
                    if name in self._owner.api.proxy(self.name).toxics:
                        raise ControlError(f"the toxic {name} is still there", where=self._owner.api.address)
                if not self._enabled:
                    self.enable()
            except ControlLocked:
                self._owner.restart()
                return False
            return True

    def restore(self) -> None:
        """Make the server hold this proxy as ordered, by deleting and creating it."""
        api = self._owner.api
        api.destroy(self.name)
        api.create(self.name, self.listen, self.upstream)
        for toxic in self._toxics.values():
            api.add(self.name, toxic)
        if not self._enabled:
            api.enable(self.name, False)
        self._check_listening()

    def deviations(self, state: ProxyState | None) -> list[str]:
        """How the server's state differs from a clean proxy: listening, with no toxic at all."""
        if state is None:
            return ["missing"]
        found = []
        if state.listen != self.listen or state.upstream != self.upstream:
            found.append(f"{state.listen} -> {state.upstream} instead of {self.listen} -> {self.upstream}")
        if not state.enabled:
            found.append("disabled")
        elif not accepts(self.reach):
            found.append("not listening")
        if state.toxics:
            found.append(f"toxics {', '.join(sorted(state.toxics))}")
        return found

    def forget_faults(self) -> None:
        """From now on a clean proxy is what is ordered."""
        self._toxics.clear()
        self._enabled = True

    def _check_listening(self) -> None:
        if accepts(self.reach) is not self._enabled:
            raise ControlError(
                f"{self.name} {'does not listen' if self._enabled else 'still listens'} although Toxiproxy says "
                f"{'enabled' if self._enabled else 'disabled'}",
                where=self.reach,
                todo="another program may hold the port",
            )


class Toxiproxy:
    """The proxies of one server. Use one server per worker: a locked one locks all of its proxies.

    Args:
        address: control address, "127.0.0.1:8474".
        restart: brings the server back at the same address, without proxies; None if we may not.
        note: told about restarts, for the journal.
    """

    def __init__(
        self,
        address: str,
        *,
        restart: Callable[[], None] | None = None,
        note: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self.api = Api(address)
        self.lock = threading.RLock()
        self._restart = restart
        self._note = note
        self._proxies: dict[str, Proxy] = {}

    def create(self, name: str, upstream: str, listen: str | None = None) -> Proxy:
        """Create a proxy on a free loopback port, or at `listen`.

        Raises:
            DrillError: the upstream does not accept connections (an unanswering one would lock the server), or the
                listen address is taken.
        """
        self.check_upstream(name, upstream)
        with self.lock:
            last_try = 1 if listen else 5
            for attempt in range(1, last_try + 1):
                proxy = Proxy(self, name, listen or f"127.0.0.1:{stable_port()}", upstream)
                try:
                    # The answer to a taken port is 500; only then another port is tried.
                    state = self.api.create(name, proxy.listen, upstream)
                except ControlError:
                    if attempt == last_try:
                        raise
                    continue
                proxy.listen = state.listen
                self._proxies[name] = proxy
                break
            return proxy

    def reach(self, listen: str) -> str:
        """Where a proxy that listens at `listen` can be connected to from here."""
        return listen

    def check_upstream(self, name: str, upstream: str) -> None:
        """Raise DrillError unless the upstream accepts connections."""
        try:
            reachable = accepts(upstream)
        except TimeoutError:
            reachable = False
        if not reachable:
            raise DrillError(
                f"the upstream of {name} accepts no connection", where=upstream, todo="start it before its proxy"
            )

    def proxy(self, name: str) -> Proxy:
        """A proxy that was created here.

        Raises:
            DrillError: there is none of that name.
        """
        try:
            return self._proxies[name]
        except KeyError:
            raise DrillError(f"there is no proxy {name!r}", where=self.api.address) from None

    def remove(self, name: str) -> None:
        """Delete a proxy that was created here; none of that name is fine, too."""
        with self.lock:
            if self._proxies.pop(name, None) is not None:
                self.rescued(lambda: self.api.destroy(name))

    def check_alive(self) -> None:
        """Raise ControlLocked unless the server answers."""
        self.api.version()

    def restart(self) -> None:
        """Restart the server and give it all proxies as they were ordered, other faults' toxics included.

        Raises:
            ControlLocked: we have no way to restart it.
        """
        with self.lock:
            if self._restart is None:
                raise ControlLocked(
                    "Toxiproxy is locked and not ours to restart", where=self.api.address, todo="restart it"
                )
            self._restart()
            for proxy in self._proxies.values():
                proxy.restore()
            self._note("toxiproxy was locked or gone: restarted")

    def rescued(self, action: Callable[[], None]) -> None:
        """Run a repeatable action; if the server is locked or gone, restart it, which restores every proxy."""
        try:
            action()
        except ControlLocked:
            self.restart()

    def ensure_clean(self) -> list[str]:
        """Make every proxy clean and delete strangers; for the start of an episode and the end of a run.

        Returns:
            What had to be mended, for people; empty if nothing.
        """
        with self.lock:
            mended: list[str] = []
            for proxy in self._proxies.values():
                proxy.forget_faults()

            def clean() -> None:
                found = self.api.proxies()
                for name in found.keys() - self._proxies.keys():
                    mended.append(f"{name}: a stranger, deleted")
                    self.api.destroy(name)
                for name, proxy in self._proxies.items():
                    deviations = proxy.deviations(found.get(name))
                    if deviations:
                        mended.append(f"{name}: {', '.join(deviations)}")
                        proxy.restore()

            try:
                clean()
            except ControlLocked:
                mended.append("the server was locked or gone: restarted")
                self.restart()
            return mended


class OwnToxiproxy(Toxiproxy):
    """A `Toxiproxy` with its server as a child process; a context manager."""

    def __init__(self, server: ToxiproxyServer, *, note: Callable[[str], None] = lambda _text: None) -> None:
        self.server = server
        super().__init__(server.address, restart=server.restart, note=note)

    def start(self) -> None:
        """Start the server; its address is known from then on."""
        self.server.start()
        self.api = Api(self.server.address)

    def stop(self) -> None:
        """End the server."""
        self.server.stop()

    def __enter__(self) -> Self:
        """Start the server."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server."""
        self.stop()
