"""One load run against a stack: generator, outage, scrapes, and the rows of the target table."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from pms_drill import clock
from pms_drill.checks.verdict import Outcome, Verdict, unknown
from pms_drill.evidence.bundle import Span
from pms_drill.evidence.journal import Journal
from pms_drill.evidence.scrape import Scrape
from pms_drill.load import validity
from pms_drill.load.bands import load_targets
from pms_drill.load.control import Control, Sample
from pms_drill.load.generator import GeneratorSettings, Summary
from pms_drill.load.judge import Target, judge
from pms_drill.load.operation import Operation
from pms_drill.load.phases import FaultTimes, Reading, phases
from pms_drill.load.plan import LoadPlan
from pms_drill.load.runner import LoadGenerator
from pms_drill.load.schedule import Arrival
from pms_drill.profile import Profile
from pms_drill.repeating import Repeating


class LoadStack(Protocol):
    """What a load run needs of a running stack."""

    @property
    def agent_url(self) -> str:
        """The agent's address without a path."""

    @property
    def profile(self) -> Profile:
        """The agent's profile."""

    def scrape(self) -> str:
        """The agent's metrics in the Prometheus text format; raises when it cannot read them in seconds."""

    def control(self) -> Callable[[], object] | None:
        """One question to a program that has nothing else to do; None if there is none."""

    def outage(self) -> AbstractContextManager[object]:
        """The fault "PMS refuses connections": armed and proved on entering, healed and proved on leaving."""


class Watch(Repeating):
    """Reads the breaker's state again and again while it is entered."""

    def __init__(self, stack: LoadStack, interval: float) -> None:
        super().__init__(interval, "breaker watch")
        self._stack = stack
        self.readings: list[Reading] = []

    def act(self) -> None:
        """Read once; a scrape that fails is a reading without a state."""
        self.readings.append(self._read())

    def _read(self) -> Reading:
        begun = clock.now()
        name = self._stack.profile.metrics.state
        try:
            text = self._stack.scrape()
            ended = clock.now()
            state = Scrape.parse(text, begun, ended).value(name, service="pms")
        except Exception as error:  # whatever a scrape raises, it is one reading less, and counted as such
            return Reading(clock.now(), None, f"{type(error).__name__}: {error}")
        return Reading(ended, state, "" if state is not None else f'no sample of {name}{{service="pms"}}')


@dataclass(frozen=True)
class LoadRun:
    """The evidence of one load run, and its rows of the target table.

    Attributes:
        planned: the schedule, computed here and not by the generator.
        t0: start of the schedule on the monotonic clock.
        spans: phase name -> span.
        rows: what `targets.json` holds.
        lateness_bound_ms: see `Targets`.
        tell: gets claim and figures of each row that is asked for and passed, so that its band stands in the results.
    """

    plan: LoadPlan
    seed: int
    planned: list[Arrival]
    t0: float
    operations: list[Operation]
    readings: list[Reading]
    spans: dict[str, Span]
    rows: list[Target]
    summary: Summary
    lateness_bound_ms: float
    folder: Path = field(repr=False)
    tell: Callable[[str], object] = field(default=len, repr=False)

    def target(self, metric: str, phase: str) -> Verdict:
        """Whether one row is not in the band critical; UNKNOWN without a band, and when there is no such row."""
        for row in self.rows:
            if (row.metric, row.phase) == (metric, phase):
                verdict = row.verdict
                if verdict.outcome is Outcome.PASSED:
                    self.tell(verdict.why)
                return verdict
        return unknown(f"{metric} in {phase} is not past the runbook's limits", load="the run has no such phase")

    def conservation(self) -> Verdict:
        """See `validity.conservation`."""
        return validity.conservation(self.planned, self.t0, self.operations)

    def punctuality(self, phase: str) -> Verdict:
        """See `validity.punctuality`."""
        span = self.spans.get(phase)
        inside = validity.within(self.operations, span) if span else []
        return validity.punctuality(inside, phase, self.lateness_bound_ms)


def run_load(stack: LoadStack, plan: LoadPlan, seed: int, run_dir: Path, journal: Journal) -> LoadRun:
    """Run the load, cut it into phases, judge it, and write `<run_dir>/targets.json` and `<run_dir>/load/`.

    Args:
        seed: the same seed sends the same requests at the same times, but for the guests' e-mail addresses.

    Raises:
        DrillError: the generator failed; nothing was judged and there is no targets.json.
    """
    profile = stack.profile
    recovery = profile.breaker.recovery_timeout
    settings = GeneratorSettings(
        plan=plan,
        seed=seed,
        agent_url=stack.agent_url,
        availability_path=profile.endpoints.availability,
        reservations_path=profile.endpoints.reservations,
        recovery_timeout=recovery,
        patience=profile.guest_patience,
        hotel_id=profile.pms.hotel_id,
        room_type=profile.pms.room_type,
        # The day after tomorrow in UTC is at least tomorrow everywhere.
        first_night=datetime.now(UTC).date() + timedelta(days=2),
        token=uuid.uuid4().hex[:10],
        folder=run_dir / "load",
    )
    fault: FaultTimes | None = None
    ask = stack.control()
    control = Control(ask) if ask else None
    with (
        LoadGenerator(settings) as generator,
        Watch(stack, plan.scrape_interval) as watch,
        control or nullcontext(),
    ):
        journal.note("step", "load", "begins", f"seed {seed}, {len(settings.schedule)} arrivals planned")
        if plan.outage > 0:
            generator.wait_until(generator.t0 + plan.outage_begins)
            fault = _outage(stack, generator, plan.outage)
        operations, summary = generator.finish()
        t0 = generator.t0
    journal.note("step", "load", "ended", f"{len(operations)} operations recorded")

    spans = phases(plan, t0, recovery, fault, watch.readings)
    table = load_targets()
    planned = settings.schedule
    whole = validity.conservation(planned, t0, operations)
    rows = judge(
        operations,
        watch.readings,
        spans,
        table,
        validity.doubts(
            operations, spans, whole, table.lateness_p99_ms, control.samples if control else None, table.control_p95_ms
        ),
    )
    write_targets(run_dir / "targets.json", rows)
    _write_evidence(settings.folder, spans, watch.readings, control.samples if control else [])
    return LoadRun(
        plan, seed, planned, t0, operations, watch.readings, spans, rows, summary,
        table.lateness_p99_ms, settings.folder,
    )  # fmt: skip


def _outage(stack: LoadStack, generator: LoadGenerator, seconds: float) -> FaultTimes:
    arming = clock.now()
    with stack.outage():
        armed = clock.now()
        generator.wait_until(armed + seconds)
        healing = clock.now()
    return FaultTimes(arming, armed, healing, clock.now())


def write_targets(path: Path, rows: list[Target]) -> None:
    """Write the rows as a JSON list; the report reads them."""
    path.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", encoding="utf-8")


def _write_evidence(folder: Path, spans: dict[str, Span], readings: list[Reading], samples: list[Sample]) -> None:
    (folder / "phases.json").write_text(
        json.dumps({name: asdict(span) for name, span in spans.items()}, indent=2) + "\n", encoding="utf-8"
    )
    for name, rows in (("breaker", readings), ("control", samples)):
        with (folder / f"{name}.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(asdict(row)) + "\n" for row in rows)
