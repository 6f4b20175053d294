"""Findings of the PMS are no passed properties: a list of their own, seen, not seen or not looked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from junitparser import JUnitXml

from pms_drill.checks.findings import Status
from pms_drill.checks.verdict import Outcome
from pms_drill.report.results import PAGE, REVIEW, VERDICT
from pms_drill.runner import Run, RunOptions

pytestmark = pytest.mark.xdist_group("runner")

KNOWN = "".join(
    f'[[finding]]\nid = "QLO-0{n}"\nsentence = "does wrong {n}"\nsince = "1.7.0"\n'
    'source = "measured"\nexcuses = ["PMS-01"]\n'
    for n in (1, 2)
)
BEGINNING = """
    from pathlib import Path
    from pms_drill.checks.verdict import SkipReason, claim
    from pms_drill.contract import findings
    from pms_drill.report.skips import skip

    @pytest.fixture
    def book(request):
        file = Path(request.config.getoption("--pms-run-dir")) / findings.FOLDER / "main.jsonl"
        return findings.FindingBook(findings.load(Path.cwd()), file, request.node.get_closest_marker("finding").args[0])

    @pytest.mark.property("PMS-01")
    def test_hotels_are_listed(): pass

    @pytest.mark.finding("QLO-02")
    def test_known_defect_QLO02_is_mended(book):
        claim(book.compare(seen=False, sentence="", witness="answered 400"))
"""
SEEN = """
    @pytest.mark.finding("QLO-01")
    @pytest.mark.parametrize("way", ["cut", "empty"])
    def test_known_defect_QLO01_books_twice(book, way):
        claim(book.compare(seen=way == "cut", sentence="", witness=f"{way}: orders [1, 2]"))
"""


def execute(project, source: str, **options: object):
    root: Path = project(contracts=BEGINNING + source)
    (root / "contracts" / "pms").mkdir(exist_ok=True)
    (root / "contracts" / "pms" / "known-findings.toml").write_text(KNOWN)
    wanted = {"parts": ["contracts"], "seed": 7, "workers": 0, **options}
    verdict = Run(RunOptions(**wanted), root=root, properties=(), say=lambda _: None).execute()
    return verdict, root / "runs" / verdict.run_id


def statuses(verdict) -> dict[str, Status]:
    return {finding.id: finding.status for finding in verdict.findings}


def test_known_and_vanished_ones_decide_nothing_and_are_no_passed_properties(project):
    verdict, folder = execute(project, SEEN)
    assert (verdict.exit_code, verdict.trouble) == (0, [])
    assert list(verdict.properties) == ["PMS-01"]
    assert (verdict.counts.passed, verdict.counts.findings, verdict.counts.total) == (1, 3, 4)
    assert statuses(verdict) == {"QLO-01": Status.KNOWN, "QLO-02": Status.VANISHED}
    seen, gone = verdict.findings
    assert (seen.seen, seen.witness, seen.tests) == (True, "cut: orders [1, 2]", 2)
    assert (gone.seen, gone.witness) == (False, "answered 400")
    assert verdict.told("PMS-01") == "passed: QLO-01 is known"
    for name in (PAGE, REVIEW):
        text = (folder / name).read_text()
        assert text.index("Findings about the PMS") < text.index("does wrong 1") < text.index("does wrong 2")
    stored = json.loads((folder / VERDICT).read_text())["findings"]
    assert [(one["id"], one["status"]) for one in stored] == [("QLO-01", "known"), ("QLO-02", "vanished")]
    cases = [case for suite in JUnitXml.fromfile(str(folder / "junit.xml")) for case in suite]
    assert len(cases) == verdict.counts.total


def test_new_one_fails_under_its_own_name(project):
    new = (
        SEEN
        + """
    @pytest.mark.finding("QLO-11")
    def test_known_defect_QLO11_is_new(book):
        claim(book.compare(seen=True, sentence="does wrong anew", witness="seen today"))
"""
    )
    verdict, folder = execute(project, new)
    assert (verdict.exit_code, verdict.properties["QLO-11"].verdict) == (1, Outcome.FAILED)
    assert statuses(verdict)["QLO-11"] is Status.NEW
    assert [one.sentence for one in verdict.findings if one.id == "QLO-11"] == ["does wrong anew"]
    assert "QLO-11" in (folder / PAGE).read_text()


def test_one_that_is_neither_known_nor_seen_is_told_as_such(project):
    absent = (
        SEEN
        + """
    @pytest.mark.finding("QLO-11")
    def test_known_defect_QLO11_is_new(book):
        claim(book.compare(seen=False, sentence="does wrong anew", witness="not today"))
"""
    )
    verdict, _ = execute(project, absent)
    assert (verdict.exit_code, statuses(verdict)["QLO-11"]) == (0, Status.ABSENT)


@pytest.mark.parametrize(
    "broken",
    ["{}['a']", "skip(SkipReason.NO_WITNESS, 'no PMS')", "skip(SkipReason.NOT_CLAIMED, 'x')"],
    ids=["raises", "skips for a reason that the tier does not tolerate", "skips although nothing foresaw it"],
)
def test_one_whose_test_broke_or_was_skipped_for_no_tolerated_reason_is_unknown_by_name(project, broken):
    test = f"""
    @pytest.mark.finding("QLO-01")
    def test_known_defect_QLO01_books_twice(book): {broken}
"""
    verdict, folder = execute(project, test)
    assert (verdict.exit_code, verdict.properties["QLO-01"].verdict) == (2, Outcome.UNKNOWN)
    assert statuses(verdict)["QLO-01"] is Status.UNKNOWN
    assert 'pms-drill run contracts -k "QLO-01" --pms-seed 7' in (folder / PAGE).read_text()


@pytest.mark.parametrize(
    ("source", "options"),
    [
        ("", {}),
        (SEEN, {"extra": ["--deselect=contracts/test_contracts_sample.py::test_known_defect_QLO01_books_twice"]}),
    ],
    ids=["no test", "taken away"],
)
def test_known_one_that_nobody_looked_for_is_unknown_by_name(project, source, options):
    verdict, _ = execute(project, source, **options)
    assert (verdict.exit_code, verdict.properties["QLO-01"].verdict) == (2, Outcome.UNKNOWN)
    assert statuses(verdict)["QLO-01"] is Status.UNKNOWN


def test_under_a_selection_the_others_were_not_looked_for(project):
    verdict, folder = execute(project, SEEN, selection="PMS-01 or QLO-02")
    assert (verdict.exit_code, statuses(verdict)["QLO-01"]) == (0, Status.NOT_LOOKED_FOR)
    assert "not looked for (1)" in (folder / PAGE).read_text()


def test_test_that_passes_and_notes_nothing_is_unknown(project):
    silent = """
    @pytest.mark.finding("QLO-01")
    def test_known_defect_QLO01_books_twice(book): pass
"""
    verdict, _ = execute(project, silent)
    assert verdict.exit_code == 2
    assert verdict.trouble == ["QLO-01: its test passed and noted nothing of what it saw"]
    assert statuses(verdict)["QLO-01"] is Status.UNKNOWN


def test_run_that_looked_for_defects_only_has_judged_nothing(project):
    skipped = (
        SEEN.replace("SEEN", "")
        + """
    @pytest.fixture(autouse=True)
    def unclaimed(request):
        if request.node.get_closest_marker("property"):
            skip(SkipReason.NOT_CLAIMED, "x")
"""
    )
    verdict, _ = execute(project, skipped)
    assert (verdict.exit_code, verdict.trouble) == (2, ["contracts: nothing was judged, all 1 tests were skipped"])
