"""One recorded operation of the load, and how its answer counts."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from pms_drill.load.schedule import Endpoint


class Answered(StrEnum):
    """How an operation ended, seen by the guest. Each operation has exactly one."""

    PMS = "pms"  # answered from the PMS, as the contract allows
    DEGRADED = "degraded"  # failover: useful to the guest, but not from the PMS
    REFUSED = "refused"  # a 4xx that this load does not deserve
    ERROR = "error"  # 5xx, no answer, or an answer that makes no sense


@dataclass(frozen=True)
class Operation:
    """One guest's call. Times are seconds on the machine's monotonic clock.

    Attributes:
        number: the arrival's number in the schedule.
        due: when the guest was to arrive; response times count from here, so that waiting for a slow
            service is not left out (coordinated omission).
        start: when the generator really began to send.
        end: when the answer was complete or the call had failed.
        status: HTTP status; None without an answer.
        answer: `source` of an availability, `status` of a reservation, `type` of a problem; None if there
            is none.
        error: connect, lost, timeout, garbage (cut short, or no sense in it), or generator (our own defect);
            None when an answer came.
    """

    number: int
    endpoint: Endpoint
    due: float
    start: float
    end: float
    status: int | None = None
    answer: str | None = None
    error: str | None = None

    @property
    def response_ms(self) -> float:
        """Milliseconds from the intended arrival to the end, to the microsecond."""
        return round((self.end - self.due) * 1000, 3)

    @property
    def lateness_ms(self) -> float:
        """Milliseconds that the generator was late with this arrival."""
        return round((self.start - self.due) * 1000, 3)

    @property
    def answered(self) -> Answered:
        """How this operation counts.

        A 202 (pending) is no error, because the guest's wish is kept, but it does not come from the PMS,
        so that it counts against availability. So do `stale` and `mock`. Sold out (409) is an answer of
        the PMS.
        """
        if self.error is not None or self.status is None or not 200 <= self.status < 500:
            return Answered.ERROR
        if self.status == 409 and self.endpoint == "reservations":
            return Answered.PMS
        if self.status >= 400:
            return Answered.REFUSED
        return _MEANING[self.endpoint].get((self.status, self.answer), Answered.ERROR)

    def line(self) -> str:
        """The operation as one line of JSON, with its end of line."""
        return json.dumps(asdict(self)) + "\n"


#: (status, source or status in the body) -> meaning; any other 2xx or 3xx is an error (agent's contract,
#: operations).
_MEANING: dict[Endpoint, dict[tuple[int, str | None], Answered]] = {
    "availability": {
        (200, "pms"): Answered.PMS,
        (200, "stale"): Answered.DEGRADED,
        (200, "mock"): Answered.DEGRADED,
    },
    "reservations": {
        (201, "confirmed"): Answered.PMS,
        (202, "pending"): Answered.DEGRADED,
    },
}


def read(path: Path) -> list[Operation]:
    """Operations of a file of JSON lines, in the order in which they ended.

    Raises:
        ValueError: a line is no operation.
        OSError: the file cannot be read.
    """
    with path.open(encoding="utf-8") as file:
        try:
            return [Operation(**json.loads(line)) for line in file]
        except TypeError as error:
            raise ValueError(f"{path} holds a line that is no operation: {error}") from error
