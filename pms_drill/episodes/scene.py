"""What every experiment has: a fresh agent, guests, an observer, phases, and the evidence of it all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import pairwise
from types import TracebackType
from typing import Self

from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from pms_drill import clock
from pms_drill.checks.verdict import Unproven
from pms_drill.episodes.guests import GuestBook, Guests, label
from pms_drill.episodes.heartbeat import Heartbeat
from pms_drill.episodes.observer import Observer
from pms_drill.evidence.bookings import Booking
from pms_drill.evidence.bundle import Evidence, Expectation, Mark, Policy, Span
from pms_drill.evidence.history import Guest, Operation
from pms_drill.evidence.ledger import LedgerEntry
from pms_drill.stack.base import Stack

#: Statuses of a reservation that still change by themselves.
_OPEN_ENDED = "pending"
#: What the journal says of each scene, so that the next one of the same name knows of it.
_BEGINS = "begins"
#: Seconds until the metrics must have been read once more.
_SCRAPE_LIMIT_S = 2.0
#: A machine on which three looks take longer is too slow to judge, and the checks say so.
_SEEN_WITHIN_S = 5.0


class Scene:
    """One experiment on a stack; a context manager.

    Entering it cleans the stack and starts the agent afresh, so that counts begin at zero.

    Args:
        stack: where it takes place.
        name: of the experiment; part of its guests' addresses.
        seed: decides guests and stays.
        env: laid over the profile's environment.
        look_every: pause between two looks at metrics and health, in seconds; all of them are kept in memory.
    """

    def __init__(
        self, stack: Stack, name: str, seed: int, env: Mapping[str, str] | None = None, look_every: float = 0.05
    ) -> None:
        self.stack = stack
        self.name = name
        self.seed = seed
        self.profile = stack.profile
        self.phases: dict[str, Span] = {}
        # The PMS still holds what an earlier one of this name booked: its guests and its sold-out nights are not ours.
        self._earlier = stack.journal.count("step", name, _BEGINS)
        stack.journal.note("step", name, _BEGINS)
        self.book = self.guest_book()
        self._env = env
        self._look_every = look_every
        self._log_marks: dict[str, list[Mark]] = {}
        self._open = ExitStack()
        self._events_from = len(stack.journal.events)

    def __enter__(self) -> Self:
        """Start the agent afresh and begin to observe.

        Raises:
            DrillError: the agent did not start.
            Unproven: the breaker is not closed or the agent's first probe did not come through.
        """
        mended = self.stack.make_clean()
        if mended:
            self.stack.journal.note("stack", self.name, "was not clean", "; ".join(mended))
        self.ledger_from = self.stack.ledger_position()
        self._begin()
        self.guests = Guests(
            self.stack.addresses.agent,
            self.profile.endpoints,
            patience=self.profile.guest_patience,
            hooks=self.stack.gate.hooks,
        )
        self._open.callback(self.guests.close)
        self.heartbeat = self._open.enter_context(Heartbeat(self.stack.run_dir / "evidence" / f".{self.name}-beat"))
        self.observer = self._open.enter_context(
            Observer(self.stack.addresses.agent, self.profile.endpoints, self._look_every)
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop observing, whatever else fails.

        Raises:
            Unproven: a witness ended before its time; not when the experiment itself ended by an error.
        """
        try:
            self._open.__exit__(kind, error, trace)
        finally:
            self.stack.journal.note("step", self.name, "the machine was late by", self._lateness())

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Mark a phase; its span is known when it ends, also by an error."""
        self.stack.journal.note("phase", self.name, f"{name} begins")
        begin = clock.now()
        try:
            yield
        finally:
            self.phases[name] = Span(begin, clock.now())
            self.stack.journal.note("phase", self.name, f"{name} ends")

    def guest_book(self, *whose: str) -> GuestBook:
        """Guests who share no address with those of other books, nor with those of an earlier scene of this name.

        Args:
            whose: words that tell them from the scene's own guests.
        """
        words = (*whose, *([str(self._earlier + 1)] if self._earlier else []))
        return GuestBook(self.seed, label(self.name, *words), pms=self.profile.pms, earlier=self._earlier)

    def wait_for(self, what: str, ready: Callable[[], bool], within: float, every: float = 0.02) -> bool:
        """Poll; false after `within` seconds. What was awaited stands in the journal."""
        polling = Retrying(
            stop=stop_after_delay(within), wait=wait_fixed(every), retry=retry_if_result(lambda done: not done)
        )
        begun = clock.now()
        try:
            polling(ready)
        except RetryError:
            self.stack.journal.note("step", self.name, f"waited in vain for {what}", f"{within:g} s")
            return False
        self.stack.journal.note("step", self.name, f"waited for {what}", f"{clock.now() - begun:.2f} s")
        return True

    def await_scrape(self, within: float = _SCRAPE_LIMIT_S) -> bool:
        """Until the metrics have been read once more, so that they hold all that was before."""
        since, scrapes = clock.now(), self.observer.scrapes
        return self.wait_for("a scrape", lambda: bool(scrapes) and scrapes[-1].started >= since, within)

    def mark_log(self, name: str) -> None:
        """Note how far the agent's log has come by now."""
        length = len(self._log())
        self._log_marks.setdefault(name, []).append(Mark(clock.now(), length))

    def pause(self, seconds: float) -> None:
        """Let time pass between rounds of guests; nothing is awaited here, so nothing can be missed."""
        if seconds > 0:
            threading.Event().wait(seconds)

    def be_seen(self) -> None:
        """Wait until the observer has looked often enough at what is now: a phase that is over sooner has no witness.

        A look that is under way may have begun before; between the begins of two more lies a whole one.
        """
        enough = self.observer.looks + 3
        self.wait_for("the observer to look", lambda: self.observer.looks >= enough, _SEEN_WITHIN_S)

    def look_up_all(self, phase: str) -> list[Operation]:
        """Look up every reservation that guests were given an id of."""
        return self.guests.at_once(
            partial(self.guests.look_up, guest, reservation, phase) for reservation, guest in self._known()
        )

    def wait_until_ended(self, phase: str, within: float) -> bool:
        """Look reservations up until none is pending; false after `within` seconds."""

        def nothing_pending() -> bool:
            return all(operation.body.get("status") != _OPEN_ENDED for operation in self.look_up_all(phase))

        return self.wait_for("pending reservations to end", nothing_pending, within, every=0.1)

    def quiesce(self, within: float = 5.0) -> None:
        """Wait until the PMS side has been quiet for a while: nothing at work there, nothing new in the ledger.

        Raises:
            Unproven: it does not become quiet, so that a final read would say nothing.
        """
        quiet_s = 0.3
        last: tuple[list[LedgerEntry], float] = ([], clock.now())

        def quiet() -> bool:
            nonlocal last
            entries = self.stack.ledger(self.ledger_from)
            at_work = any(entry.forwarded and not entry.answered and not entry.note for entry in entries)
            if at_work or entries != last[0]:
                last = (entries, clock.now())
                return False
            return clock.now() - last[1] >= quiet_s

        if not self.wait_for("the PMS side to be quiet", quiet, within):
            raise Unproven(f"{self.name}: requests at the PMS side did not end within {within:g} s")

    def final_read(self) -> list[Booking]:
        """What the PMS holds now, read directly."""
        bookings = self.stack.bookings()
        self.stack.journal.note("step", self.name, "final read", f"{len(bookings)} orders at the PMS")
        return bookings

    def evidence(self, expected: Expectation, policy: Policy, bookings: list[Booking] | None) -> Evidence:
        """Everything that was seen, as plain data. Call it after the scene has ended.

        Raises:
            DrillError: a part of it could not be written, so that the run's folder has not the whole of it.
        """
        self.stack.journal.check_written()
        opened = self.phases.get("open")
        return Evidence(
            expectation=expected,
            policy=policy,
            phases=dict(self.phases),
            operations=list(self.guests.operations),
            ledger=self.stack.ledger(self.ledger_from),
            scrapes=list(self.observer.scrapes),
            events=self.stack.journal.since(self._events_from),
            log=self._log(),
            log_marks=dict(self._log_marks),
            bookings=bookings,
            statuses=self.observer.health_between(opened.begin, opened.end) if opened else {},
            readiness=list(self.observer.readiness),
            ready=list(self.observer.said),
            health=list(self.observer.took),
            reservations=self.profile.endpoints.reservations,
            epoch=clock.utc().timestamp() - clock.now(),
            secrets=self._secrets(),
            machine=self.heartbeat.seen,
        )

    def _lateness(self) -> str:
        seen, window = self.heartbeat.seen, min(self.profile.pms.timeout, self.profile.breaker.recovery_timeout)
        begin = self.phases["steady"].end if "steady" in self.phases else 0.0
        waited = seen.most_waiting(begin, clock.now(), window) * 1000
        reads = [scrape.started for scrape in self.observer.scrapes]
        gap = max((later - sooner for sooner, later in pairwise(reads)), default=0.0) * 1000
        return (
            f"{self.heartbeat.worst * 1000:.0f} ms; programs waited for a processor {waited:.0f} ms in {window:g} s; "
            f"scrapes {gap:.0f} ms apart"
        )

    def _secrets(self) -> tuple[str, ...]:
        """What must not be told; where there is no token, there is none to tell."""
        admin = self.stack.admin_token if "admin" in self.stack.capabilities else ""
        return tuple(secret for secret in (self.stack.pms_key, self.stack.agent_key, admin) if secret)

    def _begin(self) -> None:
        """A fresh agent; where it is not ours to restart, one whose breaker has closed again."""
        if self._env or "restart-agent" in self.stack.capabilities:
            self.stack.restart_agent(env=self._env)
            return
        profile = self.profile
        within = 2 * profile.breaker.recovery_timeout + 2 * profile.pms.timeout
        closing = Retrying(
            stop=stop_after_delay(within), wait=wait_fixed(0.05), retry=retry_if_result(lambda s: s != 0)
        )
        try:
            closing(lambda: self.stack.scrape().value(profile.metrics.state, service="pms"))
        except RetryError as error:
            state = error.last_attempt.result()
            raise Unproven(
                f"{self.name}: the breaker did not close within {within:g} s before the fault, the gauge says {state}"
            ) from None

    def _log(self) -> str:
        return self.stack.agent_log() if "agent-log" in self.stack.capabilities else ""

    def _known(self) -> list[tuple[str, Guest]]:
        found: dict[str, Guest] = {}
        for operation in self.guests.operations:
            reservation = operation.body.get("reservation_id")
            if isinstance(reservation, str):
                found[reservation] = operation.guest
        return list(found.items())
