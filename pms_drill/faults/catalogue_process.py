"""Faults of processes and of the clock: the PMS stopped, the agent stopped, killed, or with a wrong time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from pms_drill import clock
from pms_drill.errors import DrillError
from pms_drill.faults import symptoms
from pms_drill.faults.actions import (
    AgentKilled,
    AgentPaused,
    AgentTerminated,
    ClockStep,
    DiskFull,
    LogReaderGone,
    LogReaderHangs,
    Midnight,
    PmsPaused,
)
from pms_drill.faults.controls import AgentControl
from pms_drill.faults.lifecycle import Fault, Place
from pms_drill.faults.owed import Runs, interrupts, only_in, opens, unlogged
from pms_drill.faults.probe import Probe, Seen
from pms_drill.faults.proofs import Proof, no_byte_within, refused
from pms_drill.faults.scale import Scale, grace_s
from pms_drill.faults.story import Needs, Story

TITLE = "Processes and the clock"

#: A probe that the PMS itself has to answer; a ping ends at the fault proxy.
_PMS = Probe(path="/api/hotels")
#: `Date` of an answer has whole seconds.
_CLOCK_S = 5.0
#: What a probe found out beside the agent's answer.
_FULL, _NEAR = "no file may be written", "near midnight at the hotel"
_UNREAD, _STUCK = "nobody reads its output", "its output takes no byte more"


def faults(scale: Scale) -> list[Fault]:
    """All of this kind."""
    processes = [pms_paused(), agent_paused(), agent_killed(), agent_terminated(scale), disk_full()]
    processes += [log_reader_gone(), log_reader_hangs()]
    return [*processes, clock_forward(), clock_back(), midnight()]


def pms_paused() -> Fault:
    """The PMS's processes are stopped; the kernel goes on accepting for them."""
    return Fault(
        name="pms_paused",
        cause="E",
        tells="the PMS's processes are stopped, connections are accepted all the same",
        client_sees="its own read timeout",
        pms_did_the_work=True,
        action=PmsPaused(),
        owes=opens("timeout", runs=Runs.WEEKLY),
        symptom=symptoms.TIMEOUT,
        proof=no_byte_within(),
        probe=_PMS,
        needs=frozenset({Needs.PMS_PROCESS}),
        story=Story(
            how="SIGSTOP to the processes that listen at the PMS's address, SIGCONT to heal.",
            metrics='`kind="timeout"`.',
            trap="The kernel accepts and buffers: everything that was sent meanwhile is carried out at the heal, also "
            "for clients that left. There is no *cut* for that, the requests are in the PMS's own sockets. A ping of "
            "the fault proxy is answered all the time, so the proof asks the PMS.",
            example="A virtual machine is moved; the machine swaps.",
        ),
    )


def agent_paused() -> Fault:
    """The agent's process is stopped."""
    return Fault(
        name="agent_paused",
        cause="E",
        tells="the agent's process is stopped, connections to it are accepted all the same",
        client_sees="guests: no answer; the PMS: connections that idle",
        pms_did_the_work=None,
        action=AgentPaused(),
        owes=interrupts(),
        proof=no_byte_within(),
        look=_agent,
        needs=frozenset({Needs.AGENT_PROCESS}),
        story=Story(
            how="SIGSTOP to the agent's processes, SIGCONT to heal.",
            metrics="A gap in the scrapes. Calls that were on their way end as timeouts at the moment of the heal.",
            trap="To the agent no time has passed: answers that arrived in time are found late, deadlines expire all "
            "at once, and a lock that ran out meanwhile may be held by somebody else.",
            example="A long garbage collection; a debugger; a laptop's lid.",
        ),
    )


def agent_killed() -> Fault:
    """The agent's process is killed; the heal starts it again with its state."""
    return Fault(
        name="agent_killed",
        cause="A",
        tells="the agent is killed with SIGKILL, and started again with its state",
        client_sees="guests: refused; the PMS: requests whose clients are gone",
        pms_did_the_work=None,
        action=AgentKilled(),
        owes=interrupts(),
        proof=refused(),
        look=_agent,
        needs=frozenset({Needs.AGENT_PROCESS}),
        story=Story(
            how="SIGKILL to the agent's process group; the heal starts it again at the same address, with its state.",
            metrics="Counters begin at 0 again; the breaker is closed.",
            trap="What the agent had sent is carried out. An intent that was not written down *before* the request "
            "left is a booking that nobody knows of.",
            example="Out of memory; a node is lost; a release.",
        ),
    )


def agent_terminated(scale: Scale) -> Fault:
    """The agent is asked to end, as each deploy does; the heal starts it again with its state."""
    grace = grace_s(scale.timeout)
    return Fault(
        name="agent_terminated",
        cause="A",
        tells="the agent is asked to end with SIGTERM, gets the time to answer those who wait, and is started again",
        client_sees="guests who come: refused; guests who wait: an answer; the PMS: requests that are still read",
        pms_did_the_work=None,
        owes=interrupts(),
        action=AgentTerminated(grace),
        proof=refused(),
        look=_agent,
        needs=frozenset({Needs.AGENT_PROCESS}),
        story=Story(
            how="SIGTERM to the agent's processes; the heal waits for their end, twice the deadline and two seconds at "
            "most, and starts the agent again at the same address, with its state.",
            metrics="Counters begin at 0 again; the breaker is closed.",
            trap="A stop that closes its connections at once cuts guests in the middle of a booking, with each deploy, "
            "and then waits for the settle time of a booking whose answer it did not wait for.",
            example="A rolling update; an autoscaler; a node that is drained.",
        ),
    )


def disk_full() -> Fault:
    """Nothing that the agent writes to a file gets there: neither log lines nor its outbox."""
    return Fault(
        name="disk_full",
        cause="-",
        tells="the agent cannot write to any file: not to its log, not to its outbox",
        client_sees="guests: questions as usual, reservations refused for now; the PMS: no bookings",
        pms_did_the_work=True,
        owes=interrupts(),
        action=DiskFull(),
        proof=Proof(
            "the kernel refuses the agent's processes every write to a file", lambda seen: seen.detail == _FULL
        ),
        look=_disk,
        needs=frozenset({Needs.AGENT_PROCESS, Needs.LINUX}),
        story=Story(
            how="The kernel's limit for the size of files is set to 0 for the agent's running processes "
            "(RLIMIT_FSIZE). What they write to a file fails with EFBIG, where a full disk gives ENOSPC. No file "
            "system is touched, and nothing of anybody else.",
            metrics="The breaker stays closed, the PMS is well. Readiness is 503: the outbox cannot be written.",
            trap="A log call that raises ends whatever called it: the task that probes, the one that works the outbox "
            "off, the guest's request. A store that is only asked whether it can be read says that all is well.",
            example="A log that nobody rotates; a core dump; a backup on the same disk.",
        ),
    )


def log_reader_gone() -> Fault:
    """Whoever read the agent's output has ended."""
    return Fault(
        name="log_reader_gone",
        cause="-",
        tells="nobody reads the agent's output any more: a write to it fails",
        client_sees="nothing",
        pms_did_the_work=True,
        owes=unlogged(),
        action=LogReaderGone(),
        proof=Proof("the kernel knows of no reader of the agent's output", lambda seen: seen.detail == _UNREAD),
        look=_output,
        needs=frozenset({Needs.AGENT_PROCESS, Needs.LOG_READER}),
        story=Story(
            how="The agent's output is a named pipe; the program that reads it is killed, and another one is started "
            "to heal. A write gets EPIPE, and the signal SIGPIPE, which ends a program that has not said otherwise.",
            metrics="As without the fault.",
            trap="The line that tells of a transition is written in the middle of the transition. If it raises there, "
            "the breaker stays half-open for ever, and a probe that is never counted is never repeated.",
            example="A log shipper that crashes; `agent | logger` after the restart of the journal.",
        ),
    )


def log_reader_hangs() -> Fault:
    """Whoever reads the agent's output does not read on, and the pipe is full."""
    return Fault(
        name="log_reader_hangs",
        cause="-",
        tells="the agent's output is read no further, and the pipe is full: a write to it waits",
        client_sees="nothing",
        pms_did_the_work=True,
        owes=unlogged(runs=Runs.WEEKLY),
        action=LogReaderHangs(),
        proof=Proof("a write to the agent's output would have to wait", lambda seen: seen.detail == _STUCK),
        look=_output,
        needs=frozenset({Needs.AGENT_PROCESS, Needs.LOG_READER}),
        story=Story(
            how="As `log_reader_gone`, but the reader is stopped (SIGSTOP), and the pipe is filled with empty lines.",
            metrics="As without the fault. A gap, if the agent's loop waits for its log.",
            trap="A handler that writes from the event loop stops all guests, the probe and the health at once, with "
            "no error anywhere. A thread of its own needs a bound: lines that wait for ever are memory.",
            example="The journal's disk is slow; a terminal in which somebody has pressed Ctrl-S.",
        ),
    )


def midnight(ahead: float = 1.0) -> Fault:
    """The day ends at the hotel while guests of today are at work. `ahead`: seconds until it does."""
    return Fault(
        name="midnight",
        cause="-",
        tells=f"the agent's wall clock is put to {ahead:g} s before midnight at the hotel, and goes on from there",
        client_sees="guests: who want a room from today on are refused from then on; the PMS: calls as usual",
        pms_did_the_work=True,
        owes=interrupts(),
        action=Midnight(ahead),
        proof=Proof("a Date header within two minutes of midnight at the hotel", lambda seen: seen.detail == _NEAR),
        look=_near_midnight,
        needs=frozenset({Needs.AGENT_PROCESS, Needs.FAKETIME}),
        story=Story(
            how="As `clock_forward`: libfaketime, with an offset that leads to just before the end of the day in the "
            "hotel's time zone. The monotonic clock is left alone.",
            metrics="None is wrong but those with a time in them.",
            trap="What expires at the end of the check-in day expires while a guest's booking is on its way: whoever "
            "writes down what was read before that overwrites a confirmation.",
            example="Every night.",
        ),
    )


def clock_forward(seconds: float = 3600.0) -> Fault:
    """The agent's wall clock jumps forward. `seconds`: how far."""
    return _clock("clock_forward", seconds, "Waits on the wall clock end at once: an open breaker closes early.")


def clock_back(seconds: float = 3600.0) -> Fault:
    """The agent's wall clock jumps back. `seconds`: how far."""
    return _clock("clock_back", -seconds, "Waits on the wall clock last for an hour more: the breaker stays open.")


def _clock(name: str, seconds: float, what: str) -> Fault:
    return Fault(
        name=name,
        cause="-",
        tells=f"the agent's wall clock is {seconds:+g} s off, its monotonic clock is right",
        client_sees="guests: times that are wrong; answers as usual",
        pms_did_the_work=True,
        action=ClockStep(seconds),
        owes=only_in("clock_steps"),
        proof=_date_off_by(seconds),
        look=_agent,
        needs=frozenset({Needs.AGENT_PROCESS, Needs.FAKETIME}),
        story=Story(
            how="The agent runs with libfaketime preloaded, which reads an offset from a file; the fault writes it "
            "there. The monotonic clock is left alone, as in real life.",
            metrics="None is wrong but those with a time in them.",
            trap=f"{what} Timers belong on the monotonic clock; dates in answers and in `Retry-After` do not. Stepping "
            "both clocks, as many tools do, proves nothing: that step never happens.",
            example="NTP corrects a clock that was set by hand; daylight saving in local time.",
        ),
    )


def _date_off_by(seconds: float) -> Proof:
    def holds(seen: Seen) -> bool:
        try:
            told = parsedate_to_datetime(seen.headers["date"])
        except (KeyError, ValueError):
            return False
        return abs((told - clock.utc()).total_seconds() - seconds) < _CLOCK_S

    return Proof(f"a Date header that is {seconds:+g} s off", holds)


def _disk(place: Place, probe: Probe) -> Seen:
    """Ask the agent's liveness, and the kernel whether the agent may write."""
    return replace(_agent(place, probe), detail=_FULL if of(place).disk_is_full else "")


def _output(place: Place, probe: Probe) -> Seen:
    """Ask the agent's liveness, and the kernel who reads its output."""
    reader = of(place).log_reader
    if reader is None:
        return _agent(place, probe)
    told = _UNREAD if reader.nobody_reads else _STUCK if reader.full else ""
    return replace(_agent(place, probe), detail=told)


def _near_midnight(place: Place, probe: Probe) -> Seen:
    """Ask the agent's liveness, and compare its date with the hotel's midnight."""
    seen = _agent(place, probe)
    try:
        told = parsedate_to_datetime(seen.headers["date"]).astimezone(ZoneInfo(of(place).timezone))
    except (KeyError, ValueError):
        return seen
    into = timedelta(hours=told.hour, minutes=told.minute, seconds=told.second)
    near = min(into, timedelta(days=1) - into) < timedelta(minutes=2)
    return replace(seen, detail=_NEAR if near else "")


def _agent(place: Place, probe: Probe) -> Seen:
    """Ask the agent's liveness."""
    agent = of(place)
    return replace(probe, path=agent.live_path).send(agent.address, place.token)


def of(place: Place) -> AgentControl:
    """The agent's control.

    Raises:
        DrillError: the stack has none.
    """
    if place.agent is None:
        raise DrillError("this stack cannot stop or restart the agent", where=place.proxy_name)
    return place.agent
