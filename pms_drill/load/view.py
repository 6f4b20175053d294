"""A stack as a load run sees it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import httpx

from pms_drill.contract.qloapps import QloApps
from pms_drill.episodes.admin import Admin
from pms_drill.episodes.guests import GuestBook
from pms_drill.faults.catalogue import connection_refused, hang
from pms_drill.faults.lifecycle import injected
from pms_drill.load.direct import DirectTarget
from pms_drill.load.plan import Strike
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack


class StackUnderLoad:
    """What `run_load` needs of a stack."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    @property
    def agent_url(self) -> str:
        """The agent's address without a path."""
        return self._stack.addresses.agent

    @property
    def profile(self) -> Profile:
        """The agent's profile."""
        return self._stack.profile

    def scrape(self) -> str:
        """The agent's metrics as text; raises when they cannot be read."""
        url = f"{self.agent_url}{self.profile.endpoints.metrics}"
        return httpx.get(url, timeout=5.0, trust_env=False).raise_for_status().text

    def control(self) -> Callable[[], object] | None:
        """Asks the control listener of our own fault proxy, which has nothing to do but to answer."""
        return self._stack.place.fault_proxy.rules

    def outage(self, strike: Strike) -> AbstractContextManager[object]:
        """The PMS refuses connections or hangs, armed and proved, healed and proved."""
        return injected(connection_refused() if strike.kind == "refused" else hang(), self._stack.place)

    def reset(self) -> None:
        """An operator resets the breaker, now that the PMS is back; whether it closed is for the scrapes to say."""
        Admin(self._stack).reset(self._stack.admin_token)

    def pms(self) -> DirectTarget:
        """The PMS itself, with the harness's own key, past all proxies."""
        return DirectTarget(self._stack.addresses.pms, self._stack.pms_key)

    def currency(self) -> str:
        """In which the hotel sells, asked for the day after tomorrow."""
        stack = self._stack
        client = QloApps(stack.addresses.pms, stack.pms_key, hooks=stack.gate.hooks)
        try:
            return client.currency(GuestBook(1, "load", pms=stack.profile.pms).guest())
        finally:
            client.close()
