"""What the harness tells the load generator, and what the generator tells back. Plain data, JSON files."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from pms_drill.load.plan import LoadPlan, Waits
from pms_drill.load.schedule import Arrival, Guests, arrivals

#: Environment variable with the path of the settings file.
VARIABLE = "PMS_DRILL_LOAD"


class GeneratorSettings(BaseModel):
    """Input of `load/locustfile.py`, a JSON file.

    Attributes:
        agent_url: the agent's address without a path; the PMS's in a direct control.
        availability_path, reservations_path: from the profile.
        waits: of breaker and calls, which the schedule depends on.
        patience: seconds after which a guest gives up.
        token: letters and digits of this run.
        direct_currency: in which the hotel sells, for a direct control (`pms_drill.load.direct`): only the beginning of
            the schedule is sent, to the PMS. Empty for the load itself.
        folder: where the generator writes: started.json, operations.jsonl, summary.json.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    plan: LoadPlan
    seed: int
    agent_url: str
    availability_path: str
    reservations_path: str
    waits: Waits
    patience: float
    hotel_id: int
    room_type: int
    first_night: date
    token: str
    direct_currency: str = ""
    folder: Path

    @property
    def schedule(self) -> list[Arrival]:
        """All arrivals in order."""
        planned = arrivals(self.plan, self.waits, self.seed)
        return [arrival for arrival in planned if arrival.at < self.total]

    @property
    def total(self) -> float:
        """Seconds from the first possible arrival to the end of the schedule."""
        return self.plan.direct_ends if self.direct_currency else self.plan.total(self.waits)

    @property
    def guests(self) -> Guests:
        """Builds the bodies of the requests."""
        return Guests(self.seed, self.token, self.first_night, self.hotel_id, self.room_type)

    @property
    def started_file(self) -> Path:
        """Written when the schedule begins."""
        return self.folder / "started.json"

    @property
    def operations_file(self) -> Path:
        """One line per operation, in the order in which they ended."""
        return self.folder / "operations.jsonl"

    @property
    def summary_file(self) -> Path:
        """Written at the end."""
        return self.folder / "summary.json"


class Started(BaseModel):
    """`t0`: the start of the schedule on the monotonic clock."""

    t0: float


class Summary(BaseModel):
    """What the generator says about itself.

    Attributes:
        planned, recorded: arrivals of the schedule; operations written.
        lateness_p99_ms, lateness_max_ms: of start - due over the whole run; None without operations.
    """

    planned: int
    recorded: int
    lateness_p99_ms: float | None
    lateness_max_ms: float | None
