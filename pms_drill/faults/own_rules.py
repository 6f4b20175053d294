"""Rules of one run at a fault proxy that others use, too: marked, written ahead, and with a time to live."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pms_drill.errors import DrillError
from pms_drill.faults.ahead import FaultsAhead, OwnFault
from pms_drill.proxy.client import FaultProxyControl
from pms_drill.proxy.rules import Stalled
from pms_drill.repeating import Repeating

#: Seconds after which the fault proxy ends a rule by itself, if its run does not renew it.
TTL_S = 30.0
_RENEW_EVERY_S = 5.0


class OwnRules:
    """What faults know of the fault proxy: the rules of this run, by the names that faults give them.

    Args:
        control: the fault proxy.
        ahead: gets each rule before it is sent.
        mark: what the names of this run's rules begin with at the fault proxy.
    """

    def __init__(self, control: FaultProxyControl, ahead: FaultsAhead, mark: str) -> None:
        self._control = control
        self._ahead = ahead
        self._mark = mark
        self._numbers: dict[str, int] = {}
        self._acting: set[str] = set()
        self._lock = threading.Lock()

    def add_rule(self, rule: Mapping[str, Any]) -> None:
        """Add a rule that ends by itself unless it is renewed.

        Raises:
            DrillError: it cannot be written ahead, or the fault proxy refuses it.
        """
        name = str(rule["name"])
        marked = f"{self._mark}{name}"
        self._numbers[name] = self._ahead.write(OwnFault(what="rule", control=self._control.url, name=marked))
        self._control.add_rule({**rule, "name": marked, "ttl": TTL_S})
        with self._lock:
            self._acting.add(name)

    def remove_rule(self, name: str, *, stalled: Stalled = "cut") -> bool:
        """Remove a rule of this run; none of that name is fine, too.

        Raises:
            DrillError: it had ended before, so that the fault did not act as long as it was to.
        """
        found = self._control.remove_rule(f"{self._mark}{name}", stalled=stalled)
        if number := self._numbers.pop(name, 0):
            self._ahead.update(number, gone=True)
        if not found and name in self._acting:
            raise DrillError(
                f"the rule {name} had ended before it was healed: its time to live was over, or somebody removed it",
                where=self._control.url,
                todo="run again when nobody else uses the fault proxy and the machine is not stopped",
            )
        with self._lock:
            self._acting.discard(name)
        return found

    def rules(self) -> list[Mapping[str, Any]]:
        """Those of this run that act now."""
        found = [rule for rule in self._control.rules() if str(rule["name"]).startswith(self._mark)]
        return [{**rule, "name": str(rule["name"]).removeprefix(self._mark)} for rule in found]

    def others(self) -> list[str]:
        """Names of the rules of others."""
        names = [str(rule["name"]) for rule in self._control.rules()]
        return [name for name in names if not name.startswith(self._mark)]

    def make_clean(self) -> list[str]:
        """Remove what is left of this run; returns the names."""
        left = [str(rule["name"]) for rule in self.rules()]
        with self._lock:
            self._acting.clear()
        for name in {*left, *self._numbers}:
            self.remove_rule(name)
        return left

    def renew(self) -> None:
        """Let all rules of this run live on; one that cannot be renewed is found out by its heal."""
        with self._lock:
            acting = list(self._acting)
        for name in acting:
            with suppress(DrillError):
                self._control.renew(f"{self._mark}{name}", TTL_S)


class Renewal(Repeating):
    """Keeps the rules of a run alive for as long as the run is: the fault proxy ends those of a dead one."""

    def __init__(self, rules: OwnRules) -> None:
        super().__init__(_RENEW_EVERY_S, "renewal of rules")
        self._rules = rules

    def act(self) -> None:
        """Renew them."""
        self._rules.renew()
