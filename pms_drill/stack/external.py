"""The stack `external`: an agent that runs already, with what else was given. Read-only unless writes are allowed.

What cannot be done or seen here ends the test that needs it as a typed skip.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from base64 import b64encode
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

import httpx

from pms_drill import clock
from pms_drill.checks.verdict import SkipReason, Unproven
from pms_drill.errors import DrillError
from pms_drill.evidence import bookings_made, canaries
from pms_drill.evidence.bookings import Booking
from pms_drill.evidence.bookings_made import BookingsMade, Intent
from pms_drill.evidence.journal import Journal
from pms_drill.evidence.ledger import LedgerEntry
from pms_drill.evidence.scrape import Scrape
from pms_drill.faults.ahead import PREFIX, FaultsAhead, take_back
from pms_drill.faults.controls import LogReader
from pms_drill.faults.faketime import SteppableClock
from pms_drill.faults.lifecycle import Place
from pms_drill.faults.own_rules import OwnRules, Renewal
from pms_drill.faults.story import Needs
from pms_drill.files import replace_text
from pms_drill.lease import Lease
from pms_drill.profile import Profile
from pms_drill.proxy.client import FaultProxyControl
from pms_drill.report.skips import skip
from pms_drill.stack.base import Addresses
from pms_drill.stack.crossing import prove_crossing
from pms_drill.stack.external_bookings import RecordingGate, cancel_all, forget_without_pms, newest_order
from pms_drill.stack.external_proxies import AdoptedToxiproxy, same_clock, strangers, whose
from pms_drill.stack.gate import Gate, ReadOnlyGate
from pms_drill.stack.https_way import HttpsWay
from pms_drill.stack.pms_reader import PmsReader
from pms_drill.target import ADMIN_TOKEN, CONTROL_TOKEN, PMS_KEY, Target

#: How long the ledger is watched for requests that are not ours.
_QUIET_S = 1.0
#: The end of a run does not wait longer than this for reservations that are pending.
_LONGEST_WAIT_S = 60.0

#: A system that runs already is not equipped with anything.
_LACKING = dict.fromkeys(
    (Needs.HTTPS, Needs.FAKETIME, Needs.LOG_READER),
    (SkipReason.STACK_CANNOT, "an agent that runs already is not given other settings"),
)


class ExternalStack:
    """A system that somebody else runs; a context manager. Nothing is started, stopped or restarted there.

    Args:
        target: its addresses and what is allowed; already checked.
        profile: the agent.
        run_dir: folder of the run.
        label: names this worker's files.
        lease: beside it lies the list of faults, for the heal after a kill.
        environment: has the secrets (`pms_drill.target`).
    """

    def __init__(
        self,
        target: Target,
        profile: Profile,
        run_dir: Path,
        *,
        label: str,
        lease: Lease,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self.profile = profile
        self.run_dir = run_dir
        self.lacking: Mapping[Needs, tuple[SkipReason, str]] = _LACKING
        self.pms_key = self.agent_key = canaries.plant(canaries.PMS_KEY, environment.get(PMS_KEY, ""))
        self.capabilities: frozenset[str] = target.capabilities(environment)
        self._target = target
        self._label = label
        self._token = canaries.plant(canaries.CONTROL_TOKEN, environment.get(CONTROL_TOKEN, ""))
        self._admin = canaries.plant(canaries.ADMIN_TOKEN, environment.get(ADMIN_TOKEN, ""))
        self._mark = f"{PREFIX}{secrets.token_hex(4)}."
        self._ahead = FaultsAhead(lease.faults)
        self._made = BookingsMade(run_dir / bookings_made.FOLDER / f"{label}.jsonl")
        self.gate: Gate = (
            RecordingGate(self._made, profile.endpoints)
            if "book" in self.capabilities
            else ReadOnlyGate(target.agent_url, profile.endpoints, target.pms_url)
        )
        self._open = ExitStack()
        self._doubts: dict[str, str] = {}
        self._toxiproxy: AdoptedToxiproxy | None = None
        self._rules: OwnRules | None = None
        self._ledger_from = 0
        self.journal: Journal

    def __enter__(self) -> Self:
        """Look at everything that was given, and prove that the agent's calls cross the proxies where there are some.

        Raises:
            DrillError: something that was given does not answer or is not what it should be.
        """
        try:
            self._connect()
        except BaseException:
            with ExitStack() as ends:
                ends.callback(self._take_back)
                self._open.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cancel the bookings of this run, and let go of everything.

        Raises:
            DrillError: everything is let go, and evidence of the run could not be written.
        """
        with ExitStack() as ends:
            if error is None:
                ends.callback(self._ahead.check_written)
                ends.callback(self._made.check_written)
                ends.callback(self.journal.check_written)
            ends.callback(self._take_back)
            ends.callback(self._open.close)
            ends.callback(self.journal.note, "stack", self._label, "left")
            self._cancel_bookings()

    @property
    def addresses(self) -> Addresses:
        """Where things listen; empty for what was not given."""
        target = self._target
        return Addresses(target.agent_url.rstrip("/"), target.pms_url.rstrip("/"), "")

    @property
    def admin_token(self) -> str:
        """Token of the agent's admin routes; skips where there is none or where resets are not allowed."""
        if "admin" not in self.capabilities:
            skip(SkipReason.STACK_CANNOT, f"a reset needs --allow-writes and {ADMIN_TOKEN}")
        return self._admin

    @property
    def place(self) -> Place:
        """Where faults are injected; skips where that is not allowed, not possible, or would not be seen."""
        self._need_faults()
        toxiproxy, rules = self._adopted()
        return Place(
            toxiproxy,
            toxiproxy.used.name,
            rules,
            self._token,
            self.journal.note,
            probe_headers={"Authorization": f"Basic {b64encode(f'{self.agent_key}:'.encode()).decode()}"},
        )

    def scrape(self) -> Scrape:
        """Read the agent's metrics now.

        Raises:
            httpx.HTTPError: no answer, or no 200.
            ValueError: the answer is no exposition.
        """
        begun = clock.now()
        answer = self._http.get(f"{self.addresses.agent}{self.profile.endpoints.metrics}").raise_for_status()
        return Scrape.parse(answer.text, begun, clock.now())

    def ledger(self, since: int = 0) -> list[LedgerEntry]:
        """Requests at the PMS side with a number above `since`; skips where nobody counts them, or others call too."""
        if "ledger" not in self.capabilities:
            skip(SkipReason.NO_WITNESS, "nobody sees the PMS's side: --fault-proxy-url was not given")
        if doubt := self._doubts.get("ledger"):
            skip(SkipReason.NO_WITNESS, doubt)
        return self._entries(since)

    def ledger_position(self) -> int:
        """Number of the last request so far."""
        return max((entry.seq for entry in self.ledger(self._ledger_from)), default=self._ledger_from)

    def restart_agent(self, *, fresh: bool = True, env: Mapping[str, str] | None = None) -> None:  # noqa: ARG002
        """Skip: the agent is not ours."""
        _not_ours("restarted")

    def kill_agent(self) -> None:
        """Skip: the agent is not ours."""
        _not_ours("killed")

    def agent_log(self) -> str:
        """Skip: the log of an agent that we did not start is not seen."""
        skip(SkipReason.NO_WITNESS, "the log of an agent that the harness did not start is not seen")

    def bookings(self) -> list[Booking]:
        """What the PMS has taken since the run began; skips where its address was not given."""
        if "read-pms" not in self.capabilities:
            skip(SkipReason.NO_WITNESS, "the PMS cannot be read directly: --pms-url was not given")
        return self._reader.bookings(self._newest)

    def make_clean(self) -> list[str]:
        """Remove this run's own faults, by name; skips where none may be made.

        Raises:
            Unproven: somebody else makes faults at the same time; they are left alone, and nothing can be told apart.
        """
        self._need_faults()
        toxiproxy, rules = self._adopted()
        mended = [f"rule {name}" for name in rules.make_clean()] + toxiproxy.ensure_clean()
        if others := [f"rule {name}" for name in rules.others()] + toxiproxy.used.others():
            raise Unproven(f"somebody else makes faults at the same time: {', '.join(others)}")
        return mended

    def https_way(self, folder: Path) -> AbstractContextManager[HttpsWay]:  # noqa: ARG002
        """Skip: the agent is not given another address."""
        _not_ours("given https")

    def log_reader(self, folder: Path) -> AbstractContextManager[LogReader]:  # noqa: ARG002
        """None: see `lacking`."""
        raise DrillError(self.lacking[Needs.LOG_READER][1])

    def agent_clock(self, folder: Path) -> SteppableClock | tuple[SkipReason, str]:  # noqa: ARG002
        """None: the agent is not given other settings."""
        return self.lacking[Needs.FAKETIME]

    @property
    def doubts(self) -> list[str]:
        """Why something that was given does not serve as a witness."""
        return list(self._doubts.values())

    def _need_faults(self) -> None:
        if "faults" not in self.capabilities:
            skip(SkipReason.STACK_CANNOT, "a fault needs --allow-writes, --toxiproxy-url and --fault-proxy-url")
        for doubt in self._doubts.values():
            skip(SkipReason.NO_WITNESS, f"a fault would not be seen properly: {doubt}")

    def _connect(self) -> None:
        evidence = self.run_dir / "evidence" / self._label
        evidence.mkdir(parents=True, exist_ok=True)
        self.journal = Journal(evidence / "journal.jsonl")
        self._http = self._open.enter_context(httpx.Client(timeout=5.0, trust_env=False))
        versions = {"pms": "external"}
        if self._target.pms_url:
            self._connect_pms()
        if self._target.fault_proxy_url:
            self._connect_ledger()
        if "faults" in self.capabilities:
            versions["toxiproxy"] = self._connect_faults()
        self.journal.note("stack", self._label, "reached", f"agent {self.addresses.agent}")
        replace_text(self.run_dir / "versions.json", json.dumps(versions) + "\n")

    def _connect_pms(self) -> None:
        self._pms = self._open.enter_context(
            httpx.Client(base_url=self.addresses.pms, auth=(self.pms_key, ""), timeout=10.0, trust_env=False)
        )
        self._reader = PmsReader(self.addresses.pms, self.pms_key)
        self._open.callback(self._reader.close)
        self._newest = newest_order(self._pms)

    def _connect_ledger(self) -> None:
        self._control = self._open.enter_context(FaultProxyControl(self._target.fault_proxy_url, self._token))
        position = self._ledger_from = int(self._control.health()["seq"])
        prove_crossing(self)
        position = max((entry.seq for entry in self._entries(position)), default=position)
        threading.Event().wait(_QUIET_S)
        if others := strangers(self._entries(position), self.profile.pms.probe_path):
            asked = ", ".join(sorted({f"{entry.method} {entry.path}" for entry in others}))
            self._doubt(
                "ledger", f"others use the PMS at the same time ({len(others)} requests in {_QUIET_S:g} s: {asked})"
            )
        if why := same_clock(self._control, self._token):
            self._doubt("clock", why)

    def _connect_faults(self) -> str:
        rules = OwnRules(self._control, self._ahead, self._mark)
        if others := rules.others():
            raise DrillError(
                "the fault proxy already has rules that are not ours",
                where=f"{self._control.url}: {', '.join(others)}",
                todo=whose(others),
            )
        toxiproxy = AdoptedToxiproxy(self._target.toxiproxy_url, self._ahead, self._mark)
        toxiproxy.adopt()
        self._toxiproxy, self._rules = toxiproxy, rules
        self._open.enter_context(Renewal(rules))
        return toxiproxy.api.version()

    def _adopted(self) -> tuple[AdoptedToxiproxy, OwnRules]:
        if self._toxiproxy is None or self._rules is None:
            raise DrillError("Toxiproxy was not reached", where=self._target.toxiproxy_url)
        return self._toxiproxy, self._rules

    def _take_back(self) -> None:
        """The last heal: what is still written ahead is taken back, or stays on the list for `pms-drill heal`.

        Raises:
            DrillError: something could not be taken back.
        """
        mended = take_back(self._ahead.standing(), self._token)
        for line in mended.done:
            self.journal.note("stack", self._label, "taken back at the end", line)
        if mended.left:
            raise DrillError(
                "faults of this run are left at proxies that are not its own",
                where="; ".join(mended.left),
                todo="make them reachable again, then say `pms-drill heal`",
            )
        self._ahead.path.unlink(missing_ok=True)

    def _doubt(self, about: str, why: str) -> None:
        self._doubts[about] = why
        self.journal.note("stack", self._label, f"no witness: {about}", why)

    def _entries(self, since: int) -> list[LedgerEntry]:
        """Raises Unproven if a rule of somebody else acted since this run began: the agent is not to blame for that."""
        entries = [entry for entry in self._control.ledger(since) if not entry.probe]
        if others := {entry.rule for entry in entries if entry.rule and self._not_ours(entry)}:
            raise Unproven(f"rules of somebody else acted on requests of this run: {', '.join(sorted(others))}")
        return [entry.model_copy(update={"rule": _bare(entry.rule, self._mark)}) for entry in entries]

    def _not_ours(self, entry: LedgerEntry) -> bool:
        return entry.seq > self._ledger_from and not str(entry.rule).startswith(self._mark)

    def _cancel_bookings(self) -> None:
        if not self._made.standing():
            return
        if "read-pms" not in self.capabilities:
            forget_without_pms(self._made)
            return
        pms = self.profile.pms
        patience = min(2 * pms.timeout + 2 * pms.settle + 4 * pms.outbox_interval, _LONGEST_WAIT_S)
        try:
            count = cancel_all(
                self._made,
                pms=self._pms,
                held=lambda: self._reader.bookings(self._newest),
                still_pending=self._still_pending,
                patience=patience,
            )
        except DrillError as error:
            for intent in self._made.standing():
                self._made.update(intent.number, why=error.what)
            return
        self.journal.note("stack", self._label, "cancelled its bookings", f"{count} at the PMS")

    def _still_pending(self, intent: Intent) -> bool:
        url = f"{self.addresses.agent}{self.profile.endpoints.reservations}/{intent.reservation}"
        try:
            return bool(self._http.get(url).json().get("status") == "pending")
        except (httpx.HTTPError, ValueError, AttributeError):
            return True


def _bare(rule: str | None, mark: str) -> str | None:
    return rule.removeprefix(mark) if rule else rule


def _not_ours(what: str) -> NoReturn:
    skip(SkipReason.STACK_CANNOT, f"an agent that runs already is not {what} by the harness")
