"""A stack as a load run sees it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import httpx

from pms_drill.faults.catalogue import connection_refused
from pms_drill.faults.lifecycle import injected
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

    def outage(self) -> AbstractContextManager[object]:
        """The PMS refuses connections, armed and proved, healed and proved."""
        return injected(connection_refused(), self._stack.place)
