"""A fault's life: clean, armed, proved, healed, proved. It always ends healed.

Whatever leaves the `with` block, the heal runs first, within bounded time: every control call has a limit, and a
locked Toxiproxy is restarted. Signals that arrive during a heal are handled after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from pms_drill import clock
from pms_drill.checks.verdict import Unproven
from pms_drill.errors import DrillError
from pms_drill.evidence.journal import Event
from pms_drill.faults.controls import AgentControl, Stoppable, Tls
from pms_drill.faults.http_rules import RuleControl
from pms_drill.faults.owed import Owed
from pms_drill.faults.pms_switches import NoSwitches, PmsSwitches
from pms_drill.faults.probe import Came, Probe, Seen
from pms_drill.faults.proofs import SILENCE_S, Proof
from pms_drill.faults.signals import signals_later
from pms_drill.faults.story import Needs, Story
from pms_drill.faults.toxiproxy import Proxy, Toxiproxy
from pms_drill.faults.toxiproxy_api import ControlLocked
from pms_drill.proxy.probing import PING

#: How long a measurement may be repeated until it shows what it must. A fault acts at once; a busy machine may not.
PROOF_LIMIT_S = 2.0


class Heal(StrEnum):
    """What happens to requests that the fault has stalled (finding: it decides whether a booking exists).

    CUT drops them with their connections; RESUME delivers them, even if their client has left.
    """

    CUT = "cut"
    RESUME = "resume"


class Note(Protocol):
    """`Journal.note`."""

    def __call__(self, kind: str, name: str, what: str, detail: str = "", *, at: float | None = None) -> Event:
        """Record that something happened now, or at the time `at`."""
        ...


@dataclass(frozen=True)
class Place:
    """Where faults are injected: the path from the agent to the PMS.

    Attributes:
        toxiproxy: the server's proxies.
        proxy_name: the proxy that the agent connects to.
        fault_proxy: control of the HTTP fault proxy behind it.
        token: marks requests as the harness's own.
        note: the journal.
        probe_headers: for probes that the PMS itself answers, such as Authorization.
        pms: faults at the PMS itself.
        tls: the TLS front before the fault proxy, where the agent speaks https.
        agent: the agent's process and settings, where the stack can change them.
        pms_process: the PMS's processes, where they are ours.
    """

    toxiproxy: Toxiproxy
    proxy_name: str
    fault_proxy: RuleControl
    token: str
    note: Note
    probe_headers: dict[str, str] = field(default_factory=dict)
    pms: PmsSwitches = field(default_factory=NoSwitches)
    tls: Tls | None = None
    agent: AgentControl | None = None
    pms_process: Stoppable | None = None

    @property
    def proxy(self) -> Proxy:
        """The proxy that the agent connects to."""
        return self.toxiproxy.proxy(self.proxy_name)

    def look(self, probe: Probe) -> Seen:
        """Send a probe as the agent would send a request: to Toxiproxy, on a fresh connection."""
        headers = {**self.probe_headers, **probe.headers} if probe.path != PING else probe.headers
        return replace(probe, headers=headers).send(
            self.proxy.reach, self.token, self.tls.context if self.tls else None
        )


def through_the_proxies(place: Place, probe: Probe) -> Seen:
    """Send a probe as the agent would send a request."""
    return place.look(probe)


class Action(Protocol):
    """One way to make a fault."""

    def arm(self, place: Place) -> None:
        """Make it act; read back what the server holds. Raises DrillError if that differs from the order."""
        ...

    def heal(self, place: Place, mode: Heal) -> str:
        """Undo it; safe to repeat and without a previous `arm`. Returns what was done, for the journal."""
        ...


@dataclass(frozen=True)
class Fault:
    """One entry of the catalogue; its documentation is generated from it.

    Attributes:
        name: unique; also the name of the fixture.
        cause: A PMS down, B authorisation, C rate limit, D network, E timeout (runbook).
        tells: how to recognise it, one sentence.
        client_sees: what a client of the PMS gets.
        symptom: the same in words that faults share which a client cannot tell apart (`symptoms`); empty for none.
        pms_did_the_work: whether the PMS carries out what it is asked while the fault acts; None if either is possible.
        action: arms and heals.
        proof: what a probe must see while it acts.
        probe: the request that must see it.
        heal: the mode used on exit.
        look: how the probe is sent; by default as the agent would.
        needs: what a stack must offer for it.
        story: the explanation for people, in docs/faults.md.
        owes: what it means to an agent, and where an agent meets it; every fault of the catalogue says so.
        shows_within: seconds for which a measurement may be repeated until it shows what it must.
    """

    name: str
    cause: str
    tells: str
    client_sees: str
    pms_did_the_work: bool | None
    action: Action
    proof: Proof
    probe: Probe = field(default_factory=Probe)
    heal: Heal = Heal.CUT
    look: Callable[[Place, Probe], Seen] = through_the_proxies
    needs: frozenset[Needs] = frozenset()
    story: Story | None = None
    owes: Owed | None = None
    symptom: str = ""
    shows_within: float = PROOF_LIMIT_S


class Injection:
    """A fault at a place, step by step. Use `injected`, which heals on every way out."""

    def __init__(self, fault: Fault, place: Place) -> None:
        self.fault = fault
        self.place = place
        self.armed = False
        self.armed_at: float | None = None
        self.healed_at: float | None = None

    def arm(self, *, check: bool = True) -> None:
        """Check that the way is clean, then make the fault act.

        Args:
            check: False where another fault acts already, so that the way is not clean.

        Raises:
            Unproven: the way is not clean (a proof would mean nothing), or the fault is not what was ordered.
        """
        if check:
            self._settle("clean before the fault", self._unaffected)
        self.armed = True  # from here on there may be something to heal
        self._note("arming", self.fault.tells)
        try:
            self.fault.action.arm(self.place)
        except DrillError as error:
            raise Unproven(f"{self.fault.name} could not be armed: {error}") from error
        self.armed_at = clock.now()
        self._note("armed")

    def prove(self) -> None:
        """Measure the effect.

        Raises:
            Unproven: no probe saw it, or a server died of it.
        """
        seen = self._settle(self.fault.proof.text, self._affected)
        try:
            self.place.toxiproxy.check_alive()
        except ControlLocked as error:
            raise Unproven(f"Toxiproxy did not survive {self.fault.name}: {error}") from error
        self._note("proved", str(seen))

    def heal(self, mode: Heal | None = None, *, check: bool = True) -> None:
        """Undo the fault and measure that its effect is gone. Nothing happens once it is healed.

        The fault is undone first and noted afterwards; whatever undoing raises, it is tried once more.

        Args:
            mode: another way than the fault's own.
            check: False where another fault still acts, so that the way cannot be clean.

        Raises:
            Unproven: the effect is still there, or the heal did not work.
        """
        if not self.armed:
            return
        how = mode or self.fault.heal
        with signals_later():
            begun = clock.now()
            try:
                done = self._undo(how)
            except Exception as error:
                self._note("healing", how, at=begun)
                self._note("not healed", error.what if isinstance(error, DrillError) else repr(error))
                raise Unproven(f"{self.fault.name} could not be healed: {error}") from error
            self.armed = False
            self.healed_at = clock.now()
            self._note("healing", how, at=begun)
            # Waiting clients were cut just now, and the PMS may have done their work: this event dates it.
            self._note("healed", done, at=self.healed_at)
            if check:
                seen = self._settle("clean after the heal", self._unaffected)
                self._note("clean", str(seen))

    def _undo(self, how: Heal) -> str:
        """Carry the heal out, once more if it fails. Returns what was done; raises what the second try raised."""
        try:
            return self.fault.action.heal(self.place, how)
        except Exception as error:  # whatever it is, the fault may still act
            self._note("heal failed, tried again", repr(error))
            return self.fault.action.heal(self.place, how)

    def _affected(self) -> tuple[bool, Seen]:
        proof = self.fault.proof
        seen = self.fault.look(self.place, replace(self.fault.probe, patience=proof.patience, linger=proof.linger))
        return proof.holds(seen), seen

    def _unaffected(self) -> tuple[bool, Seen]:
        """The proof's probe gets a quick answer without the effect, and the fault proxy answers a ping."""
        probe = replace(self.fault.probe, linger=self.fault.proof.linger)
        if self.fault.look is not through_the_proxies:  # it looks elsewhere, whatever the proxies do
            seen = self.fault.look(self.place, probe)
            return seen.came is Came.ANSWERED and not self.fault.proof.holds(seen), seen
        pong = self.place.look(Probe(linger=self.fault.proof.linger))
        if pong.came is not Came.ANSWERED or pong.status != 200 or pong.waited >= SILENCE_S:
            return False, pong
        if (probe.path, probe.method) == (PING, "GET"):
            return not self.fault.proof.holds(pong), pong
        seen = self.fault.look(self.place, probe)
        return seen.came is Came.ANSWERED and not self.fault.proof.holds(seen), seen

    def _settle(self, expected: str, measure: Callable[[], tuple[bool, Seen]]) -> Seen:
        last: Seen | None = None

        def once() -> Seen:
            nonlocal last
            holds, last = measure()
            if not holds:
                raise _NotYet
            return last

        try:
            retrying = Retrying(
                stop=stop_after_delay(self.fault.shows_within),
                wait=wait_fixed(0.005),
                retry=retry_if_exception_type(_NotYet),
            )
            return retrying(once)
        except RetryError as error:
            self._note("unproven", f"{expected}; last seen: {last}")
            raise Unproven(
                f"{self.fault.name}: expected {expected}; for {self.fault.shows_within:g} s probes through "
                f"{self.place.proxy.reach} did not see that, the last one saw: {last}"
            ) from error

    def _note(self, what: str, detail: str = "", *, at: float | None = None) -> None:
        self.place.note("fault", self.fault.name, what, detail, at=at)


class _NotYet(Exception):
    """The measurement does not show it yet."""


@contextmanager
def injected(fault: Fault, place: Place) -> Iterator[Injection]:
    """Arm and prove a fault; on every way out heal it and prove that, unless `heal` was called before.

    Raises:
        Unproven: the effect was not measured, or did not go away. An error from the block is not replaced: what
            the heal had to say is added to it as a note.
    """
    injection = Injection(fault, place)
    try:
        injection.arm()
        injection.prove()
        yield injection
    except BaseException as error:
        try:
            injection.heal()
        except Exception as trouble:  # the error of the block is not replaced by that of its heal
            error.add_note(f"and the heal failed: {trouble}")
        raise
    injection.heal()
