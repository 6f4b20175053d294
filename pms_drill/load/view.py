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
    """What `run_load` needs of a stack.

    Args:
        stand_in: the PMS is a twin.
    """

    def __init__(self, stack: Stack, *, stand_in: bool) -> None:
        self._stack = stack
        self._stand_in = stand_in

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

    def control(self) -> Callable[[], None] | None:
        """Asks the stand-in for the PMS directly for its hotels; None where the PMS is real."""
        return self._ask_for_hotels if self._stand_in else None

    def _ask_for_hotels(self) -> None:
        url = f"{self._stack.addresses.pms}{self.profile.pms.probe_path}"
        httpx.get(url, auth=(self._stack.pms_key, ""), timeout=5.0, trust_env=False).raise_for_status()

    def outage(self) -> AbstractContextManager[object]:
        """The PMS refuses connections, armed and proved, healed and proved."""
        return injected(connection_refused(), self._stack.place)
