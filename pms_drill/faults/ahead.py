"""Faults at proxies that are not ours, written down before they are made, and taken back when their run was killed.

The list lies beside the lease of the run. It has no secret in it: whoever takes rules back needs the control token.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from pms_drill.errors import DrillError
from pms_drill.evidence.write_ahead import Numbered, WriteAhead, last_of_each
from pms_drill.faults.toxiproxy_api import Api, ProxyState
from pms_drill.proxy.client import FaultProxyControl
from pms_drill.target import CONTROL_TOKEN

#: Rules and toxics of ours at proxies of others begin like this; then comes what only one run has.
PREFIX = "pms-drill-"


class ProxyAs(BaseModel):
    """How a proxy of Toxiproxy is to be: where it listens, and what of others acts on it."""

    listen: str
    upstream: str
    enabled: bool = True
    toxics: dict[str, dict[str, Any]] = {}


class OwnFault(Numbered):
    """One thing that a run does to a proxy of others.

    Attributes:
        what: a rule or a toxic is added; a proxy is "disabled"; or it is "recreated", and is missing for a moment.
        control: control URL of the fault proxy, or control address of Toxiproxy.
        name: of the rule or toxic.
        proxy: of Toxiproxy.
        wanted: how a recreated proxy is to be without anything of ours.
        gone: it was taken back.
    """

    what: Literal["rule", "toxic", "disabled", "recreated"]
    control: str
    name: str = ""
    proxy: str = ""
    wanted: ProxyAs | None = None
    gone: bool = False

    @property
    def may_stand(self) -> bool:
        """Whether it may still act."""
        return not self.gone


class FaultsAhead(WriteAhead[OwnFault]):
    """The list of one worker. `path`: its file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "list of faults at proxies of others")


@dataclass
class Mended:
    """What was taken back, and what could not be; one line each."""

    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def mend(path: Path, environment: Mapping[str, str] = os.environ) -> Mended:
    """Take back what a killed run left at proxies of others; its list is removed when nothing is left.

    Args:
        path: the list.
        environment: has the control token, if there are rules.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        return Mended(left=[f"the list of faults at proxies of others cannot be read: {error.strerror} ({path})"])
    standing = [fault for fault in last_of_each(lines, OwnFault) if fault.may_stand]
    mended = take_back(standing, environment.get(CONTROL_TOKEN, ""))
    if mended.left:
        mended.left.append(f"if that system is gone for good, remove {path}")
    else:
        path.unlink(missing_ok=True)
    return mended


def take_back(standing: list[OwnFault], token: str) -> Mended:
    """Remove rules and toxics by their names, and let proxies be as they were; nothing of others is touched."""
    mended = Mended()
    rules: dict[str, list[OwnFault]] = {}
    proxies: dict[tuple[str, str], list[OwnFault]] = {}
    for fault in standing:
        if fault.what == "rule":
            rules.setdefault(fault.control, []).append(fault)
        else:
            proxies.setdefault((fault.control, fault.proxy), []).append(fault)
    for url, ours in rules.items():
        _remove_rules(url, [fault.name for fault in ours], token, mended)
    for (address, name), ours in proxies.items():
        _mend_proxy(address, name, ours, mended)
    return mended


def _remove_rules(url: str, names: list[str], token: str, mended: Mended) -> None:
    if not token:
        mended.left.append(
            f"rules at the fault proxy {url} may still act; set {CONTROL_TOKEN} to its control token and heal again"
        )
        return
    try:
        with FaultProxyControl(url, token) as control:
            mended.done += [f"rule {name} at {url}" for name in names if control.remove_rule(name)]
    except DrillError as error:
        mended.left.append(f"rules at the fault proxy {url} may still act: {error.what}")


def _mend_proxy(address: str, name: str, ours: list[OwnFault], mended: Mended) -> None:
    api = Api(address)
    try:
        found = api.proxies().get(name)
        wanted = _without(found, ours, name)
        if wanted is None or wanted == found:
            return
        api.recreate(wanted)
        mended.done.append(f"proxy {name} of the Toxiproxy at {address}: {_difference(found, wanted)}")
    except DrillError as error:
        mended.left.append(f"the proxy {name} of the Toxiproxy at {address} may still have a fault: {error.what}")


def _without(found: ProxyState | None, ours: list[OwnFault], name: str) -> ProxyState | None:
    """The proxy as it would be without us; None if somebody else has deleted it. Pure."""
    recreated = next((fault.wanted for fault in reversed(ours) if fault.what == "recreated" and fault.wanted), None)
    if found is None:
        if recreated is None:
            return None
        return ProxyState(name, recreated.listen, recreated.upstream, recreated.enabled, recreated.toxics)
    names = {fault.name for fault in ours if fault.what == "toxic"}
    kept = {toxic: values for toxic, values in found.toxics.items() if toxic not in names}
    if recreated is not None:  # it was killed before it had put back what others had made
        kept = {**recreated.toxics, **kept}
    disabled = any(fault.what == "disabled" for fault in ours)
    enabled = found.enabled or disabled
    return ProxyState(name, found.listen, found.upstream, enabled, kept)


def _difference(found: ProxyState | None, wanted: ProxyState) -> str:
    if found is None:
        return f"created again at {wanted.listen}"
    words = [f"toxic {name} removed" for name in sorted(found.toxics.keys() - wanted.toxics.keys())]
    words += [f"toxic {name} put back" for name in sorted(wanted.toxics.keys() - found.toxics.keys())]
    return ", ".join(words + (["enabled"] if wanted.enabled and not found.enabled else []))
