"""`pms-drill reproduce CAUSE`: an incident of the runbook on this machine, with guests, and what a mitigation does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pms_drill import clock, healing, runs
from pms_drill import profile as profiles
from pms_drill.checks.moments import is_success
from pms_drill.checks.verdict import Unproven
from pms_drill.episodes.causes_mitigations import Operator, operator
from pms_drill.episodes.causes_table import Mitigation, Scenario, scenario
from pms_drill.episodes.expectations import RETRY_AFTER_S, fault_named
from pms_drill.faults.lifecycle import injected
from pms_drill.faults.story import Needs
from pms_drill.hold import only_one, until_a_signal
from pms_drill.incident import ports
from pms_drill.incident.commands import Here, commands, curl_config
from pms_drill.incident.crowd import Crowd
from pms_drill.incident.effect import Effect, effect, first_right
from pms_drill.incident.prometheus import binary, prometheus
from pms_drill.incident.watch import Watch
from pms_drill.lease import Lease
from pms_drill.profile import Profile
from pms_drill.report.exitcode import UNKNOWN
from pms_drill.stack.backends import open_stack
from pms_drill.stack.base import Stack
from pms_drill.stack.equipped import equipped

_POLL_S = 0.1
#: Guests a second; and how many must be answered by the PMS before the cause.
_GUESTS_PER_SECOND = 5.0
_STEADY = 8
_STEADY_LIMIT_S = 20.0
FAILED = 1


@dataclass(frozen=True)
class ReproduceOptions:
    """What was asked for.

    Attributes:
        cause: a letter or a name.
        mitigate: name of a mitigation; empty for none.
        hold: keep it up until Ctrl-C.
        profile: the agent.
        scaled: the profile's own waits instead of those that are deployed (`load.profile`).
        results: folder of runs.
        seed: decides guests and stays.
    """

    cause: str
    mitigate: str = ""
    hold: bool = False
    profile: str = "reference"
    scaled: bool = False
    stack: str = "embedded"
    results: Path = Path("runs")
    seed: int = 1


def reproduce(options: ReproduceOptions, say: Callable[[str], None]) -> int:
    """Run the incident.

    Returns:
        Exit code: 0 when the breaker opened and the mitigation, if one was asked for, helped; 1 when it did not help;
        2 when one of them is unknown, also because of a signal.

    Raises:
        DrillError: no such cause or profile, a stack is held already, or something did not start.
    """
    begun = clock.now()
    entry, tried = scenario(options.cause), profiles.load(options.profile)
    profile = tried if options.scaled else profiles.deployed(tried)
    fault = fault_named(entry.fault, profile)
    say(f"cause {entry.cause}: {entry.title} (fault {entry.fault}), profile {profile.name}")
    healing.heal()
    with until_a_signal() as ended, only_one("pms-drill reproduce"):
        run_dir = runs.new_run(options.results, "reproduce", options.stack, clock.utc())
        try:
            with _running(options, profile, run_dir, fault.needs, say) as (stack, lease):
                incident = _Incident(stack, entry, lease, options, say, ended, begun)
                return incident.run()
        except Unproven as error:
            say(f"unknown: {error}")
            return UNKNOWN
        finally:
            runs.finish(run_dir)
            say(f"everything is healed and stopped; what was written is in {run_dir}")


@contextmanager
def _running(
    options: ReproduceOptions, profile: Profile, run_dir: Path, needs: frozenset[Needs], say: Callable[[str], None]
) -> Iterator[tuple[Stack, Lease]]:
    with ExitStack() as ends:
        lease = ends.enter_context(Lease())
        say("starting agent, proxies and PMS")
        opened = open_stack(
            options.stack,
            profile,
            run_dir,
            label="reproduce",
            lease=lease,
            seed=options.seed,
            latency="recorded",
            agent_port=ports.free_from(ports.AGENT),
        )
        yield ends.enter_context(equipped(ends.enter_context(opened), needs)), lease


class _Incident:
    def __init__(
        self,
        stack: Stack,
        entry: Scenario,
        lease: Lease,
        options: ReproduceOptions,
        say: Callable[[str], None],
        ended: threading.Event,
        begun: float,
    ) -> None:
        self._stack = stack
        self._entry = entry
        self._lease = lease
        self._options = options
        self._say = say
        self._ended = ended
        self._begun = begun

    def run(self) -> int:
        """Guests, cause, symptoms, commands, mitigation, verdict."""
        profile = self._stack.profile
        with ExitStack() as ends:
            metrics = self._prometheus(ends)
            self._tell_addresses(metrics)
            crowd = ends.enter_context(
                Crowd(self._stack, f"reproduce-{self._entry.name}", self._options.seed, _GUESTS_PER_SECOND)
            )
            watch = ends.enter_context(Watch(self._stack, crowd, self._say))
            if not self._wait(lambda: sum(map(is_success, crowd.answers())) >= _STEADY, _STEADY_LIMIT_S):
                return self._unknown("guests were not answered by the PMS before the cause")
            fault = fault_named(self._entry.fault, profile)
            with (
                injected(fault, self._stack.place) as injection,
                operator(self._stack, self._entry, injection) as acting,
            ):
                struck = clock.now()
                self._say(f">>> {self._entry.title}: injected, and its effect measured")
                limit = 3 * profile.pms.timeout + 10.0
                if not self._wait(lambda: watch.opened_at is not None or watch.is_open(), limit):
                    return self._unknown(f"the breaker did not open within {limit:g} s")
                opened = watch.opened_at or clock.now()
                self._say(
                    f">>> reproduced: breaker open {opened - struck:.1f} s after the cause, "
                    f"{opened - self._begun:.1f} s after the command"
                )
                self._tell_commands(metrics, crowd)
                code = self._mitigate(acting, crowd, watch) if self._options.mitigate else 0
                if self._options.hold:
                    self._say(">>> held; Ctrl-C ends it, or `pms-drill down` in another terminal")
                    self._ended.wait()
                self._say(">>> healing")
        return code

    def _mitigate(self, acting: Operator, crowd: Crowd, watch: Watch) -> int:
        mitigation = Mitigation(self._options.mitigate)
        profile, mock = self._stack.profile, mitigation is Mitigation.MOCK
        self._wait(lambda: False, 2.0)  # a few seconds of outage, for people
        if self._ended.is_set():
            return self._unknown("ended before the mitigation")
        self._say(f">>> mitigation {mitigation} begins")
        began = clock.now()
        told = acting.apply(mitigation)
        done = clock.now()
        self._say(
            f">>> mitigation {mitigation} done after {done - began:.1f} s"
            + (f"; the reset was answered with {told.status} {told.state}" if told else "")
        )
        patience = profile.breaker.recovery_timeout + 5 * profile.pms.timeout + RETRY_AFTER_S + 10.0
        seen = Effect.NOT_YET

        def known() -> bool:
            nonlocal seen
            asked = crowd.questions_after(done)
            seen = effect(asked, mock=mock, reopened=bool(asked) and watch.is_open())
            return seen is not Effect.NOT_YET

        self._wait(known, patience)
        asked = crowd.questions_after(done)
        if seen is Effect.HELPED:
            first = first_right(asked, mock=mock)
            by = "the mock serves guests" if mock else "the PMS answers guests"
            after = first.ended - began if first else 0.0
            self._say(f">>> {mitigation} helped: {by}, first answer {after:.1f} s after the mitigation began")
            return 0
        if not asked or self._ended.is_set():
            return self._unknown(f"nobody can say whether {mitigation} helped: {len(asked)} guests were answered")
        why = (
            "as the runbook lets expect" if not self._expected(mitigation) else "although the runbook says that it does"
        )
        self._say(f">>> {mitigation} did not help, {why}: guests are still not answered by the PMS")
        return FAILED

    def _expected(self, mitigation: Mitigation) -> bool:
        return mitigation is Mitigation.MOCK or self._entry.works(mitigation)

    def _unknown(self, why: str) -> int:
        self._say(f"unknown: {'ended by a signal; ' if self._ended.is_set() else ''}{why}")
        return UNKNOWN

    def _wait(self, ready: Callable[[], bool], within: float) -> bool:
        """Poll until it is so, a signal came, or the time is over."""
        ends = clock.now() + within
        while not self._ended.is_set() and clock.now() < ends:
            if ready():
                return True
            self._ended.wait(_POLL_S)
        return False

    def _prometheus(self, ends: ExitStack) -> str:
        program = binary()
        if program is None:
            return ""
        stack = self._stack
        log = stack.run_dir / "logs" / "reproduce-prometheus.log"
        port = ports.free_from(ports.PROMETHEUS)
        paths = stack.profile.endpoints
        return ends.enter_context(
            prometheus(program, port, stack.addresses.agent, paths.metrics, self._lease, log.absolute(), self._say)
        )

    def _tell_addresses(self, metrics: str) -> None:
        at = self._stack.addresses
        self._say(f"agent       {at.agent}")
        self._say(f"Prometheus  {metrics or f'not there (the runbook has it at port {ports.PROMETHEUS})'}")
        self._say(f"PMS         {at.pms} directly; the agent uses {at.upstream}, which crosses the proxies")

    def _tell_commands(self, metrics: str, crowd: Crowd) -> None:
        stack = self._stack
        folder = self._lease.new_folder("secrets")  # readable for its owner only, and removed at the end
        bearer = curl_config("header", f"Authorization: Bearer {stack.admin_token}")
        for name, config in (("admin-token", bearer), ("pms-key", curl_config("user", f"{stack.agent_key}:"))):
            (folder / name).write_text(config, encoding="utf-8")
        here = Here(
            agent=stack.addresses.agent,
            upstream=stack.addresses.upstream,
            prometheus=metrics,
            log=stack.run_dir.absolute() / "logs" / "reproduce-agent.log",
            token_file=folder / "admin-token",
            key_file=folder / "pms-key",
            guest=crowd.book.guest(),
        )
        self._say("the runbook's commands, as they work here:")
        section = ""
        for command in commands(here, stack.profile, self._entry.grep):
            if command.section != section:
                section = command.section
                self._say(f"  # {section}")
            self._say(f"  $ {command.line}")
