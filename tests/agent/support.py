"""The agent as a program, and how tests speak to it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
from prometheus_client.parser import text_string_to_metric_families
from tenacity import (
    RetryError,
    Retrying,
    retry_if_exception_type,
    retry_if_result,
    stop_after_delay,
    wait_fixed,
)

from pms_drill.stack.ports import free_port
from pms_drill.stack.process import Program

REPOSITORY = Path(__file__).resolve().parents[2]
KEY = "TESTKEYTESTKEYTESTKEYTESTKEY0001"
TOKEN = "token-of-this-test"
AVAILABILITY = "/api/v1/pms/availability"
RESERVATIONS = "/api/v1/pms/reservations"
RESET = "/admin/circuit-breaker/reset"
#: Short waits. The health interval is longer than any test, so that idle probes do not mix with counts.
FAST = {
    "PMS_TIMEOUT": "1",
    "PMS_CIRCUIT_BREAKER_FAILURE_THRESHOLD": "5",
    "PMS_CIRCUIT_BREAKER_RECOVERY_TIMEOUT": "1",
    "PMS_HEALTH_INTERVAL": "600",
    "PMS_SETTLE": "0.6",
    "PMS_OUTBOX_INTERVAL": "0.1",
    "ADMIN_TOKEN": TOKEN,
    "PMS_API_KEY": KEY,
}
#: A threshold that no test reaches, for what is not about the breaker.
PATIENT = {"PMS_CIRCUIT_BREAKER_FAILURE_THRESHOLD": "100000"}

T = TypeVar("T")


def day(offset: int) -> str:
    """A date so many days from today (UTC), as the API wants it."""
    return (datetime.now(UTC).date() + timedelta(days=offset)).isoformat()


def query(**changes: Any) -> dict[str, Any]:
    """A good availability request; a value of None leaves its field out."""
    return _with({"hotel_id": 1, "check_in": day(30), "check_out": day(32), "room_type": 1}, changes)


def guest(**changes: Any) -> dict[str, Any]:
    """A good reservation request; a value of None leaves its field out."""
    wish = {
        "guest_name": "Ada Lovelace",
        "email": "ada@example.com",
        "check_in": day(30),
        "check_out": day(32),
        "room_type": 1,
    }
    return _with(wish, changes)


def _with(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (base | changes).items() if value is not None}


def eventually(look: Callable[[], T], *, within: float = 8.0) -> T:
    """Poll until `look` gives something true, without an AssertionError; fail with what was seen last."""
    last: list[object] = [None]

    def seen() -> T:
        value = look()
        last[0] = value
        return value

    try:
        return Retrying(
            stop=stop_after_delay(within),
            wait=wait_fixed(0.03),
            retry=retry_if_result(lambda value: not value) | retry_if_exception_type(httpx.TransportError),
        )(seen)
    except RetryError:
        raise AssertionError(f"did not happen within {within:g} s; seen last: {last[0]!r}") from None


class RunningAgent:
    """One agent process with its own folder and port.

    Args:
        folder: working directory: outbox, log files and, if there is one, `.env`.
        settings: environment of the process.
        module: what to run, `hotel_agent` or a mutant.
    """

    def __init__(self, folder: Path, settings: dict[str, str], module: str = "hotel_agent") -> None:
        self.folder = folder
        self.settings = settings
        self.module = module
        self.output = folder / "stdout.log"
        self.log_file = folder / "agent.log"
        self.client = httpx.Client(timeout=30)
        self._boot()

    def _boot(self) -> None:
        port = free_port()
        self.client.base_url = httpx.URL(f"http://127.0.0.1:{port}")
        environment = {"PORT": str(port), "PYTHONPATH": str(REPOSITORY), **self.settings}
        self.program = Program("agent", self._argv(), env=environment, cwd=self.folder, log=self.output)
        self.program.start()
        self.program.wait_until(self._accepts, within=20, todo="see its log")

    def _argv(self) -> list[str]:
        return [sys.executable, "-m", self.module]

    def _accepts(self) -> bool:
        try:
            return self.client.get("/health/ready").status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """kill -9."""
        self.program.kill()

    def restart(self, **settings: str) -> None:
        """Start again in the same folder, after an ordinary stop if it still runs."""
        self.program.stop()
        self.settings = self.settings | settings
        self._boot()

    def close(self) -> None:
        self.program.stop()
        self.client.close()

    # -- what guests and operators do

    def ask(self, **changes: Any) -> httpx.Response:
        return self.client.post(AVAILABILITY, json=query(**changes))

    def book(self, key: str | None = None, **changes: Any) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        return self.client.post(RESERVATIONS, json=guest(**changes), headers=headers)

    def look_up(self, reservation_id: str) -> dict[str, Any]:
        answer = self.client.get(f"{RESERVATIONS}/{reservation_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def becomes(self, reservation_id: str, status: str, *, within: float = 10.0) -> dict[str, Any]:
        """Wait until the reservation has this status."""
        seen: list[dict[str, Any]] = [{}]

        def there() -> bool:
            seen[0] = self.look_up(reservation_id)
            return seen[0]["status"] == status

        try:
            eventually(there, within=within)
        except AssertionError:
            raise AssertionError(f"not {status} within {within:g} s: {seen[0]}") from None
        return seen[0]

    def reset(self, token: str | None = TOKEN) -> httpx.Response:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self.client.post(RESET, headers=headers)

    # -- what it tells about itself

    def pms(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get("/health/ready").json()["pms"]
        return found

    def metric(self, name: str, **labels: str) -> float | None:
        """One sample, or None if the series does not exist; `from_` stands for the label `from`."""
        wanted = {"from" if key == "from_" else key: value for key, value in labels.items()}
        for family in text_string_to_metric_families(self.client.get("/metrics").text):
            for sample in family.samples:
                if sample.name == name and wanted.items() <= sample.labels.items():
                    return float(sample.value)
        return None

    def state(self) -> str:
        value = self.metric("pms_circuit_breaker_state", service="pms")
        return {0.0: "closed", 1.0: "open", 2.0: "half_open"}[value if value is not None else -1.0]

    def logs(self) -> str:
        return self.output.read_text(errors="replace")


#: Starts an agent; keyword arguments are settings.
StartAgent = Callable[..., RunningAgent]


def problem(answer: httpx.Response) -> dict[str, Any]:
    """The body of an error, after checking that it is one as RFC 9457 has it."""
    assert answer.headers["content-type"].split(";")[0] == "application/problem+json", answer.text
    body: dict[str, Any] = answer.json()
    assert body["status"] == answer.status_code
    assert body["title"]
    assert body["type"].replace("-", "").isalnum(), body
    assert "detail" in body
    return body
