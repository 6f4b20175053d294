"""`pms-drill replay FILE`: a schedule of faults on an embedded stack with guests, a line per second, a verdict.

The verdict is about the faults: did each have its effect, and is it gone? What the agent made of it is for the suites.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random

import httpx

from pms_drill import clock, runs
from pms_drill import profile as profiles
from pms_drill.episodes.guests import GuestBook, Guests, label
from pms_drill.errors import DrillError
from pms_drill.evidence.history import Kind, Operation
from pms_drill.faults.nemesis import Nemesis, faults_of
from pms_drill.faults.scale import Scale
from pms_drill.faults.schedule import Schedule, decisions, read
from pms_drill.lease import Lease
from pms_drill.profile import Profile
from pms_drill.report.exitcode import UNKNOWN
from pms_drill.stack.backends import open_stack
from pms_drill.stack.base import Stack
from pms_drill.stack.equipped import equipped

#: Schedules that come with the project.
SHIPPED = Path(__file__).resolve().parent.parent / "schedules"
RETRY_AFTER_S = 2
_STATES = {0: "closed", 1: "open", 2: "half-open"}
_MOST_AT_ONCE = 64


@dataclass(frozen=True)
class ReplayOptions:
    """What `pms-drill replay` was asked for.

    Attributes:
        file: the schedule: a path, or the name of one that comes with the project.
        seed: None for the file's own.
        results: folder of runs; empty for the project's.
        only_print: print the decisions and do nothing.
    """

    file: str
    seed: int | None = None
    profile: str = "reference-fast"
    results: str = ""
    only_print: bool = False


def find_schedule(name_or_path: str) -> Path:
    """The file of a schedule.

    Raises:
        DrillError: there is none.
    """
    given = Path(name_or_path)
    for path in (given, SHIPPED / f"{name_or_path}.toml"):
        if path.is_file():
            return path
    known = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.toml")))
    raise DrillError(f"there is no schedule {name_or_path!r}", todo=f"give a .toml file or one of: {known}")


def scale_of(profile: Profile) -> Scale:
    """The agent's figures that sizes of faults depend on."""
    return Scale(profile.pms.timeout, RETRY_AFTER_S, profile.pms.settle)


def replay(options: ReplayOptions, say: Callable[[str], None]) -> int:
    """Run the schedule.

    Returns:
        Exit code: 0 when every fault had its effect and is gone, 2 when something could not be shown.

    Raises:
        DrillError: a wrong schedule or profile, or the stack did not start.
    """
    schedule = read(find_schedule(options.file))
    profile = profiles.load(options.profile)
    seed = schedule.seed if options.seed is None else options.seed
    steps = decisions(schedule, seed)
    faults = faults_of(steps, scale_of(profile))
    say(f"schedule {schedule.name}, seed {seed}, profile {profile.name}: {schedule.title}")
    for step in steps:
        say(f"  {step}")
    if options.only_print:
        return 0
    folder = Path(options.results).absolute() if options.results else SHIPPED.parent / "runs"
    run_dir = runs.new_run(folder, "replay", "embedded", clock.utc())
    say(f"results: {run_dir}")
    try:
        with ExitStack() as ends:
            lease = ends.enter_context(Lease())
            stack = ends.enter_context(open_stack("embedded", profile, run_dir, label="replay", lease=lease, seed=seed))
            needs = frozenset(need for fault in faults.values() for need in fault.needs)
            ready = ends.enter_context(equipped(stack, needs))
            ready.restart_agent()
            return _Replay(ready, schedule, seed, say).run()
    finally:
        runs.finish(run_dir)


class _Replay:
    def __init__(self, stack: Stack, schedule: Schedule, seed: int, say: Callable[[str], None]) -> None:
        self._stack = stack
        self._schedule = schedule
        self._say = say
        self._nemesis = Nemesis(schedule, seed, scale_of(stack.profile), stack.place, say=self._step)
        self._draw = Random(f"{seed}/guests")  # noqa: S311 - reproducible, not secret
        self._book = GuestBook(seed, label(schedule.name), pms=stack.profile.pms)
        self._began = 0.0
        self._told = 0
        self._over = threading.Event()

    def run(self) -> int:
        """Guests and nemesis, until the schedule is over; then heal and judge."""
        profile = self._stack.profile
        self._nemesis.rehearse()
        before = self._stack.ledger_position()
        guests = Guests(self._stack.addresses.agent, profile.endpoints, profile.guest_patience, _MOST_AT_ONCE)
        pool = ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="replay")
        sender = threading.Thread(target=self._send, args=(guests, pool), name="guests", daemon=True)
        self._began = clock.now()
        try:
            self._nemesis.start()
            sender.start()
            for second in range(1, int(self._schedule.duration) + 1):
                self._over.wait(max(0.0, self._began + second - clock.now()))
                before = self._line(second, guests, before)
            self._nemesis.wait()
        finally:
            with ExitStack() as ends:
                ends.callback(guests.close)
                ends.callback(pool.shutdown, wait=True, cancel_futures=True)
                ends.callback(self._nemesis.heal)
                self._over.set()
        return self._judge(guests)

    def _send(self, guests: Guests, pool: ThreadPoolExecutor) -> None:
        rate = self._schedule.guests
        number = 0
        while not self._over.wait(max(0.0, self._began + number / rate.per_second - clock.now())):
            guest, books = self._book.guest(), self._draw.random() < rate.bookings
            pool.submit(guests.reserve if books else guests.ask, guest, "replay")
            number += 1

    def _line(self, second: int, guests: Guests, before: int) -> int:
        operations = list(guests.operations)
        told = Counter(_told(operation) for operation in operations[self._told :])
        self._told = len(operations)
        try:
            samples = self._stack.scrape().value(self._stack.profile.metrics.state)
            breaker = _STATES.get(int(samples), "?") if samples is not None else "?"
        except (httpx.HTTPError, ValueError):
            breaker = "no answer"
        now = self._stack.ledger_position()
        what = ", ".join(f"{count} {name}" for name, count in sorted(told.items())) or "none"
        acting = " + ".join(self._nemesis.acting) or "-"
        self._say(
            f"{second:4d} s  breaker {breaker:<9}  calls at the PMS side {now - before:3d}  guests: {what}  [{acting}]"
        )
        return now

    def _judge(self, guests: Guests) -> int:
        outcome = self._nemesis.outcome
        self._say("")
        for variant, fate in outcome.fates.items():
            acted = f", acted on {fate.acted} requests" if fate.acted is not None else ""
            proof = "effect proved" if fate.proved else "effect NOT proved"
            self._say(f"  {variant}: {proof}, armed {fate.armed}, healed {fate.healed}{acted}")
        for line in outcome.trouble:
            self._say(f"  not proven: {line}")
        answers = Counter(_told(operation) for operation in guests.operations)
        self._say(f"  guests: {', '.join(f'{count} {name}' for name, count in sorted(answers.items()))}")
        done = len(outcome.done) == len(self._nemesis.decisions)
        proven = outcome.proven and done
        self._stack.journal.note("nemesis", self._schedule.name, "ends", "proven" if proven else "not proven")
        self._say(
            "every fault had its effect and is gone"
            if proven
            else f"unknown: {len(outcome.done)} of {len(self._nemesis.decisions)} decisions, not everything was shown"
        )
        return 0 if proven else UNKNOWN

    def _step(self, line: str) -> None:
        self._say(f"        {line}")


def _told(operation: Operation) -> str:
    """What a guest was told, in a word."""
    if operation.status is None:
        return "no answer"
    if operation.kind is Kind.RESERVATION and operation.status in (201, 202):
        return "confirmed" if operation.status == 201 else "pending"
    return operation.source or f"{operation.status} {operation.problem}".strip()
