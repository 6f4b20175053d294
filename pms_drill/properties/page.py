"""The catalogue as a page for people: docs/properties.md."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from pms_drill.checks.findings import Finding
from pms_drill.properties.catalogue import PROOFS, SOURCES, Catalogue, Group, Property
from pms_drill.properties.suites import ROOT, SuiteTest
from pms_drill.report.model import RunVerdict

PAGE = ROOT / "docs" / "properties.md"
#: The last verdicts of the reference agent, kept beside the page so that it can be made again.
LAST = ROOT / "docs" / "reference-verdicts.json"

_INTRO = """\
# Properties

<!-- Made by `make docs` from pms_drill/properties/catalogue.toml. Do not edit this page. -->

One line is one rule of behaviour, judged by one or more tests of the suite; `-k ID` selects it. A property is
passed, failed or unknown in each run. Under a fault that opens the breaker most of them are judged once per fault.

The words MUST, MUST NOT, SHOULD and MAY have the meaning of RFC 2119. **Source** says where a rule comes from:

{sources}

**Who** says for whom it holds: *all*, or the key of a profile that claims it ([profiles.md](profiles.md)); what a
profile does not claim is skipped as `not-claimed`. **Seen by** names the witnesses. **Seen failing** says how the check
was seen to fail. `make test`, with each change, does the histories and lies again. `make kill-matrix`, every night,
runs all agents and harnesses with a defect and all claims: whole runs, of which `make test` does a few:
"""


_FINDINGS = """\
## Findings about the PMS

What QloApps itself does wrong (`contracts/pms/known-findings.toml`). These are no properties of an agent and are in no
count of them. A run says of each whether it was seen (*known*), looked for and not seen (*vanished*), or not looked
for. A known one decides nothing, one that is not written down fails, one of which nothing can be said is unknown.
**Excuses** names the properties that it would break, were it not told apart from defects of the agent.
"""


class Verdicts(BaseModel):
    """What one run said, as far as the page needs it.

    Attributes:
        commit, started, profile, stack, tier, seed: of the run.
        properties: id -> verdict, with the known findings of the PMS that it passed over.
        findings: id of a defect of the PMS -> whether it was seen.
    """

    model_config = ConfigDict(extra="ignore")

    commit: str
    started: str
    profile: str
    stack: str
    tier: str
    seed: int
    properties: dict[str, str]
    findings: dict[str, str] = {}

    @classmethod
    def of(cls, run: RunVerdict) -> Verdicts:
        """The part of a run's verdict."""
        facts = run.model_dump(include=set(cls.model_fields) - {"properties", "findings"})
        seen = {finding.id: finding.status.value for finding in run.findings}
        return cls(properties={key: run.told(key) for key in run.properties}, findings=seen, **facts)

    def text(self) -> str:
        """As it is kept in a file."""
        return json.dumps(self.model_dump(), indent=1, sort_keys=True) + "\n"

    def told(self) -> str:
        """One sentence that says what was run and what came of it."""
        counts = Counter(verdict.partition(":")[0] for verdict in self.properties.values())
        found = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
        return (
            f"profile `{self.profile}`, stack `{self.stack}`, tier `{self.tier}`, seed {self.seed}, "
            f"{self.started[:10]}, commit `{self.commit[:10]}`: {found}"
        )


def last(path: Path = LAST) -> Verdicts | None:
    """The verdicts that are kept; None if there are none."""
    return Verdicts.model_validate_json(path.read_text(encoding="utf-8")) if path.is_file() else None


def render(
    catalogue: Catalogue,
    tests: Iterable[SuiteTest],
    verdicts: Verdicts | None,
    known: Mapping[str, Finding] | None = None,
    looking: Iterable[SuiteTest] = (),
) -> str:
    """The whole page, as Markdown.

    Args:
        tests: those that judge properties.
        known: the defects of the PMS that are written down, and `looking`, the tests that look for them.
    """
    judged: dict[str, list[SuiteTest]] = {}
    for test in tests:
        judged.setdefault(test.key, []).append(test)
    sources = "\n".join(f"* *{kind}*: {text}" for kind, text in SOURCES.items())
    lines = [_INTRO.format(sources=sources), *(f"* *{kind}*: {text}" for kind, text in PROOFS.items()), ""]
    if verdicts:
        lines += [f"**Last verdict** of the reference agent: {verdicts.told()}.", "", _judged(catalogue, verdicts), ""]
    for group in catalogue.group:
        lines += _section(group, catalogue.of(group), judged, verdicts)
    return "\n".join([*lines, *_findings(known or {}, list(looking), verdicts), *_checklist(catalogue)])


def _findings(known: Mapping[str, Finding], looking: Sequence[SuiteTest], verdicts: Verdicts | None) -> list[str]:
    """The defects of the PMS: no properties, and in no count of them."""
    if not known:
        return []
    head = ["id", "what the PMS does wrong", "since", "how it is known", "looked for in", "excuses", "last seen?"]
    rows = [_FINDINGS, _row(head), _row("---" for _ in head)]
    for finding in known.values():
        tests = [f"[{Path(test.file).stem}](../{test.file})" for test in looking if test.key == finding.id]
        excuses = ", ".join(finding.excuses)
        last = verdicts.findings.get(finding.id, "not told") if verdicts else ""
        rows.append(
            _row(
                [
                    finding.id,
                    finding.sentence,
                    finding.since,
                    finding.source,
                    ", ".join(dict.fromkeys(tests)),
                    excuses,
                    last,
                ]
            )
        )
    return [*rows, ""]


def _judged(catalogue: Catalogue, verdicts: Verdicts) -> str:
    """How many of today's properties that run judged: nobody may take the others for passed."""
    told = [verdicts.properties.get(entry.id, "") for entry in catalogue.property]
    absent = sum(verdict.startswith("skipped") for verdict in told)
    missing = told.count("")
    judged = len(told) - absent - missing
    return (
        f"Of {len(told)} properties {judged} were judged by that run, {absent} are absent (not claimed by the profile, "
        f"or not possible there; *skipped* below), {missing} were not judged."
    )


def _checklist(catalogue: Catalogue) -> list[str]:
    """Which property answers which line of the checklist for breakers, and what is still open."""
    if not catalogue.checklist:
        return []
    rows = ["## Checklist for circuit breakers", "", _row(["", "question", "answered by"]), _row(["---"] * 3)]
    for item in catalogue.checklist:
        answers = ", ".join(entry.id for entry in catalogue.answering(item))
        rows.append(_row([item.number, item.title, answers or f"*open: {item.open}*"]))
    return [*rows, ""]


def _section(
    group: Group, entries: list[Property], judged: Mapping[str, list[SuiteTest]], verdicts: Verdicts | None
) -> list[str]:
    head = ["id", "what must hold", "source", "who", "seen by", "judged in", "seen failing", "last verdict"]
    rows = [f"## {group.title}", "", f"Part: `{group.part}`.", "", _row(head), _row("---" for _ in head)]
    for entry in entries:
        rows.append(
            _row(
                [
                    entry.id,
                    entry.sentence,
                    "; ".join(entry.source),
                    _who(entry.claim),
                    ", ".join(entry.witnesses),
                    ", ".join(dict.fromkeys(f"[{Path(t.file).stem}](../{t.file})" for t in judged.get(entry.id, []))),
                    ", ".join(_proof(proof) for proof in entry.proof),
                    verdicts.properties.get(entry.id, "not judged") if verdicts else "",
                ]
            )
        )
    return [*rows, ""]


def _who(claim: str) -> str:
    """For whom a property holds."""
    key, _, value = claim.partition("=")
    if value == "None":
        return f"all without `{key}`"
    return f"`{claim}`" if claim else "all"


def _row(cells: Iterable[Any]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _proof(proof: str) -> str:
    kind, _, name = proof.partition(":")
    if kind == "history":
        file, _, test = name.partition("::")
        return f"[{test.removeprefix('test_').replace('_', ' ')}](../{file})"
    file = {
        "mutant": f"tests/mutants/{name}.py",
        "lie": "tests/mutants/lies/table.py",
        "harness": f"tests/mutants/harness/{name}.py",
        "claimed": f"tests/variants/{name}.toml",
    }[kind]
    return f"[{kind} {name}](../{file})"
