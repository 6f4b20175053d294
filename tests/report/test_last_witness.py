"""No verdict before its last witness: until the results were searched for secrets every file says unknown."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from junitparser import JUnitXml

from pms_drill.checks.verdict import Outcome
from pms_drill.properties import review
from pms_drill.report import evidence_files, page, results, secret_search
from pms_drill.report.results import PAGE, PUBLISHED, REVIEW, VERDICT, read_verdict
from pms_drill.runner import Run, RunOptions
from tests.report.test_runner import PASSES, until

pytestmark = pytest.mark.xdist_group("runner")

NOT_SEARCHED = "the results have not been searched for secrets"
FAILS = PASSES.replace("pass", "assert 1 == 2")
#: A run whose last step begins and never ends.
SEARCHES_FOR_EVER = """
import sys, time
from pathlib import Path
from pms_drill.report import secret_search
from pms_drill.runner import Run, RunOptions

def search(*_):
    Path(sys.argv[1], "searching").touch()
    time.sleep(300)

secret_search.search = search
Run(RunOptions(parts=["chaos"], seed=7, workers=0), root=Path(sys.argv[1]), properties=()).execute()
"""


def execute(root: Path):
    return Run(RunOptions(parts=["chaos"], seed=7, workers=0), root=root, properties=(), say=lambda _: None).execute()


def red_cases(folder: Path) -> list[str]:
    return [case.name for suite in JUnitXml.fromfile(str(folder / "junit.xml")) for case in suite if case.result]


def broken_allure_results(folder: Path) -> int:
    return sum('"broken"' in path.read_text() for path in (folder / "allure-results").glob("*-result.json"))


def test_run_that_is_killed_while_it_searches_is_unknown_in_every_file(project):
    root = project(chaos=PASSES)
    assert execute(root).exit_code == 0  # an older page lies where the runbook looks
    child = subprocess.Popen([sys.executable, "-c", SEARCHES_FOR_EVER, str(root)], stdout=subprocess.DEVNULL)
    try:
        until((root / "searching").exists)
    finally:
        child.kill()
        child.wait()
    folder = (root / "runs" / "latest").resolve()
    verdict = read_verdict(folder)
    assert verdict.properties["PMS-01"].verdict is Outcome.PASSED
    assert (verdict.exit_code, verdict.complete) == (2, False)
    assert any(NOT_SEARCHED in line for line in verdict.trouble)
    for text in ((folder / PAGE).read_text(), (root / PUBLISHED).read_text()):
        assert text.startswith("PMS integration, a selection (part chaos): UNKNOWN")
        assert NOT_SEARCHED in text
    assert NOT_SEARCHED in (folder / REVIEW).read_text()
    assert red_cases(folder) == ["the run itself"]
    assert broken_allure_results(folder) == 1


def test_nothing_of_the_last_step_is_left_in_a_run_that_took_it(project):
    root = project(chaos=PASSES)
    verdict = execute(root)
    folder = root / "runs" / verdict.run_id
    assert (verdict.exit_code, verdict.complete, verdict.trouble, verdict.notes) == (0, True, [], [])
    assert red_cases(folder) == []
    assert broken_allure_results(folder) == 0


@pytest.mark.parametrize("error", [ValueError("a bug"), MemoryError(), OSError(5, "the disk is broken")])
def test_search_that_breaks_in_any_way_is_unknown_and_says_how(project, monkeypatch, error):
    def search(*_):
        raise error

    monkeypatch.setattr(secret_search, "search", search)
    verdict = execute(project(chaos=PASSES))
    assert verdict.exit_code == 2
    [told] = verdict.trouble
    assert told.startswith(f"the results cannot be searched for secrets: {type(error).__name__}")


def test_search_that_is_interrupted_leaves_unknown(project, monkeypatch):
    def search(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(secret_search, "search", search)
    root = project(chaos=PASSES)
    with pytest.raises(KeyboardInterrupt):
        execute(root)
    assert read_verdict(root / "runs" / "latest").exit_code == 2


def test_while_a_run_is_under_way_the_runbooks_page_is_not_that_of_an_older_one(project):
    root = project(chaos=PASSES)
    execute(root)
    shown = project(
        chaos=f"""
        from pathlib import Path
        @pytest.mark.property("PMS-01")
        def test_hotels_are_listed(): assert "UNKNOWN" in Path({str(root / PUBLISHED)!r}).read_text()
    """
    )
    assert execute(shown).exit_code == 0


BROKEN = [
    (evidence_files, "join", "the workers' evidence cannot be joined"),
    (results, "_merge_allure", "the results for Allure cannot be merged"),
    (results, "_add_to_allure", "the results for Allure cannot be written"),
    (results, "_suites", "chaos: its results for JUnit cannot be read"),
    (results, "_junit", "junit.xml cannot be made"),
    (review, "render", "review.md cannot be made"),
    (page, "render", f"{PAGE} cannot be made"),
]


@pytest.mark.parametrize(
    ("module", "name", "told"), BROKEN, ids=[told.split()[0] + "-" + name for _, name, told in BROKEN]
)
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyError("a bug")], ids=["disk", "bug"])
def test_results_that_cannot_be_made_hide_no_failure_and_are_told(project, monkeypatch, module, name, told, error):
    def breaks(*_):
        raise error

    monkeypatch.setattr(module, name, breaks)
    root = project(chaos=FAILS)
    verdict = execute(root)
    assert read_verdict(root / "runs" / verdict.run_id) == verdict
    assert (verdict.exit_code, verdict.properties["PMS-01"].verdict) == (1, Outcome.FAILED)
    assert "assert 1 == 2" in verdict.properties["PMS-01"].why
    assert any(line.startswith(told) for line in verdict.trouble)


def test_results_that_cannot_be_made_are_no_pass(project, monkeypatch):
    monkeypatch.setattr(evidence_files, "join", lambda _: 1 / 0)
    assert execute(project(chaos=PASSES)).exit_code == 2


def test_page_that_cannot_be_copied_to_where_the_runbook_looks_is_told(project):
    root = project(chaos=PASSES)
    (root / "tests").write_text("a file in the way")
    verdict = execute(root)
    assert verdict.exit_code == 2
    [told] = verdict.trouble
    assert told.startswith(f"the page could not be copied to {PUBLISHED}")


def test_files_that_say_the_same_are_replaced_together_or_not_at_all(project, monkeypatch):
    root = project(chaos=PASSES)
    written = []

    def search(folder, *_):
        # From here on one file of the results cannot be written any more.
        written.extend((folder / name).read_text() for name in (VERDICT, REVIEW, PAGE, "junit.xml"))
        monkeypatch.setattr(page, "render", lambda _: "\ud800")
        return []

    monkeypatch.setattr(secret_search, "search", search)
    with pytest.raises(UnicodeEncodeError):
        execute(root)
    folder = root / "runs" / "latest"
    assert [(folder / name).read_text() for name in (VERDICT, REVIEW, PAGE, "junit.xml")] == written
    assert read_verdict(folder).exit_code == 2


def test_terminal_that_goes_ends_no_run_and_is_noted(project):
    def say(_):
        raise BrokenPipeError

    root = project(chaos=PASSES)
    verdict = Run(RunOptions(parts=["chaos"], seed=7, workers=0), root=root, properties=(), say=say).execute()
    assert (verdict.exit_code, verdict.trouble) == (0, [])
    assert verdict.notes == ["not everything could be shown on the terminal: BrokenPipeError"]
    assert verdict.notes[0] in (root / "runs" / verdict.run_id / PAGE).read_text().replace("\n    ", " ")


def test_log_of_a_part_that_cannot_be_written_is_trouble(project, monkeypatch):
    monkeypatch.setattr("pms_drill.session.Session._log_of", lambda self, ends: lambda _: 1 / 0)
    verdict = execute(project(chaos=PASSES))
    assert verdict.exit_code == 2
    assert verdict.trouble == [
        "chaos: the output could not be written to chaos.log: ZeroDivisionError: division by zero"
    ]


def test_folder_of_a_run_is_its_owners_alone(project):
    root = project(chaos=PASSES)
    verdict = execute(root)
    assert (root / "runs" / verdict.run_id).stat().st_mode & 0o777 == 0o700
