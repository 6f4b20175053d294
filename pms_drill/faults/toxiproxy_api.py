"""Talks to the control address of a Toxiproxy server: with time limits, checked answers and a read-back.

toxiproxy-python does what it does well (create, add, list, destroy); this module gives it what it lacks. Its
address is a class attribute, so one process could use one server only; no call of it ends in finite time when the
server is locked; and an answer 503 passes as success. All of its calls go through `APIConsumer`, so that is the
one thing replaced here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import requests
import toxiproxy
import toxiproxy.proxy
import toxiproxy.server
from toxiproxy.api import APIConsumer
from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists

from pms_drill.errors import DrillError
from pms_drill.faults.toxics import Toxic

#: Longest time for one control call. Healthy calls take 1 ms; a locked server answers 503 after 25 s.
CONTROL_LIMIT_S = 2.0

_server: ContextVar[Api] = ContextVar("toxiproxy_server")


class ControlError(DrillError):
    """The server answered, and refused or did something else than it was told."""


class ControlLocked(DrillError):
    """The server does not answer in time, answers 503 or is gone: only a restart helps."""


class _AddressedConsumer(APIConsumer):  # type: ignore[misc]  # the library has no types
    """`APIConsumer` for the server of the current context instead of one per process."""

    @classmethod
    def get(cls, url: str, params: Any = None, **kwargs: Any) -> requests.Response:
        return _server.get().call("GET", url, params=params, **kwargs)

    @classmethod
    def delete(cls, url: str, **kwargs: Any) -> requests.Response:
        return _server.get().call("DELETE", url, **kwargs)

    @classmethod
    def post(cls, url: str, data: Any = None, json: Any = None, **kwargs: Any) -> requests.Response:
        return _server.get().call("POST", url, data=data, json=json, **kwargs)


toxiproxy.proxy.APIConsumer = _AddressedConsumer
toxiproxy.server.APIConsumer = _AddressedConsumer


@dataclass(frozen=True)
class ProxyState:
    """What the server says about one proxy: addresses as "host:port", names of toxics -> their settings."""

    name: str
    listen: str
    upstream: str
    enabled: bool
    toxics: dict[str, dict[str, Any]]


class Api:
    """Control calls to one server. Safe with several servers in a process and from several threads.

    Args:
        address: "127.0.0.1:8474".
        limit: seconds for one call.
    """

    def __init__(self, address: str, *, limit: float = CONTROL_LIMIT_S) -> None:
        self.address = address
        self._limit = limit
        self._library = toxiproxy.Toxiproxy()

    def call(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """One HTTP call.

        Raises:
            ControlLocked: no answer in time, or 503, which is its answer when a lock is held for 25 s.
            ControlError: any other 4xx or 5xx, such as 500 for a listen address that is taken.
        """
        task = f"{method} {path}"
        try:
            with requests.Session() as session:
                session.trust_env = False  # a proxy of the environment must not get loopback calls
                answer = session.request(method, f"http://{self.address}{path}", timeout=self._limit, **kwargs)
        except requests.RequestException as error:
            raise ControlLocked(
                f"Toxiproxy gave no answer to {task} in {self._limit:g} s",
                where=self.address,
                todo="the harness restarts it when a fault is healed; elsewhere: pms-drill heal",
                detail=str(error),
            ) from error
        if answer.status_code == requests.codes.service_unavailable:
            raise ControlLocked(
                f"Toxiproxy is locked: it answered 503 to {task}",
                where=self.address,
                todo="the harness restarts it when a fault is healed; elsewhere: pms-drill heal",
                detail=answer.text[:500],
            )
        if answer.status_code >= 400:
            raise ControlError(
                f"Toxiproxy refused {task} with {answer.status_code}",
                where=self.address,
                todo="see its reason below",
                detail=answer.text[:500],
            )
        return answer

    @contextlib.contextmanager
    def _as_current(self) -> Iterator[None]:
        token = _server.set(self)
        try:
            yield
        except (InvalidToxic, NotFound, ProxyExists, KeyError) as error:  # the library's own checks
            raise ControlError(f"{type(error).__name__}: {error}", where=self.address) from error
        finally:
            _server.reset(token)

    def version(self) -> str:
        """Version of the server; also the check that it lives."""
        return str(self.call("GET", "/version").json()["version"])

    def proxies(self) -> dict[str, ProxyState]:
        """All proxies by name, with their toxics, in one call."""
        listing = self.call("GET", "/proxies").json()
        return {name: self._state(values) for name, values in listing.items()}

    def proxy(self, name: str) -> ProxyState:
        """One proxy with its toxics."""
        return self._state(self.call("GET", f"/proxies/{name}").json())

    @staticmethod
    def _state(values: dict[str, Any]) -> ProxyState:
        toxics = {toxic["name"]: toxic for toxic in values.get("toxics") or []}
        return ProxyState(values["name"], values["listen"], values["upstream"], values["enabled"], toxics)

    def create(self, name: str, listen: str, upstream: str) -> ProxyState:
        """Create an enabled proxy and read it back."""
        with self._as_current():
            self._library.create(upstream=upstream, name=name, listen=listen, enabled=True)
        state = self.proxy(name)
        if not state.enabled or state.upstream != upstream:
            raise ControlError(f"the new proxy {name} is not as ordered: {state}", where=self.address)
        return state

    def recreate(self, wanted: ProxyState) -> None:
        """Delete a proxy, if it is there, and create it as wanted: its connections are cut, its toxics as given."""
        self.destroy(wanted.name)
        self.create(wanted.name, wanted.listen, wanted.upstream)
        for toxic in wanted.toxics.values():
            self.call("POST", f"/proxies/{wanted.name}/toxics", json=toxic)
        if not wanted.enabled:
            self.enable(wanted.name, False)

    def destroy(self, name: str) -> None:
        """Delete a proxy; its connections are cut and what they held is dropped. No proxy is fine, too."""
        with self._as_current():
            try:
                found = self._library.get_proxy(name)
                if found is not None:
                    self._library.destroy(found)
            except ControlError:
                if name in self.proxies():
                    raise

    def add(self, proxy: str, toxic: Toxic) -> None:
        """Add a toxic and compare what the server then holds with what was ordered.

        Raises:
            ControlError: refused, or the server holds something else (such as an attribute that it did not know).
        """
        with self._as_current():
            self._library.get_proxy(proxy).add_toxic(
                type=toxic.type,
                name=toxic.name,
                stream=str(toxic.stream),
                toxicity=1.0,
                attributes=toxic.attributes,
            )
        self._compare(proxy, toxic)

    def update(self, proxy: str, toxic: Toxic) -> None:
        """Change the attributes of a toxic of the same name and direction; compared like `add`."""
        # The library has no update. The server ignores a changed stream, which the comparison finds.
        self.call(
            "POST", f"/proxies/{proxy}/toxics/{toxic.name}", json={"toxicity": 1.0, "attributes": toxic.attributes}
        )
        self._compare(proxy, toxic)

    def remove(self, proxy: str, toxic: str) -> None:
        """Delete a toxic; what it held back is delivered. It can lock the server after a latency: see `Proxy`."""
        with self._as_current():
            self._library.get_proxy(proxy).destroy_toxic(toxic)

    def enable(self, proxy: str, enabled: bool) -> None:
        """Switch listening on or off and read it back."""
        with self._as_current():
            found = self._library.get_proxy(proxy)
            if enabled:
                found.enable()
            else:
                found.disable()
        if self.proxy(proxy).enabled is not enabled:
            raise ControlError(f"{proxy} is not {'enabled' if enabled else 'disabled'}", where=self.address)

    def _compare(self, proxy: str, toxic: Toxic) -> None:
        held = self.proxy(proxy).toxics.get(toxic.name)
        ordered = {
            "name": toxic.name,
            "type": toxic.type,
            "stream": str(toxic.stream),
            "toxicity": 1,
            "attributes": toxic.attributes,
        }
        if held != ordered:
            raise ControlError(
                f"Toxiproxy holds another toxic on {proxy} than was ordered",
                where=self.address,
                todo="check its version and the names of the attributes",
                detail=f"ordered: {ordered}\nheld:    {held}",
            )
