"""Faults at the PMS itself: its database, its web service, its settings, its process. Made by `PmsSwitches`.

What clients see was measured on QloApps 1.6.1 and 1.7.0. A stack makes those that its PMS can have (`stack.place.pms`).
"""

from __future__ import annotations

from dataclasses import dataclass

from pms_drill.faults import symptoms
from pms_drill.faults.lifecycle import Fault, Heal, Place, through_the_proxies
from pms_drill.faults.owed import Owed, Runs, in_flight, opens
from pms_drill.faults.probe import Came, Probe, Seen
from pms_drill.faults.proofs import Proof, cut, no_byte_within, status
from pms_drill.faults.scale import Scale
from pms_drill.faults.story import Needs, Story

TITLE = "The PMS itself"

#: The safe read, which the PMS answers: a ping ends at the fault proxy.
_HOTELS = Probe(path="/api/hotels?output_format=JSON", patience=3.0)
#: Needs the table that is locked.
_ORDERS = Probe(path="/api/orders?output_format=JSON&limit=1", patience=3.0)
#: A QloApps that works answers these within a tenth of a second; a busy machine gets more.
_SILENT_S = 0.7
#: A PMS that was stopped or started again has a queue to work off, or programs to load, before it is itself again.
_SHOWS_WITHIN_S = 8.0
#: Header of the answer that a direct look makes up.
_ACTS = "x-drill-acts"


@dataclass(frozen=True)
class Switch:
    """One fault of the PMS, by its name there.

    Attributes:
        fresh: cut existing connections as well, for a fault that they would not meet.
    """

    name: str
    fresh: bool = False

    def arm(self, place: Place) -> None:
        """Order it; the switches read it back or measure it."""
        place.pms.arm(self.name)
        if self.fresh:
            place.proxy.cut()

    def heal(self, place: Place, mode: Heal) -> str:  # noqa: ARG002
        """Undo it. What the PMS has begun goes on: nobody can cut that from outside."""
        return place.pms.heal(self.name)


def faults(scale: Scale) -> list[Fault]:  # noqa: ARG001 - the deadlines of these are the PMS's own
    """All of this kind."""
    return [*database_faults(), *access_faults(), *process_faults()]


def database_faults() -> list[Fault]:
    """Its database: gone, out of reach, stopped, slow, unwilling."""
    page = "500 with an HTML page, within milliseconds"
    return [
        _fault(
            "db_down",
            "A",
            "the database has ended",
            page,
            False,
            status(500),
            owes=opens("server"),
            symptom=symptoms.status(500),
            how="SIGKILL to the database's process; it is started again to heal.",
            metrics='`kind="server"`.',
            trap="The page comes for every URL, health pages and wrong keys included: it says nothing about the key.",
        ),
        _fault(
            "db_refused",
            "A",
            "the database runs, and its port refuses connections",
            page,
            False,
            status(500),
            owes=opens("server"),
            symptom=symptoms.status(500),
            how="The Toxiproxy in front of the database is disabled.",
            metrics='`kind="server"`.',
            trap="A database that is out of reach and one that is down look the same from outside.",
        ),
        _fault(
            "db_paused",
            "E",
            "the database is stopped: the PMS accepts requests and answers none",
            "its own read timeout",
            True,
            no_byte_within(_SILENT_S),
            owes=opens("timeout"),
            symptom=symptoms.TIMEOUT,
            how="SIGSTOP to the database's process, SIGCONT to heal.",
            metrics='`kind="timeout"`.',
            trap="QloApps has no time limit of its own: when the database goes on, everything that was sent is carried "
            "out, also for clients that left long before.",
        ),
        _fault(
            "db_slow",
            "E",
            "every answer of the database takes 300 ms, and the PMS asks it dozens of times for one answer",
            "its own read timeout",
            True,
            no_byte_within(_SILENT_S),
            owes=opens("timeout", runs=Runs.WEEKLY),
            symptom=symptoms.TIMEOUT,
            how="A latency toxic in front of the database, removed to heal.",
            metrics='`kind="timeout"`.',
            trap="A small delay of the database is a long one of the PMS.",
        ),
        _fault(
            "db_read_only",
            "A",
            "the database takes no changes: reading works, bookings end in 500",
            "500 with an empty body for bookings",
            False,
            _acts(),
            owes=in_flight("server"),
            symptom=symptoms.status(500),
            how="The rights to write are taken from QloApps' account.",
            metrics='`kind="server"`, of bookings only.',
            trap="Every probe by a safe read is green.",
            direct=True,
        ),
        _fault(
            "table_locked",
            "E",
            "the table of orders is locked: bookings wait in the middle, questions about rooms are answered",
            "its own read timeout for bookings and read-backs",
            True,
            no_byte_within(_SILENT_S),
            owes=in_flight("timeout"),
            symptom=symptoms.TIMEOUT,
            how="LOCK TABLES by another connection.",
            metrics='`kind="timeout"`, of bookings and read-backs.',
            trap="The bookings are carried out when the lock is gone.",
            probe=_ORDERS,
        ),
    ]


def access_faults() -> list[Fault]:
    """Its web service: key, permissions, switch, host name."""
    return [
        _fault(
            "key_disabled",
            "B",
            "the agent's key is not active",
            "401 with codes 20 and 21",
            False,
            status(401),
            owes=opens("auth", certain=True),
            symptom=symptoms.status(401),
            how="The key's row is set inactive.",
            metrics='`kind="auth"`.',
            trap="401 is also the answer to a resource that the key may not use.",
        ),
        _fault(
            "key_rotated",
            "B",
            "the PMS has another key than the agent, from one request to the next",
            "401 with codes 20 and 21",
            False,
            status(401),
            owes=opens("auth", certain=True),
            symptom=symptoms.status(401),
            how="The key's row gets another key.",
            metrics='`kind="auth"`.',
            trap="An agent that reads its key at the start only must be restarted.",
        ),
        _fault(
            "permission_removed",
            "B",
            "the agent's key may do everything but use bookings",
            "401 with code 26 for bookings",
            False,
            status(401),
            owes=in_flight("auth"),
            symptom=symptoms.status(401),
            how="The key's permissions for bookings are removed.",
            metrics='`kind="auth"`, of bookings only.',
            trap="The key is good, and probes by a safe read are green.",
            probe=Probe(path="/api/bookings?output_format=JSON", patience=3.0),
        ),
        _fault(
            "webservice_off",
            "A",
            "the web service is switched off in the PMS's settings",
            "503 with code 22",
            False,
            status(503),
            owes=opens("server"),
            symptom=symptoms.status(503),
            how="PS_WEBSERVICE is set to 0.",
            metrics='`kind="server"`.',
            trap="The shop works, so that everything seems to be up.",
        ),
        _fault(
            "wrong_host",
            "A",
            "the PMS answers for another host name and redirects to it",
            "302 to the shop",
            False,
            status(302),
            owes=opens("bad_answer"),
            symptom=symptoms.status(302),
            how="The shop's domain is changed.",
            metrics='`kind="bad_answer"`.',
            trap="A client that follows redirects ends with 200 and the HTML of the shop.",
        ),
    ]


def process_faults() -> list[Fault]:
    """Its web server's processes."""
    return [
        _fault(
            "pms_killed",
            "A",
            "the PMS's web server has been killed",
            "connection closed without an answer",
            False,
            cut(),
            owes=opens("lost", runs=Runs.WEEKLY),
            symptom=symptoms.CUT,
            how="SIGKILL to the web server and its workers; started again to heal.",
            metrics='`kind="connect"` or `kind="lost"`: the proxies in front still accept.',
            trap="What was under way has left rows behind: an order without a room.",
        ),
        _fault(
            "killed_in_booking",
            "A",
            "the PMS's web server is killed and started again while bookings are in the middle",
            "its own read timeout for bookings and read-backs",
            None,
            no_byte_within(_SILENT_S),
            owes=in_flight("timeout"),
            symptom=symptoms.TIMEOUT,
            how="The table of orders is locked so that bookings stop in the middle; to heal, the web server is killed, "
            "the lock given up, the web server started.",
            metrics='`kind="timeout"` or `kind="lost"`.',
            trap="What the database was about to do for the killed process may be done all the same.",
            probe=_ORDERS,
        ),
    ]


def silent_cancel() -> Fault:
    """What QloApps does to the losers of a race, without a race. Nobody injects it: it is a defect, not a fault.

    It is therefore not in the catalogue; a stand-in is told to show it, a real PMS does it by itself.
    """
    return _own_defect(
        "silent_cancel",
        "bookings are answered 200 as ever, and cancelled inside the same request",
        how="The stand-in treats every booking as the loser of a race.",
        trap="The answer and a later read of the booking look good; only the room lines say that nothing is held.",
    )


def parallel_bookings() -> Fault:
    """What QloApps is always like: bookings that come together get between each other. See `silent_cancel`."""
    return _own_defect(
        "parallel_bookings",
        "a booking looks for a free room, takes its time, and writes it down without looking again",
        how="The stand-in takes as long as the real PMS between looking for a room and writing it down.",
        trap="One after the other all bookings are right, so that tests in sequence are green.",
    )


def _own_defect(name: str, tells: str, *, how: str, trap: str) -> Fault:
    return _fault(
        name, "A", tells, "an answer as usual", None, _acts(), how=how, metrics="Nothing.", trap=trap, direct=True
    )


def _fault(
    name: str,
    cause: str,
    tells: str,
    client_sees: str,
    worked: bool | None,
    proof: Proof,
    *,
    how: str,
    metrics: str,
    trap: str,
    probe: Probe = _HOTELS,
    direct: bool = False,
    owes: Owed | None = None,
    symptom: str = symptoms.NONE,
) -> Fault:
    def ask(place: Place, _probe: Probe) -> Seen:
        return Seen(Came.ANSWERED, 0.0, 200, {_ACTS: str(place.pms.shows(name)).lower()})

    return Fault(
        name=name,
        cause=cause,
        tells=tells,
        client_sees=client_sees,
        pms_did_the_work=worked,
        action=Switch(name),
        proof=proof,
        probe=probe,
        heal=Heal.RESUME,
        look=ask if direct else through_the_proxies,
        needs=frozenset({Needs.PMS_SWITCHES}),
        story=Story(how=how, metrics=metrics, trap=trap),
        shows_within=_SHOWS_WITHIN_S,
        owes=owes,
        symptom=symptom,
    )


def _acts() -> Proof:
    """Measured at the PMS: a probe that writes never gets there."""
    return Proof("seen at the PMS itself", lambda seen: seen.headers.get(_ACTS) == "true")
