"""One load run against a stack: generator, outage, scrapes, and the rows of the target table."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from pms_drill import clock
from pms_drill.checks.verdict import Outcome, Verdict, unknown
from pms_drill.evidence.bundle import Span
from pms_drill.evidence.journal import Journal
from pms_drill.evidence.scrape import Scrape
from pms_drill.load import validity
from pms_drill.load.again import itself_again
from pms_drill.load.bands import Targets, load_targets
from pms_drill.load.control import Control, Sample
from pms_drill.load.direct import DirectRun, DirectTarget
from pms_drill.load.generator import GeneratorSettings, Summary
from pms_drill.load.judge import Target, judge
from pms_drill.load.operation import Answered, Operation
from pms_drill.load.phases import FaultTimes, Reading, phases
from pms_drill.load.plan import LoadPlan, Strike, Waits
from pms_drill.load.runner import LoadGenerator
from pms_drill.load.schedule import Arrival, Endpoint
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

    def outage(self, strike: Strike) -> AbstractContextManager[object]:
        """The fault of an outage: armed and proved on entering, healed and proved on leaving."""

    def reset(self) -> None:
        """Ask the agent to close its breaker."""

    def pms(self) -> DirectTarget:
        """The PMS itself, for a direct control."""

    def currency(self) -> str:
        """In which the hotel sells."""


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
        names = self._stack.profile.metrics
        try:
            text = self._stack.scrape()
            ended = clock.now()
            scrape = Scrape.parse(text, begun, ended)
            state = scrape.value(names.state, service="pms")
        except Exception as error:  # whatever a scrape raises, it is one reading less, and counted as such
            return Reading(clock.now(), None, f"{type(error).__name__}: {error}")
        why = "" if state is not None else f'no sample of {names.state}{{service="pms"}}'
        pending = list(scrape.matching(names.pending))
        return Reading(ended, state, why, sum(pending) if pending else None)


@dataclass(frozen=True)
class LoadRun:
    """The evidence of one load run, and its rows of the target table.

    Attributes:
        planned: the schedule, computed here and not by the generator.
        t0: start of the schedule on the monotonic clock.
        spans: phase name -> span.
        rows: what `targets.json` holds.
        table: the limits by which they were judged.
        doubts: phase -> why nothing in it may be judged.
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
    table: Targets
    doubts: dict[str, list[str]]
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

    def itself_again(self, phase: str, endpoint: Endpoint) -> Verdict:
        """See `again.itself_again`."""
        doubts = [*self.doubts.get("steady", ["there is none"]), *self.doubts.get(phase, ["the run has no such phase"])]
        came = {name: [op for op in self._within(name) if op.endpoint == endpoint] for name in ("steady", phase)}
        # A mock that stands in is quick, and no sign that the agent is itself again.
        before, after = (
            [op.response_ms for op in came[name] if op.answered is Answered.PMS] for name in ("steady", phase)
        )
        asked = len(came[phase])
        verdict = itself_again(before, after, asked, f"{endpoint} in {phase}", self.table.again, doubts)
        if verdict.outcome is Outcome.PASSED:
            self.tell(verdict.why)
        return verdict

    def _within(self, phase: str) -> list[Operation]:
        span = self.spans.get(phase)
        return validity.within(self.operations, span) if span else []

    def conservation(self) -> Verdict:
        """See `validity.conservation`."""
        return validity.conservation(self.planned, self.t0, self.operations)

    def punctuality(self, phase: str) -> Verdict:
        """See `validity.punctuality`."""
        return validity.punctuality(self._within(phase), phase, self.table.lateness_p99_ms)


def run_load(stack: LoadStack, plan: LoadPlan, seed: int, run_dir: Path, journal: Journal) -> LoadRun:
    """Run the load, cut it into phases, judge it, and write `<run_dir>/targets.json` and `<run_dir>/load/`.

    Args:
        seed: the same seed sends the same requests at the same times, but for the guests' e-mail addresses.

    Raises:
        DrillError: the generator failed; nothing was judged and there is no targets.json.
    """
    profile = stack.profile
    waits = Waits(recovery=profile.breaker.recovery_timeout, deadline=profile.pms.timeout)
    settings = GeneratorSettings(
        plan=plan,
        seed=seed,
        agent_url=stack.agent_url,
        availability_path=profile.endpoints.availability,
        reservations_path=profile.endpoints.reservations,
        waits=waits,
        patience=profile.guest_patience,
        hotel_id=profile.pms.hotel_id,
        room_type=profile.pms.room_type,
        first_night=clock.today(profile.pms.timezone) + timedelta(days=2),
        token=uuid.uuid4().hex[:10],
        folder=run_dir / "load",
    )
    faults: list[FaultTimes] = []
    ask = stack.control()
    control = Control(ask) if ask else None
    with (
        LoadGenerator(settings) as generator,
        Watch(stack, plan.scrape_interval) as watch,
        control or nullcontext(),
    ):
        journal.note("step", "load", "begins", f"seed {seed}, {len(settings.schedule)} arrivals planned")
        for strike in plan.strikes:
            generator.wait_until(generator.t0 + plan.begins(strike.during, waits))
            faults.append(_outage(stack, generator, strike))
        operations, summary = generator.finish()
        t0 = generator.t0
    journal.note("step", "load", "ended", f"{len(operations)} operations recorded")
    table = load_targets()
    direct = _directly(stack, settings, table, journal) if plan.direct > 0 else None

    spans = phases(plan, t0, waits, faults, watch.readings)
    planned = settings.schedule
    whole = validity.conservation(planned, t0, operations)
    samples = control.samples if control else None
    doubts = validity.doubts(operations, spans, whole, table.lateness_p99_ms, samples, table.control, plan.strikes)
    rows = judge(operations, watch.readings, spans, table, doubts, direct)
    write_targets(run_dir / "targets.json", rows)
    _write_evidence(settings.folder, spans, watch.readings, samples or [])
    return LoadRun(
        plan, seed, planned, t0, operations, watch.readings, spans, rows, summary,
        table, doubts, settings.folder,
    )  # fmt: skip


def _outage(stack: LoadStack, generator: LoadGenerator, strike: Strike) -> FaultTimes:
    arming = clock.now()
    with stack.outage(strike):
        armed = clock.now()
        generator.wait_until(armed + strike.seconds)
        healing = clock.now()
    healed = clock.now()
    if strike.closes == "reset":
        stack.reset()
    return FaultTimes(strike, arming, armed, healing, healed)


def _directly(stack: LoadStack, load: GeneratorSettings, table: Targets, journal: Journal) -> DirectRun:
    """Send the beginning of the same schedule to the PMS itself, when the load on the agent is over."""
    target = stack.pms()
    settings = load.model_copy(
        update={
            "agent_url": target.url,
            "direct_currency": stack.currency(),
            "token": uuid.uuid4().hex[:10],
            "folder": load.folder / "direct",
        }
    )
    ask = stack.control()
    control = Control(ask) if ask else None
    journal.note("step", "load", "direct control begins", f"{len(settings.schedule)} arrivals planned")
    with LoadGenerator(settings, target.key) as generator, control or nullcontext():
        operations, _ = generator.finish()
        t0 = generator.t0
    journal.note("step", "load", "direct control ended", f"{len(operations)} operations recorded")
    span = Span(t0 + load.plan.warmup, t0 + settings.total)
    whole = validity.conservation(settings.schedule, t0, operations)
    samples = control.samples if control else None
    doubts = validity.doubts(operations, {"direct": span}, whole, table.lateness_p99_ms, samples, table.control)
    return DirectRun(validity.within(operations, span), doubts["direct"])


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
