"""`verdict.json`: the result of a run for machines. Changes that break readers raise `schema_version`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from pms_drill.checks.findings import Status
from pms_drill.checks.verdict import Outcome
from pms_drill.load.bands import Band

SCHEMA_VERSION: Literal[1] = 1


class PropertyResult(BaseModel):
    """One property, merged over its tests; a test without a property stands under its own id.

    Attributes:
        verdict: the worst of its tests.
        tests: how many tests judged it; skipped ones do not count.
        skipped: how many were skipped in order.
        holes: how many had to judge it and did not: taken away, ended early, skipped for a reason that nobody foresaw.
        absent: the reason, if all its tests were skipped.
        sentence: what it claims.
        part: contracts, chaos or load.
        episodes: experiments in which it was not passed (all experiments, for one that passed nowhere else).
        why: claim and evidence of the worst tests; figures that passed tests noted.
        reproduce: the command that shows it again.
    """

    verdict: Outcome
    tests: int
    skipped: int = 0
    holes: int = 0
    absent: str = ""
    sentence: str = ""
    part: str = ""
    episodes: list[str] = []
    why: str = ""
    reproduce: str = ""


class TargetRow(BaseModel):
    """A row of the target table, as the load part writes it to `targets.json`; see `pms_drill.load.judge.Target`."""

    model_config = ConfigDict(extra="ignore")

    metric: str
    phase: str
    value: float | None
    n: int
    band: Band
    target: str
    warning: str
    critical: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    shown: bool = False
    straddles: str = ""
    direct: float | None = None
    added: float | None = None
    note: str = ""
    label: str = ""
    gates: bool = True


class FindingResult(BaseModel):
    """A defect of the PMS itself, and what the run saw of it; no property of the agent.

    Attributes:
        id: stable; as in contracts/pms/known-findings.toml if it stands there.
        status: how what was seen compares with what is written down.
        seen: whether the PMS shows it; None if nobody looked, or nobody can say.
        sentence: what the PMS does wrong.
        since: the first version at which it was seen; empty if it is not written down.
        witness: what was seen.
        why: why it is unknown, or was not looked for.
        excuses: properties of the agent that it would break, were it not told apart.
        tests: how many tests looked for it.
    """

    id: str
    status: Status
    seen: bool | None = None
    sentence: str = ""
    since: str = ""
    witness: str = ""
    why: str = ""
    excuses: list[str] = []
    tests: int = 0


class Counts(BaseModel):
    """Tests by outcome; skipped ones by reason.

    Attributes:
        findings: tests that looked for a defect of the PMS and found no new one. They passed nothing.
    """

    passed: int = 0
    failed: int = 0
    unknown: int = 0
    waived: int = 0
    findings: int = 0
    skipped: dict[str, int] = {}

    @property
    def total(self) -> int:
        """All tests."""
        return self.passed + self.failed + self.unknown + self.waived + self.findings + sum(self.skipped.values())


class Coverage(BaseModel):
    """Which properties were judged, of those that the run was about. Each of them is in exactly one place.

    Attributes:
        of: how many there are: of the parts that ran, or what the selection matches.
        judged: how many were judged by every test that had to.
        absent: reason of a skip ("not-claimed", "needs-tool") -> ids that are not judged here, and need not be.
        left_out: ids that the tier leaves to the others.
        not_judged: ids that had to be judged and were not, or not by every test and experiment: the run is unknown.
    """

    of: int = 0
    judged: int = 0
    absent: dict[str, list[str]] = {}
    left_out: list[str] = []
    not_judged: list[str] = []


class RunVerdict(BaseModel):
    """The whole file.

    Attributes:
        headline: the answer in one line, first in the file: verdict, whether it is that of a selection, how many of
            the properties were judged.
        commit: of this checkout, with "+dirty" if it was changed; "unknown" outside of git.
        started: UTC, ISO 8601.
        duration_s: seconds.
        fail_on: from which band on the exit code is not 0.
        selection: the expression given with -k; empty for none.
        selected: what of the tier this run was about, in words; empty for all of it.
        drawn: which idle faults the seed has drawn, in words; empty without a draw.
        parts: sessions of this run.
        trouble: what could not be proven outside of tests: a session that broke, counts that do not add up.
        notes: what could not be written or shown and decides nothing: a picture, the terminal.
        repeated: experiments that were run once more because the machine stalled at a moment that is judged.
        complete: every part ran to its end, and what it left was searched.
        left_behind: bookings at a system that is not ours, which the run made and could not cancel.
        cancelled: requests for bookings there of which the PMS holds no room any more.
        coverage: how many properties were judged; None in files of older versions.
        left_out: properties that no test of this tier judges, of the parts that ran.
        left_out_experiments: experiments that this tier does not run.
        load_profile: the profile under which load was judged, and the command that it starts; empty without load.
        pictures: drawings of guests, faults and breaker, below the run's folder.
    """

    headline: str = ""
    schema_version: Literal[1] = SCHEMA_VERSION
    run_id: str
    commit: str
    tier: str
    stack: str
    profile: str
    seed: int
    started: str
    duration_s: float
    exit_code: int
    fail_on: str = "warning"
    selection: str = ""
    selected: str = ""
    drawn: str = ""
    parts: list[str]
    versions: dict[str, str]
    machine: dict[str, Any]
    counts: Counts
    coverage: Coverage | None = None
    properties: dict[str, PropertyResult]
    targets: list[TargetRow]
    findings: list[FindingResult]
    trouble: list[str]
    notes: list[str] = []
    repeated: list[str] = []
    complete: bool
    left_behind: list[str] = []
    cancelled: int = 0
    left_out: list[str] = []
    left_out_experiments: list[str] = []
    load_profile: str = ""
    pictures: list[str] = []

    def told(self, key: str) -> str:
        """The verdict of a property in a word, and which known finding is why it does not fail.

        Raises:
            KeyError: it was not judged.
        """
        ids = [finding.id for finding in self.findings if finding.status is Status.KNOWN and key in finding.excuses]
        verdict = self.properties[key].verdict.value
        return f"{verdict}: {', '.join(ids)} is known" if ids else verdict
