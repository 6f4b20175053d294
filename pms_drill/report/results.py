"""Writes the results of a run into its folder: verdict.json, page, review, junit.xml, allure-results/."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import TypeVar
from uuid import NAMESPACE_URL, uuid5

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from pydantic import TypeAdapter, ValidationError

from pms_drill.checks.findings import Finding
from pms_drill.checks.verdict import Outcome
from pms_drill.contract import findings as known_findings
from pms_drill.contract.findings import Looked
from pms_drill.errors import DrillError
from pms_drill.evidence import bookings_made, repeats
from pms_drill.files import replace_text, replace_texts
from pms_drill.load import judged_under
from pms_drill.profile import Waiver
from pms_drill.properties import catalogue, review, suites
from pms_drill.properties.catalogue import Property
from pms_drill.report import evidence_files, findings, page
from pms_drill.report.coverage import Expected
from pms_drill.report.merge import Gathered, merge
from pms_drill.report.model import RunVerdict, TargetRow
from pms_drill.report.not_played import not_played
from pms_drill.report.outcomes import Item, PartOutcomes, Record, RunContext, clean_nodeid, read_part
from pms_drill.report.reconcile import allure_count, differences, junit_count
from pms_drill.report.show import not_drawn, pictures
from pms_drill.tiers import Tier

VERDICT = "verdict.json"
PAGE = "pms_test_results.txt"
REVIEW = "review.md"
JUNIT = "junit.xml"
ALLURE = "allure-results"
#: Where the runbook looks for the page, below the project.
PUBLISHED = Path("tests") / "integration" / PAGE
#: Under this id JUnit and Allure show that something is wrong with the run, when no test of it is red.
_ITSELF = "pms_drill/runner.py::run"
_TOOLS = ("pms-drill", "pytest", "schemathesis", "locust", "allure-pytest", "httpx", "toxiproxy-python")


T = TypeVar("T")


@dataclass(frozen=True)
class RunInfo:
    """What the runner knows about a run.

    Attributes:
        folder: the run's folder; its name is the run's id.
        parts: what was asked for.
        ended: parts whose session ended by itself, whatever it found.
        trouble: what went wrong outside of tests.
        judged: what the runner judged itself, after all parts.
        expected: what the run must judge (`pms_drill.expected`).
        properties: all that there are.
        named: parts that were asked for by name.
        selection: the expression given with -k.
        selected: what of the tier was asked for, in words; empty for all of it.
        drawn: which idle faults the seed has drawn, in words; empty without a draw.
        notes: what could not be written or shown and decides nothing.
        pending: what has still to be looked at. As long as anything has, nothing that is written says "passed".
        root: the project, for its commit.
    """

    folder: Path
    root: Path
    context: RunContext
    tier: Tier
    parts: Sequence[str]
    ended: Sequence[str]
    started: datetime
    duration: float
    waivers: Sequence[Waiver] = ()
    trouble: Sequence[str] = ()
    judged: Sequence[Record] = ()
    expected: Sequence[Expected] = ()
    properties: Sequence[Property] = ()
    named: Sequence[str] = ()
    selection: str = ""
    selected: str = ""
    drawn: str = ""
    fail_on: str = "warning"
    notes: Sequence[str] = ()
    pending: str = ""


def part_folder(run_dir: Path, part: str) -> Path:
    """Where a session leaves its own `junit.xml` and `allure/`, until they are merged."""
    return run_dir / "parts" / part


def write_results(info: RunInfo) -> RunVerdict:
    """Merge what the parts left, judge it, and write the files. Also used for a run that was cut.

    What cannot be merged or shown hides no verdict: it is told, and makes the run unknown. Page, review, JUnit and
    `verdict.json` are replaced together, so that none of them says what the others do not.

    Raises:
        DrillError: the folder cannot be written (disk full, no permission), or the catalogue of properties is broken.
    """
    trouble = Trouble()
    trouble.instead_of("the workers' evidence cannot be joined", lambda: evidence_files.join(info.folder), None)
    trouble.instead_of("the results for Allure cannot be merged", lambda: _merge_allure(info), None)
    suites: list[TestSuite] = []
    for part in info.parts:
        read = partial(_suites, info.folder, part)
        suites += trouble.instead_of(f"{part}: its results for JUnit cannot be read", read, [])
    try:
        verdict = _judge(info, trouble.lines)
        known = len(trouble.lines)
        texts = _rendered(info, verdict, suites, trouble)
        if len(trouble.lines) > known:
            verdict = _judge(info, trouble.lines)
            texts = _rendered(info, verdict, suites, trouble)
        replace_texts({info.folder / name: text for name, text in texts.items()})
    except OSError as error:
        raise DrillError(
            f"the results cannot be written: {error.strerror}",
            where=str(error.filename or info.folder),
            todo="free space or make the folder writable, then run again",
        ) from error
    return verdict


class Trouble:
    """Collects what went wrong while results were made, instead of ending with it."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def instead_of(self, what: str, act: Callable[[], T], otherwise: T) -> T:
        """What the act returns; after an error of whatever kind `otherwise`, and a line that tells it, once."""
        try:
            return act()
        except Exception as error:
            line = f"{what}: {type(error).__name__}: {error}"
            self.lines += [line] if line not in self.lines else []
            return otherwise


def _rendered(info: RunInfo, verdict: RunVerdict, suites: Sequence[TestSuite], trouble: Trouble) -> dict[str, str]:
    """Name of each file of results -> its text; a file that cannot be made says so."""
    plain = f"{page.headline(verdict)}\n\nThis file could not be made; {VERDICT} has the whole verdict.\n"
    made: dict[str, Callable[[], str]] = {
        JUNIT: lambda: _junit(info, verdict, suites),
        REVIEW: lambda: review.render(catalogue.load(), verdict),
        PAGE: lambda: page.render(verdict),
    }
    trouble.instead_of("the results for Allure cannot be written", lambda: _add_to_allure(info, verdict), None)
    texts = {name: trouble.instead_of(f"{name} cannot be made", make, plain) for name, make in made.items()}
    return {**texts, VERDICT: verdict.model_dump_json(indent=2) + "\n"}


def publish_page(run_dir: Path, root: Path) -> None:
    """Copy the page to where the runbook looks for it.

    Raises:
        OSError: it cannot be written there.
    """
    target = root / PUBLISHED
    target.parent.mkdir(parents=True, exist_ok=True)
    replace_text(target, (run_dir / PAGE).read_text(encoding="utf-8"))


def _judge(info: RunInfo, problems: Sequence[str] = ()) -> RunVerdict:
    parts = [read_part(info.folder, part) for part in info.parts]
    trouble = [*info.trouble, *filter(None, [info.pending]), *problems]
    for part in parts:
        if part.part in info.ended and part.collected:
            folder = part_folder(info.folder, part.part)
            trouble += differences(part, junit_count(folder / "junit.xml"), allure_count(folder / "allure"))
    rows, problem = _targets(info.folder / "targets.json")
    trouble += problem
    loaded = any(one.outcome is not Outcome.SKIPPED for part in parts if part.part == "load" for one in part.records)
    if loaded and "load" in info.ended and not info.selection and not rows and not problem:
        trouble.append("load: it ended without a table of targets")
    known, looked, problem = _findings(info)
    trouble += problem or findings.unnoted(parts, looked)
    made = bookings_made.read(info.folder)
    left = [intent.told() for intent in made if intent.may_stand]
    if left and info.context.target.pms_url:
        trouble.append(f"{len(left)} bookings of this run could not be cancelled at the PMS; they are listed")
    complete = set(info.parts) == set(info.ended) and not info.pending
    judged = merge(
        Gathered(
            context=info.context,
            tier=info.tier,
            parts=[*parts, *_by_the_runner(info), *_not_looked_for(info, known, parts)],
            today=info.started.date(),
            targets=rows,
            waivers=info.waivers,
            trouble=trouble,
            complete=complete,
            expected=info.expected,
            catalogue=_parts_of(info.properties),
            sentences={entry.id: entry.sentence for entry in info.properties},
            named=info.named,
            selection=info.selection,
            fail_on=info.fail_on,
        )
    )
    verdict = RunVerdict(
        run_id=info.folder.name,
        commit=_commit(info.root),
        tier=info.tier.name,
        stack=info.context.stack,
        profile=info.context.profile,
        seed=info.context.seed,
        started=info.started.isoformat(timespec="seconds"),
        duration_s=round(info.duration, 1),
        exit_code=judged.exit_code,
        fail_on=info.fail_on,
        selection=info.selection,
        selected=info.selected,
        drawn=info.drawn,
        parts=list(info.parts),
        versions=_versions(info.folder / "versions.json"),
        machine={"cores": os.cpu_count() or 0, "platform": platform.platform()},
        counts=judged.counts,
        coverage=judged.coverage,
        properties=judged.properties,
        targets=rows,
        findings=findings.listed(known, judged.findings, looked),
        trouble=judged.trouble,
        notes=[*info.notes, *not_drawn(info.folder), *not_played(info.folder)],
        repeated=repeats.read(info.folder / "journal.jsonl"),
        complete=complete,
        left_behind=left,
        cancelled=sum(intent.cancelled for intent in made),
        load_profile=judged_under.read(info.folder),
        pictures=pictures(info.folder),
        left_out=judged.coverage.left_out,
        left_out_experiments=[] if info.selection else _left_out_experiments(info),
    )
    return verdict.model_copy(update={"headline": page.headline(verdict)})


def _parts_of(properties: Sequence[Property]) -> dict[str, str]:
    """Id -> part of each property."""
    groups = {group.name: group.part for group in catalogue.load().group}
    return {entry.id: groups[entry.group] for entry in properties}


def _left_out_experiments(info: RunInfo) -> list[str]:
    """Experiments that the tier does not run, of the parts that were asked for."""
    mine = [one for one in info.expected if one.item.part in info.parts and one.item.episode]
    return sorted({one.item.episode for one in mine} - {one.item.episode for one in mine if not one.left_out})


def _by_the_runner(info: RunInfo) -> list[PartOutcomes]:
    """What the runner judged, as a part of its own; nothing if it judged nothing."""
    if not info.judged:
        return []
    items = [Item(**record.model_dump(include=set(Item.model_fields))) for record in info.judged]
    return [PartOutcomes(part="run", collected=items, records=list(info.judged))]


def _targets(path: Path) -> tuple[list[TargetRow], list[str]]:
    if not path.is_file():
        return [], []
    try:
        return TypeAdapter(list[TargetRow]).validate_json(path.read_bytes()), []
    except ValidationError as error:
        return [], [f"load: the table of targets cannot be read\n{error}"]


def _findings(info: RunInfo) -> tuple[Mapping[str, Finding], Mapping[str, Sequence[Looked]], list[str]]:
    """The defects of the PMS that are known, what was seen of them, and what is wrong with the lists."""
    try:
        known = known_findings.load(info.root) if (info.root / known_findings.KNOWN).is_file() else {}
        return known, known_findings.looked_for(info.folder), []
    except (DrillError, OSError, ValueError, KeyError) as error:
        return {}, {}, [f"the findings about the PMS cannot be read\n{error}"]


def _not_looked_for(info: RunInfo, known: Mapping[str, Finding], parts: Sequence[PartOutcomes]) -> list[PartOutcomes]:
    """Known defects that this run had to look for and did not, as a part of its own; nothing if there are none."""
    records = findings.forgotten(known, suites.looking(info.root), parts, info.tier, info.selection)
    return [PartOutcomes(part=findings.PART, records=records)] if records else []


def _versions(extra: Path) -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for name in _TOOLS:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    if extra.is_file():
        try:
            versions.update(TypeAdapter(dict[str, str]).validate_json(extra.read_bytes()))
        except ValidationError:
            versions["others"] = f"{extra.name} cannot be read"
    return versions


def _commit(root: Path) -> str:
    def git(*words: str) -> str:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, timeout=10, check=True)
        return done.stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("+dirty" if git("status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def _suites(folder: Path, part: str) -> list[TestSuite]:
    """What a part left for JUnit; nothing for a session that was cut."""
    path = part_folder(folder, part) / JUNIT
    if not path.is_file():
        return []
    suites = list(JUnitXml.fromfile(str(path)))
    for suite in suites:
        suite.name = part
        for case in suite:
            case.name = clean_nodeid(f"::{case.name}").removeprefix("::")
    return suites


def _of_the_run(info: RunInfo, verdict: RunVerdict) -> list[Record]:
    """What was judged outside of tests: by the runner, and the run itself as soon as anything is wrong with it."""
    if verdict.complete and not verdict.trouble:
        return list(info.judged)
    why = "\n".join(verdict.trouble or ["the run was not completed"])
    itself = Record(nodeid=_ITSELF, part="run", sentence="the run itself", outcome=Outcome.UNKNOWN, why=why)
    return [*info.judged, itself]


def _junit(info: RunInfo, verdict: RunVerdict, suites: Sequence[TestSuite]) -> str:
    merged = JUnitXml()
    for suite in suites:
        merged.add_testsuite(suite)
    if records := _of_the_run(info, verdict):
        suite = TestSuite("run")
        for record in records:
            case = TestCase(
                record.property or record.sentence, classname=record.nodeid.partition(".py::")[0].replace("/", ".")
            )
            if record.outcome is not Outcome.PASSED:
                kinds = {Outcome.FAILED: Failure, Outcome.SKIPPED: Skipped}
                case.result = [kinds.get(record.outcome, Error)(record.why)]
            suite.add_testcase(case)
        merged.add_testsuite(suite)
    merged.update_statistics()  # type: ignore[no-untyped-call]
    return bytes(merged.tostring()).decode("utf-8")  # type: ignore[no-untyped-call]


def _merge_allure(info: RunInfo) -> None:
    merged = info.folder / ALLURE
    merged.mkdir(exist_ok=True)
    for part in info.parts:
        folder = part_folder(info.folder, part) / "allure"
        if folder.is_dir():
            shutil.copytree(folder, merged, dirs_exist_ok=True, copy_function=_link_or_copy)


def _add_to_allure(info: RunInfo, verdict: RunVerdict) -> None:
    """What was judged outside of tests, and what was run."""
    merged = info.folder / ALLURE
    records = {uuid5(NAMESPACE_URL, record.nodeid): record for record in _of_the_run(info, verdict)}
    (merged / f"{uuid5(NAMESPACE_URL, _ITSELF)}-result.json").unlink(missing_ok=True)
    for key, record in records.items():
        replace_text(merged / f"{key}-result.json", _allure(record, info) + "\n")
    shown = {
        "run": verdict.run_id,
        "commit": verdict.commit,
        "tier": verdict.tier,
        "stack": verdict.stack,
        "profile": verdict.profile,
        "seed": str(verdict.seed),
        **verdict.versions,
    }
    replace_text(merged / "environment.properties", "".join(f"{key}={value}\n" for key, value in shown.items()))


def _allure(record: Record, info: RunInfo) -> str:
    told = {Outcome.PASSED: "passed", Outcome.FAILED: "failed", Outcome.SKIPPED: "skipped"}
    status = told.get(record.outcome, "broken")
    at = int(info.started.timestamp() * 1000 + info.duration * 1000)
    return json.dumps(
        {
            "uuid": str(uuid5(NAMESPACE_URL, record.nodeid)),
            "name": f"{record.property} {record.sentence}".strip(),
            "fullName": record.nodeid,
            "status": status,
            "statusDetails": {"message": record.why},
            "start": at,
            "stop": at,
        }
    )


def _link_or_copy(source: str, target: str) -> None:
    """A second name for the same file costs no space; where that is not possible, a copy."""
    Path(target).unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def read_verdict(folder: Path) -> RunVerdict:
    """The verdict of a run.

    Raises:
        DrillError: the folder holds none.
    """
    path = folder / VERDICT
    try:
        return RunVerdict.model_validate_json(path.read_bytes())
    except OSError as error:
        raise DrillError("there is no result here", where=str(path), todo="make a run: pms-drill run") from error
    except (ValidationError, json.JSONDecodeError) as error:
        raise DrillError("the result cannot be read", where=str(path), detail=str(error)) from error
