"""The twin as the PMS of a stack. Its faults are the switches of its control listener (docs/twin.md)."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from pms_drill.checks.verdict import SkipReason
from pms_drill.errors import DrillError
from pms_drill.evidence import canaries
from pms_drill.stack.agent_program import REPO
from pms_drill.stack.own_programs import Listening, start_listening
from pms_drill.stack.pms import Ground

_CONTROL_LIMIT_S = 5.0
#: How long the twin's parallel bookings can get between each other, in milliseconds: about as at the measured QloApps.
_RACE_WINDOW_MS = 100
#: What the agent may do with its key (agent-contract, "Writes"), less bookings.
_WITHOUT_BOOKINGS = {
    "hotels": ["GET"],
    "room_types": ["GET"],
    "hotel_ari": ["POST"],
    "orders": ["GET"],
    "room_bookings": ["GET"],
    "order_histories": ["POST"],
}


class TwinPms:
    """Starts the twin as a program.

    Args:
        seed: of the twin's randomness.
        latency: "recorded" gives it the latencies measured at QloApps, "none" answers at once.
        rooms_per_type: physical rooms of each type.
    """

    def __init__(self, *, seed: int, latency: str, rooms_per_type: int) -> None:
        self.agent_key = self.harness_key = canaries.plant(canaries.PMS_KEY, secrets.token_hex(16).upper())
        self._token = canaries.plant(canaries.CONTROL_TOKEN, secrets.token_urlsafe(24))
        self._words = ["--rooms-per-type", str(rooms_per_type), "--latency", latency, "--seed", str(seed)]
        self._twin: Listening | None = None
        self._switches: TwinSwitches | None = None

    @property
    def switches(self) -> TwinSwitches:
        """The twin's switches, once it runs."""
        assert self._switches is not None, "the twin was not started"
        return self._switches

    @property
    def address(self) -> str:
        """Where it serves."""
        assert self._twin is not None, "the twin was not started"
        return self._twin.address

    @property
    def versions(self) -> Mapping[str, str]:
        """What it stands in for."""
        return {"pms": "twin of QloApps 1.7.0"}

    def start(self, ground: Ground) -> None:
        """Start it and wait until it accepts connections.

        Raises:
            DrillError: it did not start.
        """
        self._twin = start_listening(
            "twin",
            [sys.executable, "-m", "qloapps_twin", *self._words],
            env={"PYTHONPATH": str(REPO), "TWIN_API_KEY": self.agent_key, "TWIN_CONTROL_TOKEN": self._token},
            folder=ground.lease.new_folder("twin"),
            log=ground.log("twin"),
            note=ground.lease.add_child,
        )
        self._switches = TwinSwitches(self._twin.control, self._token, self.agent_key)

    def stop(self) -> None:
        """End it."""
        if self._switches is not None:
            self._switches.close()
        if self._twin is not None:
            self._twin.program.stop()


#: Faults that are one switch of the twin.
_SWITCHES = frozenset(
    {"db_down", "db_paused", "db_read_only", "webservice_off", "key_disabled", "stored_but_500", "silent_cancel"}
)
#: All faults that the twin can have.
FAULTS = _SWITCHES | {"wrong_host", "key_rotated", "parallel_bookings", "permission_removed"}


class TwinSwitches:
    """The twin's control listener, as faults by name.

    Args:
        control: "127.0.0.1:<port>" of the control listener.
        token: that it asks for.
        key: the agent's key.
    """

    def __init__(self, control: str, token: str, key: str) -> None:
        self._http = httpx.Client(
            base_url=f"http://{control}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=_CONTROL_LIMIT_S,
            trust_env=False,
        )
        self._key = key
        self.new_key = canaries.plant(canaries.PMS_KEY, secrets.token_hex(16).upper())
        self._on: set[str] = set()
        self._window_ms: float = 0
        #: Faults that are made of another request: how they begin and end.
        self._requests: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
            "wrong_host": (
                lambda: self._ask("PATCH", "/settings", {"domain": "hotel.example.com"}),
                lambda: self._ask("PATCH", "/settings", {"domain": None}),
            ),
            "key_rotated": (
                lambda: self._ask("POST", "/keys/rotate", {"key": self.new_key}),
                lambda: self._ask("POST", "/keys/rotate", {"key": self._key}),
            ),
            "parallel_bookings": (self._open_the_window, self._restore_the_window),
            "permission_removed": (
                lambda: self._ask("PUT", "/keys", {"key": self._key, "permissions": _WITHOUT_BOOKINGS}),
                lambda: self._ask("PUT", "/keys", {"key": self._key}),
            ),
        }
        self.names = FAULTS
        self.lacking = SkipReason.NEEDS_REAL_PMS

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def arm(self, name: str) -> None:
        """Switch it on, and read the switch back.

        Raises:
            DrillError: the twin has no such fault, or refused it.
        """
        if name not in self.names:
            raise DrillError(f"the twin cannot make the fault {name}", todo="use --pms-stack native")
        self._on.add(name)
        if name in self._requests:
            self._requests[name][0]()
            return
        self._ask("PATCH", "/switches", {name: True})
        if not self.shows(name):
            raise DrillError(f"the twin does not hold the switch {name}", where="GET /switches")

    def heal(self, name: str) -> str:
        """Switch it off."""
        if name in self._requests:
            if name in self._on:
                self._requests[name][1]()
        elif name in _SWITCHES:
            self._ask("PATCH", "/switches", {name: False})
        self._on.discard(name)
        return f"{name} off"

    def shows(self, name: str) -> bool:
        """Whether the twin holds the switch; each switch's effect is shown by the twin's own tests."""
        if name == "parallel_bookings":
            return bool(self._ask("PATCH", "/settings", {})["race_window_ms"] == _RACE_WINDOW_MS)
        if name in self._requests:
            return name in self._on
        return bool(self._ask("GET", "/switches", {}).get(name))

    def make_clean(self) -> list[str]:
        """Switch everything off."""
        left = {name for name in _SWITCHES if self._ask("GET", "/switches", {}).get(name)} | self._on
        for name in sorted(left):
            self.heal(name)
        return [f"{name} at the PMS" for name in sorted(left)]

    def _open_the_window(self) -> None:
        self._window_ms = self._ask("PATCH", "/settings", {})["race_window_ms"]
        self._ask("PATCH", "/settings", {"race_window_ms": _RACE_WINDOW_MS})

    def _restore_the_window(self) -> None:
        self._ask("PATCH", "/settings", {"race_window_ms": self._window_ms})

    def _ask(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        try:
            answer = self._http.request(method, path, json=body).raise_for_status()
            told: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise DrillError(
                f"the twin's control listener did not do it: {type(error).__name__}: {error}",
                where=f"{method} {path}",
                todo="look at the twin's log in the run's logs/ folder",
            ) from error
        return told
