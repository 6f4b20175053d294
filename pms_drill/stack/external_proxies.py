"""Proxies that somebody else runs: looked at, used where that is safe, and left as they were found."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Literal

from pms_drill import clock
from pms_drill.errors import DrillError
from pms_drill.evidence.ledger import LedgerEntry
from pms_drill.faults.ahead import PREFIX, FaultsAhead, OwnFault, ProxyAs
from pms_drill.faults.probe import Came, Probe
from pms_drill.faults.toxics import Toxic
from pms_drill.faults.toxiproxy import Proxy, Toxiproxy, accepts
from pms_drill.faults.toxiproxy_api import ProxyState
from pms_drill.proxy.client import FaultProxyControl
from pms_drill.target import host_and_port

#: The proxy to use where a server has several.
NAME = "pms"
#: Clocks of two machines differ by more than this almost always; one machine's by nothing.
_SAME_CLOCK_S = 0.05


#: Hosts that mean every address of a machine, as Toxiproxy tells them.
_EVERYWHERE = ("", "0.0.0.0", "[::]", "::", "*")  # noqa: S104 - what is compared with, nothing is bound


class SharedProxy(Proxy):
    """A proxy that others made and may use: our toxics carry a mark, and what is theirs stays.

    Everything is written ahead. A heal recreates the proxy, which is quick where removing a toxic may lock the server;
    toxics of others are put back as they were found, and so is a proxy that they have disabled meanwhile.

    Args:
        ahead: gets each toxic, each disabling and each recreation before it happens.
        mark: what the names of this run's toxics begin with.
    """

    def __init__(self, owner: Toxiproxy, state: ProxyState, ahead: FaultsAhead, mark: str) -> None:
        super().__init__(owner, state.name, state.listen, state.upstream)
        self._ahead = ahead
        self._mark = mark
        self._numbers: dict[str, int] = {}
        self._disabled = 0
        self._others = state

    def add(self, toxic: Toxic) -> None:
        """Add a toxic under the run's name for it."""
        toxic = self._marked(toxic)
        self._numbers[toxic.name] = self._ahead.write(self._of_this("toxic", toxic.name))
        super().add(toxic)

    def update(self, toxic: Toxic) -> None:
        """Change a toxic of this run."""
        super().update(self._marked(toxic))

    def disable(self) -> None:
        """Stop listening."""
        self._disabled = self._disabled or self._ahead.write(self._of_this("disabled"))
        super().disable()

    def enable(self) -> None:
        """Listen again."""
        super().enable()
        self._enabled_again()

    def cut(self, *toxics: str, listen: bool = False) -> None:
        """Heal by recreating the proxy, without these toxics of this run."""
        names = [f"{self._mark}{name}" for name in toxics]
        super().cut(*names, listen=listen)
        self._gone(names)

    def resume(self, *toxics: str) -> bool:
        """Heal by removing these toxics of this run."""
        names = [f"{self._mark}{name}" for name in toxics]
        delivered = super().resume(*names)
        self._gone(names)
        return delivered

    def restore(self) -> None:
        """Make the server hold what was ordered here and what others have made there."""
        api = self._owner.api
        if (state := api.proxies().get(self.name)) is not None:
            theirs = {name: toxic for name, toxic in state.toxics.items() if not name.startswith(self._mark)}
            enabled = state.enabled or bool(self._disabled)
            self._others = ProxyState(self.name, self.listen, self.upstream, enabled, theirs)
        wanted = self._others
        as_it_was = ProxyAs(
            listen=wanted.listen, upstream=wanted.upstream, enabled=wanted.enabled, toxics=wanted.toxics
        )
        number = 0
        with suppress(DrillError):  # a list that cannot be written keeps no fault armed; its end tells
            number = self._ahead.write(self._of_this("recreated", wanted=as_it_was))
        api.recreate(wanted)
        for toxic in self.toxics:
            api.add(self.name, toxic)
        if wanted.enabled and not self._enabled:
            api.enable(self.name, False)
        if wanted.enabled:
            self._check_listening()
        if number:
            self._ahead.update(number, gone=True)
        if self._enabled:
            self._enabled_again()

    def make_clean(self) -> list[str]:
        """Take back what is left of this run; returns what that was."""
        state = self._owner.api.proxies().get(self.name)
        left = [name for name in (state.toxics if state else ()) if name.startswith(self._mark)]
        found = [f"toxic {name.removeprefix(self._mark)}" for name in left]
        found += ["missing"] if state is None else []
        found += ["disabled"] if state is not None and not state.enabled and self._disabled else []
        self.forget_faults()
        if found:
            self.restore()
        self._gone(list(self._numbers))
        return [f"{self.name}: {', '.join(found)}"] if found else []

    def others(self) -> list[str]:
        """What others do to it now."""
        state = self._owner.api.proxies().get(self.name)
        if state is None:
            return [f"the proxy {self.name} was deleted"]
        theirs = [f"toxic {name}" for name in sorted(state.toxics) if not name.startswith(self._mark)]
        return theirs + ([] if state.enabled or self._disabled else [f"the proxy {self.name} is disabled"])

    def _marked(self, toxic: Toxic) -> Toxic:
        return replace(toxic, name=f"{self._mark}{toxic.name}")

    def _of_this(
        self, what: Literal["toxic", "disabled", "recreated"], name: str = "", wanted: ProxyAs | None = None
    ) -> OwnFault:
        return OwnFault(what=what, control=self._owner.api.address, proxy=self.name, name=name, wanted=wanted)

    def _gone(self, names: list[str]) -> None:
        for name in names:
            if number := self._numbers.pop(name, 0):
                self._ahead.update(number, gone=True)

    def _enabled_again(self) -> None:
        if self._disabled:
            self._ahead.update(self._disabled, gone=True)
        self._disabled = 0


class AdoptedToxiproxy(Toxiproxy):
    """A server with proxies of others, of which exactly one is used. It is never restarted, and none is taken away.

    Args:
        url: control address, "http://127.0.0.1:8474".
        ahead, mark: see `SharedProxy`.
    """

    def __init__(self, url: str, ahead: FaultsAhead, mark: str) -> None:
        super().__init__(host_and_port(url))
        self._ahead = ahead
        self._mark = mark
        self._used: SharedProxy | None = None

    @property
    def used(self) -> SharedProxy:
        """The proxy that was adopted."""
        if self._used is None:
            raise DrillError("no proxy was adopted", where=self.api.address)
        return self._used

    def reach(self, listen: str) -> str:
        """Where a proxy can be connected to: one that listens everywhere at the host of the control address."""
        host, _, port = listen.rpartition(":")
        return f"{self.api.address.rpartition(':')[0]}:{port}" if host in _EVERYWHERE else listen

    def adopt(self) -> SharedProxy:
        """Take the one proxy that agents use: the only one, or the one named `pms`.

        Raises:
            DrillError: no such proxy, it is not clean (somebody else's fault is on it), or it cannot be reached at the
                address that it tells, so that no fault could be proved.
        """
        found = self.api.proxies()
        name = next(iter(found)) if len(found) == 1 else NAME
        if name not in found:
            raise DrillError(
                f"Toxiproxy has {len(found)} proxies and none is named {NAME!r}",
                where=f"{self.api.address}: {', '.join(sorted(found)) or 'no proxy'}",
                todo=f"name the one in front of the PMS {NAME!r}",
            )
        state = found[name]
        if state.toxics or not state.enabled:
            raise DrillError(
                f"the proxy {name} already has a fault that is not ours",
                where=f"{self.api.address}: {', '.join(sorted(state.toxics)) or 'disabled'}",
                todo=whose(state.toxics),
            )
        if not _reachable(self.reach(state.listen)):
            raise DrillError(
                f"the proxy {name} cannot be reached at the address that it listens on",
                where=f"{state.listen}, tried at {self.reach(state.listen)}",
                todo="let it listen on an address that this machine can connect to, or on all of them (0.0.0.0:PORT) "
                "of the host of --toxiproxy-url",
            )
        self._used = SharedProxy(self, state, self._ahead, self._mark)
        self._proxies[name] = self._used
        return self._used

    def ensure_clean(self) -> list[str]:
        """Take back what is left of this run at the adopted proxy; everything else is not ours."""
        with self.lock:
            return self.used.make_clean()


def whose(names: Iterable[str]) -> str:
    """What to do about faults that were found at the start."""
    if any(name.startswith(PREFIX) for name in names):
        return "a run of pms-drill made them: wait for its end, or if it was killed say `pms-drill heal` where it ran"
    return "remove it, or wait until whoever armed it has finished"


def same_clock(control: FaultProxyControl, token: str) -> str:
    """Why times in this ledger cannot be compared with ours; empty if they can.

    A probe that the fault proxy answers itself is sent, and its time of arrival looked up in the ledger.
    """
    health = control.health()
    address = f"{host_and_port(control.url).rpartition(':')[0]}:{health['port']}"
    before, position = clock.now(), int(health["seq"])
    try:
        seen = Probe().send(address, token)
    except OSError as error:
        return f"no probe reaches the fault proxy at {address}: {error}"
    if seen.came is not Came.ANSWERED:
        return f"no probe reaches the fault proxy at {address}: {seen}"
    after = clock.now()
    arrived = [entry.received for entry in control.ledger(position) if entry.probe]
    if not any(before - _SAME_CLOCK_S <= at <= after + _SAME_CLOCK_S for at in arrived):
        return "the fault proxy runs on another machine's clock"
    return ""


def strangers(entries: list[LedgerEntry], probe_path: str) -> list[LedgerEntry]:
    """Requests that somebody else caused while we asked for nothing; the agent's own probes do not count. Pure."""
    return [entry for entry in entries if not entry.probe and entry.path != probe_path]


def _reachable(address: str) -> bool:
    try:
        return accepts(address)
    except (TimeoutError, ValueError):
        return False
