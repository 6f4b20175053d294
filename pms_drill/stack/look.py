"""Looks at what was given for the stack external, without changing anything: what answers, and what it says."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import httpx

from pms_drill.errors import DrillError
from pms_drill.faults.toxiproxy_api import Api
from pms_drill.profile import Profile
from pms_drill.proxy.client import FaultProxyControl
from pms_drill.stack.external_bookings import newest_order
from pms_drill.target import CONTROL_TOKEN, PMS_KEY, Target, host_and_port

_PATIENCE_S = 5.0


class State(StrEnum):
    """What a look found. Only BROKEN is in the way; what is missing or was not given only makes less possible."""

    OK = "ok"
    NOT_GIVEN = "not given"
    MISSING = "missing"
    BROKEN = "broken"


@dataclass(frozen=True)
class Found:
    """The result of one look.

    Attributes:
        what: "agent", "metrics", "PMS".
        tells: what was seen, for people.
        todo: what mends it; for what was not given, what giving it would bring.
    """

    what: str
    state: State
    tells: str
    todo: str = ""
    where: str = ""

    def demand(self) -> None:
        """Raise DrillError if it is broken. What was not given may be missing."""
        if self.state is State.BROKEN:
            raise DrillError(self.tells, where=self.where, todo=self.todo)


def look_at(target: Target, profile: Profile, environment: Mapping[str, str] = os.environ) -> Iterator[Found]:
    """Agent, metrics, readiness, PMS, Toxiproxy, fault proxy, in this order; each is looked at when it is asked for."""
    agent = target.agent_url.rstrip("/")
    ends = profile.endpoints
    yield _agent(agent)
    yield _page("metrics", f"{agent}{ends.metrics}", holds=profile.metrics.state)
    yield _page("readiness", f"{agent}{ends.ready}")
    yield _pms(target, environment)
    yield _toxiproxy(target)
    yield _fault_proxy(target, environment)


def _agent(url: str) -> Found:
    try:
        answer = httpx.get(url, timeout=_PATIENCE_S, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        tells = f"the agent cannot be reached: {type(error).__name__}: {error}"
        return Found("agent", State.BROKEN, tells, "start it, or correct --agent-url", url)
    return Found("agent", State.OK, f"answers {answer.status_code}", where=url)


def _page(what: str, url: str, *, holds: str = "") -> Found:
    todo = f"correct [endpoints] in the profile, or make the agent serve its {what}"
    try:
        answer = httpx.get(url, timeout=_PATIENCE_S, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Found(what, State.BROKEN, f"the agent's {what} cannot be read: {type(error).__name__}", todo, url)
    if answer.status_code != 200:
        return Found(what, State.BROKEN, f"the agent's {what} answers {answer.status_code}", todo, url)
    if holds not in answer.text:
        todo = "correct [metrics] in the profile"
        return Found(what, State.BROKEN, f"the agent's {what} has no {holds}", todo, url)
    return Found(what, State.OK, f"answers 200{f' and has {holds}' if holds else ''}", where=url)


def _pms(target: Target, environment: Mapping[str, str]) -> Found:
    if not target.pms_url:
        return Found("PMS", State.NOT_GIVEN, "--pms-url", f"give it, and its key in {PMS_KEY}: the PMS is then read")
    key = environment.get(PMS_KEY, "")
    if not key:
        return Found("PMS", State.BROKEN, f"--pms-url was given and {PMS_KEY} is not set", "set it", target.pms_url)
    try:
        with httpx.Client(
            base_url=target.pms_url.rstrip("/"), auth=(key, ""), timeout=_PATIENCE_S, trust_env=False
        ) as pms:
            newest = newest_order(pms)
    except DrillError as error:
        return Found("PMS", State.BROKEN, error.what, error.todo, error.where)
    return Found("PMS", State.OK, f"can be read; its newest order is {newest}", where=target.pms_url)


def _toxiproxy(target: Target) -> Found:
    if not target.toxiproxy_url:
        return Found("Toxiproxy", State.NOT_GIVEN, "--toxiproxy-url", "give it: faults of the network become possible")
    try:
        api = Api(host_and_port(target.toxiproxy_url))
        names = ", ".join(sorted(api.proxies())) or "none"
        tells = f"version {api.version()}, proxies: {names}"
    except (DrillError, ValueError) as error:
        tells = f"Toxiproxy does not answer: {getattr(error, 'what', error)}"
        return Found("Toxiproxy", State.BROKEN, tells, "start it, or correct --toxiproxy-url", target.toxiproxy_url)
    return Found("Toxiproxy", State.OK, tells, where=target.toxiproxy_url)


def _fault_proxy(target: Target, environment: Mapping[str, str]) -> Found:
    if not target.fault_proxy_url:
        todo = f"give it, and its token in {CONTROL_TOKEN}: requests at the PMS are then seen"
        return Found("fault proxy", State.NOT_GIVEN, "--fault-proxy-url", todo)
    try:
        with FaultProxyControl(target.fault_proxy_url, environment.get(CONTROL_TOKEN, ""), patience=_PATIENCE_S) as way:
            health = way.health()
            tells = f"in front of {health['upstream']}, {health['seq']} requests so far"
    except (DrillError, KeyError) as error:
        tells = f"the fault proxy cannot be used: {getattr(error, 'what', error)}"
        todo = f"start it, correct --fault-proxy-url, or set {CONTROL_TOKEN}"
        return Found("fault proxy", State.BROKEN, tells, todo, target.fault_proxy_url)
    return Found("fault proxy", State.OK, tells, where=target.fault_proxy_url)
