"""A client of the agent's API for tests: it sends what it is told to, and judges nothing."""

from __future__ import annotations

from typing import Any

import httpx

from pms_drill.evidence import canaries
from pms_drill.profile import EndpointsPart
from pms_drill.stack.gate import Hooks


class Agent:
    """Speaks to the agent as guests, staff and monitoring do.

    Args:
        base_url: of the agent.
        endpoints: its paths.
        patience: seconds after which a caller gives up.
        hooks: of the stack's gate.
    """

    def __init__(self, base_url: str, endpoints: EndpointsPart, patience: float, hooks: Hooks | None = None) -> None:
        self._paths = endpoints
        both = canaries.hooks(hooks)
        self._http = httpx.Client(base_url=base_url, timeout=patience, trust_env=False, event_hooks=both)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ask(self, body: Any) -> httpx.Response:
        """Ask for availability."""
        return self._http.post(self._paths.availability, json=body)

    def reserve(self, body: Any, key: str = "") -> httpx.Response:
        """Ask for a reservation, with an idempotency key if one is given."""
        return self._http.post(self._paths.reservations, json=body, headers={"Idempotency-Key": key} if key else {})

    def send(self, operation: str, content: bytes, content_type: str = "application/json") -> httpx.Response:
        """Post raw bytes to "availability" or "reservations"."""
        return self._http.post(getattr(self._paths, operation), content=content, headers={"Content-Type": content_type})

    def reservation(self, reservation_id: str) -> httpx.Response:
        """Read a reservation."""
        return self._http.get(f"{self._paths.reservations}/{reservation_id}")

    def follow(self, answer: httpx.Response) -> httpx.Response:
        """Read what the `Location` of an answer points to."""
        return self._http.get(answer.headers["Location"])

    def reset(self, authorization: str | None) -> httpx.Response:
        """Reset the breaker, with this `Authorization` or with none."""
        headers = {} if authorization is None else {"Authorization": authorization}
        return self._http.post(self._paths.reset, headers=headers)

    def ready(self) -> httpx.Response:
        """Ask for readiness."""
        return self._http.get(self._paths.ready)

    def live(self) -> httpx.Response:
        """Ask for liveness."""
        return self._http.get(self._paths.live)

    def metrics(self, accept: str = "*/*") -> httpx.Response:
        """Read the metrics, as text, with this `Accept` header."""
        return self._http.get(self._paths.metrics, headers={"Accept": accept})

    def description(self) -> httpx.Response:
        """Read the agent's own OpenAPI document."""
        return self._http.get(self._paths.openapi)

    def no_such_path(self) -> httpx.Response:
        """Ask for something that the agent does not have."""
        return self._http.get("/no/such/path")
