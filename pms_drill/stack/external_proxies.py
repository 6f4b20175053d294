"""Proxies that somebody else runs: looked at, used where that is safe, and left as they were found."""

from __future__ import annotations

from urllib.parse import urlsplit

from pms_drill import clock
from pms_drill.errors import DrillError
from pms_drill.evidence.ledger import LedgerEntry
from pms_drill.faults.probe import Came, Probe
from pms_drill.faults.toxiproxy import Proxy, Toxiproxy, accepts
from pms_drill.proxy.client import FaultProxyControl
from pms_drill.target import host_and_port

#: The proxy to use where a server has several.
NAME = "pms"
#: Clocks of two machines differ by more than this almost always; one machine's by nothing.
_SAME_CLOCK_S = 0.05


class AdoptedToxiproxy(Toxiproxy):
    """A server with proxies of others, of which exactly one is used. It is never restarted, and no proxy is deleted.

    Args:
        url: control address, "http://127.0.0.1:8474".
    """

    def __init__(self, url: str) -> None:
        super().__init__(host_and_port(url))
        self.used = ""

    def adopt(self) -> Proxy:
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
                todo="remove it, or wait until whoever armed it has finished",
            )
        if not _reachable(state.listen):
            raise DrillError(
                f"the proxy {name} cannot be reached at the address that it listens on",
                where=state.listen,
                todo="let it listen on an address that this machine can connect to, such as 127.0.0.1:PORT",
            )
        self._proxies[name] = Proxy(self, name, state.listen, state.upstream)
        self.used = name
        return self._proxies[name]

    def ensure_clean(self) -> list[str]:
        """Make the adopted proxy clean; everything else is not ours."""
        with self.lock:
            proxy = self.proxy(self.used)
            proxy.forget_faults()
            deviations = proxy.deviations(self.api.proxies().get(proxy.name))
            if deviations:
                proxy.restore()
            return [f"{proxy.name}: {', '.join(deviations)}"] if deviations else []


def same_clock(control: FaultProxyControl, token: str) -> str:
    """Why times in this ledger cannot be compared with ours; empty if they can.

    A probe that the fault proxy answers itself is sent, and its time of arrival looked up in the ledger.
    """
    health = control.health()
    address = f"{urlsplit(control.url).hostname}:{health['port']}"
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
