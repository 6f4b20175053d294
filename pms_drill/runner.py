"""One run: a pytest session per part, one after the other, and one verdict over all of them."""

from __future__ import annotations

import os
import random
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import FrameType

from pms_drill import clock, draw, excuses, expected, profile, pytest_command, runs
from pms_drill.errors import DrillError
from pms_drill.evidence import canaries
from pms_drill.properties import catalogue, suites
from pms_drill.properties.catalogue import Property
from pms_drill.report import page, plan, results, secret_search
from pms_drill.report.coverage import Expected, Selection, chosen_parts
from pms_drill.report.exitcode import FAIL_ON
from pms_drill.report.model import RunVerdict
from pms_drill.report.outcomes import Record, RunContext, count_lines
from pms_drill.report.stand_in import weekly_on
from pms_drill.session import Session
from pms_drill.stack import backends
from pms_drill.target import Target
from pms_drill.tiers import PARTS, STACKS, Tier, load_tier

#: The project: suites, tiers.toml and runs/ lie beside the package.
ROOT = Path(__file__).resolve().parent.parent

#: Seconds that a session gets to heal its faults and stop its programs when it is ended early.
GRACE_S = 10.0
_POLL_S = 0.2
_SAY_EVERY_S = 15.0
#: pytest's exit codes: 0 passed, 1 tests failed, 5 no tests. After the others a session proves nothing.
_ENDED_BY_ITSELF = (0, 1, 5)
_EXIT_MEANING = {2: "it was interrupted or could not collect", 3: "pytest had an internal error", 4: "wrong usage"}
#: As long as this stands in a verdict, the run has not ended.
_NOT_SEARCHED = "the results have not been searched for secrets: the run was ended before"
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class RunOptions:
    """What `pms-drill run` was asked for.

    Attributes:
        parts: empty for all parts of the tier.
        selection: pytest's -k.
        seed: None for a random one.
        target: a system that runs already, for the stack external.
        fail_on: target, warning or critical; empty for what the tier says.
        workers: processes for contracts and chaos; None for two, or one on a machine with one core.
        keep: do not remove old runs.
        results: folder of runs; empty for the project's, where the page is also put where the runbook looks for it.
        extra: further options for pytest.
    """

    parts: Sequence[str] = ()
    selection: str = ""
    tier: str = "pr"
    stack: str = "embedded"
    profile: str = "reference-fast"
    seed: int | None = None
    target: Target = field(default_factory=Target)
    fail_on: str = ""
    workers: int | None = None
    keep: bool = False
    results: str = ""
    extra: Sequence[str] = ()


@dataclass
class Interruption:
    """Notes signals instead of letting them raise anywhere; the run looks at it while it waits."""

    first: str = ""
    count: int = 0

    def note(self, number: int, _: FrameType | None) -> None:
        """The handler."""
        self.first = self.first or signal.Signals(number).name
        self.count += 1

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Handle Ctrl-C, SIGTERM and SIGHUP while this lasts."""
        before = {number: signal.signal(number, self.note) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@dataclass
class _Progress:
    """What has happened so far."""

    folder: Path
    began: float
    started: datetime
    ended: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    private: Path | None = None
    judged: list[Record] = field(default_factory=list)


class Run:
    """One run.

    Args:
        options: see `RunOptions`.
        root: folder of the suites and of `runs/`.
        tiers: the table of tiers; by default the project's.
        properties: what there is to judge; by default the whole catalogue.
        say: gets progress and the output of pytest, line by line.
        grace: see `GRACE_S`.

    Raises:
        DrillError: an unknown part, tier, stack or band, or a wrong profile.
    """

    def __init__(
        self,
        options: RunOptions,
        *,
        root: Path = ROOT,
        tiers: Path | None = None,
        properties: Sequence[Property] | None = None,
        say: Callable[[str], None] = print,
        grace: float = GRACE_S,
    ) -> None:
        self._options = options
        self._root = root
        self._runs = Path(options.results).absolute() if options.results else root / "runs"
        self._notes: list[str] = []
        self._say = _whatever_becomes_of_it(say, self._notes)
        self._grace = grace
        seed = random.SystemRandom().randrange(1, 2**31) if options.seed is None else options.seed
        self._tier = load_tier(options.tier, tiers or root / "tiers.toml")
        self._parts = _chosen(options, self._tier)
        self._profile = profile.load(options.profile)
        if "load" in self._parts and options.stack != "external":
            profile.deployed(self._profile)  # an agent that load would not judge is known before anything starts
        backends.check(options.stack, options.target, self._profile)
        self._ground = excuses.Ground(options.stack, self._profile, options.target)
        self._tier = draw.drawn(self._tier, seed, options.selection, self._ground)
        self._properties = catalogue.load().property if properties is None else properties
        self._expected = self._what_is_due()
        self._parts = self._with_something_to_judge()
        self._deadline = self._tier.deadline_on(options.stack)
        self._twin = weekly_on(self._tier.name, twin=backends.stand_in(options.stack), environment=os.environ)
        self._context = RunContext(
            seed=seed,
            tier=options.tier,
            stack=options.stack,
            profile=options.profile,
            target=options.target,
        )

    def _what_is_due(self) -> list[Expected]:
        """What the run must judge, known before pytest begins.

        Raises:
            DrillError: a name that selects something means nothing.
        """
        tests = suites.read(self._root)
        expected.check_names(tests, self._tier, self._profile)
        return expected.expected(tests, self._tier, self._ground)

    def _with_something_to_judge(self) -> list[str]:
        """The parts that were asked for; without names those in which the selection and the stack leave anything.

        Raises:
            DrillError: the selection matches nothing.
        """
        named = self._options.parts
        parts = chosen_parts(self._expected, Selection(self._options.selection), self._parts, named)
        if named:
            return parts
        idle = [part for part in parts if self._cannot_be_judged(part)]
        return [part for part in parts if part not in idle] or parts

    def _cannot_be_judged(self, part: str) -> bool:
        """Whether all tests of a part have an excuse, as load on a system that is not ours."""
        mine = [one for one in self._expected if one.item.part == part and not one.left_out]
        return bool(mine) and all(any(excuse.certain and not excuse.under for excuse in one.excuses) for one in mine)

    @property
    def _selected(self) -> str:
        """What of the tier this run is about, in words; empty for all of it."""
        words = [f"-k {self._options.selection!r}"] if self._options.selection else []
        if set(self._parts) != set(self._tier.parts) or words:
            words.append(f"part{'s' if len(self._parts) > 1 else ''} {', '.join(self._parts)}")
        return "; ".join(words)

    @property
    def _lot(self) -> str:
        """Which idle faults the seed has drawn, in words; empty without a draw, or for a selection."""
        return "" if self._options.selection or "chaos" not in self._parts else draw.told(self._tier)

    def execute(self) -> RunVerdict:
        """Run all parts and write the results, whatever happens on the way.

        Returns:
            The verdict; partial (`complete` false, exit code 1 or 2) after the deadline or a signal.

        Raises:
            DrillError: the results cannot be written.
        """
        signals = Interruption()
        with signals.listening(), ExitStack() as ends:
            progress = self._begin()
            try:
                progress.private = self._private(progress, ends)
                for part in self._parts:
                    why = self._hindrance(progress, signals)
                    if why:
                        progress.trouble.append(f"{part}: it did not run, {why}")
                    else:
                        self._run_part(part, progress, signals)
            finally:
                verdict = self._conclude(progress)
        return verdict

    def _begin(self) -> _Progress:
        if self._twin.objection:
            self._say(self._twin.objection)
        progress = _Progress(Path(), clock.now(), clock.utc())
        progress.folder = runs.new_run(self._runs, self._tier.name, self._options.stack, progress.started)
        if not self._twin.tolerated:
            progress.trouble.append(self._twin.objection)
        # A run that is killed leaves this verdict: unknown and incomplete. The runbook's page is that of this run, too.
        self._write(progress)
        self._publish(progress)
        if not self._options.keep:
            self._prune()
        self._heal(progress, "an earlier run")
        self._say(
            f"PMS integration: tier {self._tier.name}, stack {self._options.stack}, profile {self._options.profile}, "
            f"seed {self._context.seed}; {', '.join(self._parts)}; at most {page.duration(self._deadline)}"
        )
        if self._lot:
            self._say(self._lot)
        self._say(f"results: {progress.folder}")
        if names := pytest_command.ignored(os.environ):
            self._say(f"ignored, because it would change what pytest runs: {', '.join(names)}; --pytest gives options")
        return progress

    def _heal(self, progress: _Progress, whose: str) -> None:
        """Clean what dead runs and sessions left: ports, processes and containers that would disturb others.

        Args:
            whose: what is most likely to have left something, for people.
        """
        from pms_drill import healing  # the report must work even where leases cannot

        report = healing.heal()
        if report.found_something:
            self._say(f"{whose} was cut; cleaned what it left:")
            for line in report.lines():
                self._say(f"  {line}")
        progress.trouble += [f"{whose} left something that cannot be cleaned: {line}" for line in report.trouble]

    def _left(self, progress: _Progress) -> float:
        return self._deadline - (clock.now() - progress.began)

    def _hindrance(self, progress: _Progress, signals: Interruption) -> str:
        """Why nothing more may run; empty if it may."""
        if signals.count:
            return f"the run was ended by {signals.first}"
        if self._left(progress) <= 0:
            return f"the deadline of {page.duration(self._deadline)} had passed"
        return runs.shortage(progress.folder, Path(tempfile.gettempdir()))

    def _run_part(self, part: str, progress: _Progress, signals: Interruption) -> None:
        folder = results.part_folder(progress.folder, part)
        folder.mkdir(parents=True)
        workers = pytest_command.workers(part, self._options.stack, self._options.workers)
        told = f", {workers} workers" if workers else ""
        self._say(f"\n== {part}{told}; at most {page.duration(self._left(progress))} left")
        session = Session(
            self._words(part, folder, progress.folder, workers),
            cwd=self._root,
            log=progress.folder / "logs" / f"{part}.log",
            say=self._say,
            env=pytest_command.environment(part, os.environ)
            | ({canaries.VARIABLE: str(progress.private)} if progress.private else {}),
        )
        try:
            code = self._await(part, session, progress, signals, workers)
        finally:
            session.stop(self._grace, impatient=lambda: signals.count > 1)
            progress.trouble += [f"{part}: {line}" for line in session.trouble]
        if code is None:
            # Containers take longer to go than a session gets, and do not go with it as processes do.
            self._heal(progress, f"the session of {part}")
        if code in _ENDED_BY_ITSELF:
            progress.ended.append(part)
        elif code is not None:
            meaning = _EXIT_MEANING.get(code, f"signal {-code}" if code < 0 else "unexpected")
            progress.trouble.append(
                f"{part}: the session ended with exit code {code} ({meaning}); its last lines:\n{session.last_lines()}"
            )

    def _await(
        self, part: str, session: Session, progress: _Progress, signals: Interruption, workers: int
    ) -> int | None:
        """Wait for the session's end; None if it has to be ended early. Says why, and notes it."""
        began = told = clock.now()
        idle = planned = False
        while True:
            code = session.wait(_POLL_S)
            if code is not None:
                return code
            if not planned and (found := plan.read(progress.folder, part)):
                planned = True
                self._say(f"== {part}: {found.against(workers, self._left(progress))}")
            why = self._hindrance(progress, signals)
            if clock.now() - told >= _SAY_EVERY_S:
                told = clock.now()
                collected, done = count_lines(progress.folder, part)
                # xdist can wait for ever for the replacement of a worker that crashed in the last test.
                if idle and done >= collected > 0:
                    why = why or "all its tests had ended and pytest had not"
                idle = done >= collected > 0
                doing = f"{done} of {collected} tests" if collected else "collecting"
                self._say(
                    f"== waiting for {part}: {doing} after {page.duration(told - began)}, "
                    f"at most {page.duration(self._left(progress))} left"
                )
            if why:
                self._say(f"== {part}: {why}; ending it, at most {page.duration(self._grace * 1.5)}")
                progress.trouble.append(f"{part}: it was ended before its end, {why}")
                return None

    def _words(self, part: str, folder: Path, run_dir: Path, workers: int) -> list[str]:
        options = self._options
        own = [f"--pms-run-dir={run_dir}", f"--pms-tier={options.tier}", f"--pms-stack={options.stack}"]
        own += [f"--pms-profile={options.profile}", f"--pms-seed={self._context.seed}", *options.target.words()]
        chosen = ["-k", options.selection] if options.selection else []
        words = pytest_command.words(part, self._root, folder, workers, self._context.seed)
        return [*words, *own, *chosen, *options.extra]

    def _conclude(self, progress: _Progress) -> RunVerdict:
        try:
            # The results are searched, too. Whatever ends the run from here on leaves what is written now: unknown.
            self._write(progress, pending=_NOT_SEARCHED)
            self._publish(progress)
            self._search_for_secrets(progress)
            verdict = self._write(progress)
            if not self._publish(progress):
                verdict = self._write(progress)
        finally:
            self._finish(progress)
        self._say("\n" + (progress.folder / results.PAGE).read_text(encoding="utf-8"))
        return verdict

    def _finish(self, progress: _Progress) -> None:
        with suppress(OSError):  # whoever looks finds that the process has gone
            runs.finish(progress.folder)

    def _prune(self) -> None:
        try:
            runs.prune(self._runs)
        except OSError as error:
            self._notes.append(f"old runs could not be removed: {error.strerror}")

    def _private(self, progress: _Progress, ends: ExitStack) -> Path | None:
        """A folder outside of the results for the run's secrets; removed at the end, or by the next run."""
        from pms_drill import lease

        try:
            return ends.enter_context(lease.Lease()).new_folder("secrets")
        except (DrillError, OSError) as error:
            progress.trouble.append(f"secrets cannot be searched for: {error}")
            return None

    def _search_for_secrets(self, progress: _Progress) -> None:
        if progress.private is None:
            return
        try:
            progress.judged = secret_search.search(progress.folder, progress.private, self._context)
        except Exception as error:
            progress.trouble.append(f"the results cannot be searched for secrets: {type(error).__name__}: {error}")

    def _publish(self, progress: _Progress) -> bool:
        """Copy the page to where the runbook looks; false, with a line of trouble, if an older one stays there."""
        if self._options.results:
            return True
        try:
            results.publish_page(progress.folder, self._root)
        except OSError as error:
            line = (
                f"the page could not be copied to {results.PUBLISHED}, so that it is not of this run: {error.strerror}"
            )
            progress.trouble += [line] if line not in progress.trouble else []
            return False
        return True

    def _write(self, progress: _Progress, pending: str = "") -> RunVerdict:
        return results.write_results(
            results.RunInfo(
                folder=progress.folder,
                root=self._root,
                context=self._context,
                tier=self._tier,
                parts=self._parts,
                ended=progress.ended,
                started=progress.started,
                duration=clock.now() - progress.began,
                waivers=self._profile.waiver,
                trouble=progress.trouble,
                judged=progress.judged,
                notes=self._notes,
                pending=pending,
                expected=self._expected,
                properties=self._properties,
                named=self._options.parts,
                selection=self._options.selection,
                selected=self._selected,
                drawn=self._lot,
                fail_on=self._options.fail_on or self._tier.fail_on,
            )
        )


def _whatever_becomes_of_it(say: Callable[[str], None], notes: list[str]) -> Callable[[str], None]:
    """Say it, also to a terminal that has gone or lacks a character: the run is not ended by that, and notes it."""

    def careful(text: str) -> None:
        try:
            say(text)
        except (OSError, ValueError) as error:
            line = f"not everything could be shown on the terminal: {type(error).__name__}"
            notes.extend([line] if line not in notes else [])

    return careful


def _chosen(options: RunOptions, tier: Tier) -> list[str]:
    """The parts to run, in the order of the tier."""
    if options.stack not in STACKS:
        raise DrillError(f"there is no stack {options.stack!r}", todo=f"use one of {', '.join(STACKS)}")
    if options.fail_on and options.fail_on not in FAIL_ON:
        raise DrillError(f"--fail-on cannot be {options.fail_on!r}", todo=f"use one of {', '.join(FAIL_ON)}")
    for part in options.parts:
        if part not in PARTS:
            raise DrillError(f"there is no part {part!r}", todo=f"use one of {', '.join(PARTS)}")
    wanted = set(options.parts or tier.parts)
    return [part for part in PARTS if part in wanted]
