"""Control of a running fault proxy, for the harness."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from pms_drill.errors import DrillError
from pms_drill.evidence.ledger import LedgerEntry
from pms_drill.proxy.rules import Stalled

#: Seconds for one call of the control listener, which answers in about a millisecond.
PATIENCE_S = 2.0


class FaultProxyControl:
    """Adds and removes rules, reads the ledger. Every method raises DrillError when the proxy refuses or is not there.

    Args:
        url: of the control listener, "http://127.0.0.1:4711".
        token: control token of the run.
    """

    def __init__(self, url: str, token: str, *, patience: float = PATIENCE_S) -> None:
        self.url = url
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=patience,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections to the control listener."""
        self._http.close()

    def health(self) -> Mapping[str, Any]:
        """Version, upstream, port, number of the latest ledger entry, and why the ledger's file is not whole."""
        return self._call("GET", "/health")

    def add_rule(self, rule: Mapping[str, Any]) -> None:
        """Put a rule in force; fields as in `pms_drill.proxy.rules.Rule`. What the proxy does not know it refuses."""
        self._call("POST", "/rules", body=rule)

    def remove_rule(self, name: str, *, stalled: Stalled = "cut") -> bool:
        """Remove a rule; none of that name is fine, too. Requests that it holds back are cut, or go on at once.

        Returns whether there was one.
        """
        return bool(self._call("DELETE", f"/rules/{name}", query={"stalled": stalled})["removed"])

    def renew(self, name: str, ttl: float) -> None:
        """Let a rule live `ttl` seconds from now on. Raises DrillError also if it is not in force any more."""
        self._call("PUT", f"/rules/{name}/ttl", body={"ttl": ttl})

    def clear(self, *, stalled: Stalled = "cut") -> None:
        """Remove all rules."""
        self._call("DELETE", "/rules", query={"stalled": stalled})

    def rules(self) -> list[Mapping[str, Any]]:
        """The rules in force, as given, each with its "counters"."""
        return list(self._call("GET", "/rules")["rules"])

    def counters(self, name: str) -> Mapping[str, int]:
        """matched, acted, missed, probed of a rule in force."""
        for rule in self.rules():
            if rule["name"] == name:
                counters: Mapping[str, int] = rule["counters"]
                return counters
        raise DrillError(f"the fault proxy holds no rule named {name}", where=self.url)

    def acted(self, name: str) -> int:
        """On how many requests a rule in force acted; probes are not counted."""
        return self.counters(name)["acted"]

    def ledger(self, since: int = 0) -> list[LedgerEntry]:
        """Entries with a number above `since`, by number. Those of exchanges still open are as they stand now."""
        entries: list[LedgerEntry] = []
        last = since
        while True:
            page = self._call("GET", "/ledger", query={"since": str(last)})
            entries += [LedgerEntry.model_validate(entry) for entry in page["entries"]]
            if not page["entries"] or entries[-1].seq >= page["last"]:
                return entries
            last = entries[-1].seq

    def _call(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        where = f"{method} {self.url}{path}"
        try:
            answer = self._http.request(method, path, params=query, json=body)
            content: dict[str, Any] = answer.json()
        except httpx.TransportError as error:
            raise DrillError(
                f"the fault proxy does not answer: {type(error).__name__}",
                where=where,
                todo="read its log; is it running?",
            ) from error
        except (ValueError, TypeError) as error:
            raise DrillError(f"the fault proxy gave no JSON: {error}", where=where) from error
        if answer.is_error:
            raise DrillError(f"the fault proxy refused: {content.get('error', answer.status_code)}", where=where)
        return content
