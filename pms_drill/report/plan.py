"""How long the experiments of a part are planned to take: noted at collection, told before the first one ends.

Every worker collects the same tests and notes the same plan, as `<run>/outcomes/<part>-<worker>.plan.json`. The run
reads the first that is there.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from pms_drill.report.outcomes import FOLDER
from pms_drill.report.page import duration

_PLAN = ".plan.json"


class Plan(BaseModel):
    """What was collected.

    Attributes:
        experiments: how many that the profile claims.
        seconds: about how long they take, one after the other.
    """

    model_config = ConfigDict(frozen=True)

    experiments: int
    seconds: float

    def told(self) -> str:
        """One line."""
        return f"planned: {self.experiments} experiments, about {duration(self.seconds)} together"

    def against(self, workers: int, left: float) -> str:
        """The line with what `workers` processes make of it, and whether that fits into the `left` seconds."""
        share = self.seconds / max(1, workers)
        told = f"{self.told()}, {duration(share)} with {max(1, workers)} worker(s)"
        if share <= left:
            return told
        return (
            f"{told}. That is more than the {duration(left)} that are left: what does not fit will be unknown. "
            "Choose with -k, or a tier with more time"
        )


def write(run_dir: Path, part: str, worker: str, plan: Plan) -> None:
    """Note it."""
    folder = run_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{part}-{worker}{_PLAN}").write_text(plan.model_dump_json() + "\n", encoding="utf-8")


def read(run_dir: Path, part: str) -> Plan | None:
    """The plan of a part; None before its tests were collected, and for parts without experiments."""
    for path in sorted((run_dir / FOLDER).glob(f"{part}-*{_PLAN}")):
        try:
            return Plan.model_validate_json(path.read_text(encoding="utf-8"))
        except ValidationError:
            continue  # it is being written
    return None
