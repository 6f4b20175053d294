"""What a fault means to an agent: how it meets it, what its breaker and its guests are owed, and when it is run.

One row stands with each fault of the catalogue. Expectations, experiments, causes and docs/faults.md derive from it.
The rows say what the contract demands ("Outcomes", "Breaker"); what the PMS did of the work, the proof and the heal
are fields of the fault itself. Pure data.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Meets(StrEnum):
    """How an agent meets a fault: the family of experiments, by the name of the fixture that gives their evidence."""

    #: Everything that is asked of the PMS fails.
    OUTAGE = "outage"
    #: The PMS refuses in its own words, more often in a row than the threshold.
    REFUSAL = "refusal"
    #: Bookings alone meet it, on their way there or back.
    IN_FLIGHT = "midway"
    #: The PMS is slow within the deadline, or fails more seldom than the threshold: guests are served by it.
    LIMPING = "limping"
    #: As much fails as chance or the length of an answer decide: the breaker may open or not.
    PATCHY = "patchy"
    #: The agent itself is hit, while bookings are on their way.
    INTERRUPTED = "interrupted"
    #: The agent cannot log, and the PMS fails meanwhile.
    UNLOGGED = "unlogged"


class Breaker(StrEnum):
    """What a breaker owes under a fault."""

    OPENS = "opens at the threshold"
    AT_ONCE = "opens at once"
    STAYS_CLOSED = "stays closed"
    NOT_JUDGED = "not judged"


class Runs(StrEnum):
    """When the experiment of a fault is run."""

    #: In each pr run, and weekly.
    PR = "pr"
    #: Idle: weekly, and in the pr runs whose seed draws it.
    WEEKLY = "weekly"


#: What a question may be told that failed while the breaker was closed, by the kind of the failure; otherwise 502.
_TOLD = {"timeout": (504,), "rate_limit": (200, 503), "": ()}


@dataclass(frozen=True)
class Owed:
    """The row of one fault.

    Attributes:
        meets: the family of experiments; None for one that is only judged by an experiment of another name.
        breaker: what it must do.
        kind: label `kind` of the agent's failures; empty where it sees a good answer, or the agent itself is hit.
        statuses: what a guest may be told of a failure, or of a refusal, while the breaker is closed.
        certain: whether the agent can be certain that nothing was done.
        in_ledger: whether the HTTP fault proxy sees the agent's calls under the fault.
        twice: whether the PMS gets each request a second time, after its answer was delivered.
        late: whether requests may reach the ledger long after the agent sent them, or after it gave up on them.
        names_wait: whether the answer says how long to wait, which the breaker must obey.
        of_bookings: whether bookings are refused, and not questions.
        runs: when its experiment is run.
        experiment: another one than that of the fault's own name.
    """

    meets: Meets | None
    breaker: Breaker
    kind: str = ""
    statuses: tuple[int, ...] = ()
    certain: bool = False
    in_ledger: bool = True
    twice: bool = False
    late: bool = False
    names_wait: bool = False
    of_bookings: bool = False
    runs: Runs = Runs.PR
    experiment: str = ""


def opens(
    kind: str,
    *,
    at_once: bool = False,
    names_wait: bool = False,
    certain: bool = False,
    in_ledger: bool = True,
    late: bool = False,
    runs: Runs = Runs.PR,
    experiment: str = "",
) -> Owed:
    """An outage: whatever QloApps itself would not have said counts, and opens the breaker."""
    return Owed(
        meets=None if experiment else Meets.OUTAGE,
        breaker=Breaker.AT_ONCE if at_once else Breaker.OPENS,
        kind=kind,
        statuses=_TOLD.get(kind, (502,)),
        certain=certain,
        in_ledger=in_ledger,
        late=late,
        names_wait=names_wait,
        runs=runs,
        experiment=experiment,
    )


def refuses(status: int, *, of_bookings: bool = False) -> Owed:
    """A refusal in the PMS's own words. `status`: what the guest is told."""
    return Owed(Meets.REFUSAL, Breaker.STAYS_CLOSED, statuses=(status,), certain=True, of_bookings=of_bookings)


def in_flight(kind: str = "", *, late: bool = False, twice: bool = False, runs: Runs = Runs.PR) -> Owed:
    """Bookings that meet it are neither lost nor doubled; a few of them need not open the breaker."""
    return Owed(Meets.IN_FLIGHT, Breaker.NOT_JUDGED, kind=kind, late=late, twice=twice, runs=runs)


def limps(kind: str = "", *, runs: Runs = Runs.WEEKLY) -> Owed:
    """The PMS stays in use; `kind` of the few failures that there are, empty for none."""
    return Owed(Meets.LIMPING, Breaker.STAYS_CLOSED, kind=kind, statuses=_TOLD.get(kind, (502,)), runs=runs)


def patchy(kind: str, *, runs: Runs = Runs.WEEKLY) -> Owed:
    """The PMS answers some of the time; `kind` of the failures that there are."""
    return Owed(Meets.PATCHY, Breaker.NOT_JUDGED, kind=kind, statuses=_TOLD.get(kind, (502,)), runs=runs)


def interrupts(*, runs: Runs = Runs.WEEKLY) -> Owed:
    """The agent itself is hit; what it had begun is neither lost nor doubled."""
    return Owed(Meets.INTERRUPTED, Breaker.NOT_JUDGED, runs=runs)


def unlogged(*, runs: Runs = Runs.PR) -> Owed:
    """The agent cannot log; an outage of the PMS (`server_error`) goes as it goes with a log."""
    return replace(opens("server", runs=runs), meets=Meets.UNLOGGED)


def only_in(experiment: str) -> Owed:
    """Judged by an experiment of another name, which says itself what is owed."""
    return Owed(None, Breaker.NOT_JUDGED, experiment=experiment)
