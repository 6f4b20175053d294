"""The agent's admin route: the reset of the breaker by hand (runbook, "Quick Mitigation")."""

from __future__ import annotations

import httpx

from pms_drill.evidence.reset import Told
from pms_drill.stack.base import Stack


class Admin:
    """An operator with a token, or without."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def grants(self, http: httpx.Client, token: str) -> bool:
        """Ask for a reset on a connection that is there already, and say whether it was granted; no gauge is read.

        Raises:
            httpx.HTTPError: no answer of the agent.
        """
        answer = http.post(self._stack.profile.endpoints.reset, headers={"Authorization": f"Bearer {token}"})
        self._stack.journal.note("step", "reset", f"answered {answer.status_code}")
        return answer.status_code == httpx.codes.OK

    def reset(self, token: str | None) -> Told:
        """Ask for a reset and read the gauge right after it.

        Raises:
            httpx.HTTPError: no answer of the agent.
        """
        stack = self._stack
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = httpx.post(
            f"{stack.addresses.agent}{stack.profile.endpoints.reset}", headers=headers, timeout=5.0, trust_env=False
        )
        stack.journal.note("step", "reset", f"answered {answer.status_code}")
        try:
            body = answer.json()
        except ValueError:
            body = {}
        state = body.get("state", "") if isinstance(body, dict) else ""
        gauge = stack.scrape().value(stack.profile.metrics.state, service="pms")
        return Told(answer.status_code, str(state), gauge, answer.headers.get("Content-Type", ""), answer.text)
