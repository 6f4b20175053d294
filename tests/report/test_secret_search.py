"""The end of a run: what it left is searched, and what was found stands in the verdict."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from pms_drill.checks.verdict import Outcome
from pms_drill.evidence import canaries
from pms_drill.report.outcomes import RunContext
from pms_drill.report.secret_search import search

KEY = "0123456789ABCDEF0123456789ABCDEF"


@pytest.fixture
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "private"
    folder.mkdir()
    monkeypatch.setenv(canaries.VARIABLE, str(folder))
    return folder


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    (folder / "logs").mkdir(parents=True)
    (folder / "logs" / "agent.log").write_text("PMS answered\n", encoding="utf-8")
    return folder


def verdicts(run_dir: Path, private: Path) -> dict[str, Outcome]:
    return {record.property: record.outcome for record in search(run_dir, private, RunContext(seed=1, stack="native"))}


def test_clean_run_passes_for_each_kind_of_secret_that_it_had(run_dir: Path, private: Path) -> None:
    assert canaries.plant(canaries.PMS_KEY, KEY) == KEY
    canaries.plant(canaries.ADMIN_TOKEN, "an-admin-token-of-this-run")
    assert verdicts(run_dir, private) == {"SEC-01": Outcome.PASSED, "SEC-02": Outcome.PASSED}


def test_secret_in_any_file_fails_with_file_and_line(run_dir: Path, private: Path) -> None:
    canaries.plant(canaries.PMS_KEY, KEY)
    (run_dir / "parts" / "chaos").mkdir(parents=True)
    (run_dir / "parts" / "chaos" / "junit.xml").write_text(f"<a>\n{KEY}\n</a>", encoding="utf-8")
    [record] = search(run_dir, private, RunContext(seed=1, stack="native"))
    assert record.outcome is Outcome.FAILED
    assert "parts/chaos/junit.xml:2 raw" in record.why
    assert KEY not in record.model_dump_json()


@pytest.mark.parametrize("where", ["header", "body"])
def test_secret_in_an_answer_fails_with_what_was_asked(run_dir: Path, private: Path, where: str) -> None:
    canaries.plant(canaries.PMS_KEY, KEY)

    def answer(_request: httpx.Request) -> httpx.Response:
        header, body = (KEY, "") if where == "header" else ("", KEY)
        return httpx.Response(200, headers={"X-Debug": header}, text=body)

    with httpx.Client(transport=httpx.MockTransport(answer), event_hooks=canaries.hooks()) as client:
        client.get("http://agent/health/ready")
    [record] = search(run_dir, private, RunContext(seed=1, stack="native"))
    assert record.outcome is Outcome.FAILED
    assert "answer to GET /health/ready" in record.why


def test_run_without_a_stack_has_nothing_to_judge(run_dir: Path, private: Path) -> None:
    assert verdicts(run_dir, private) == {}


def test_stack_that_planted_nothing_is_unknown(run_dir: Path, private: Path) -> None:
    (run_dir / "evidence" / "chaos-main").mkdir(parents=True)
    (run_dir / "evidence" / "chaos-main" / "journal.jsonl").touch()
    assert verdicts(run_dir, private) == {"SEC-01": Outcome.UNKNOWN}


def test_nothing_is_kept_without_a_runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(canaries.VARIABLE, raising=False)
    assert canaries.plant(canaries.PMS_KEY, KEY) == KEY
    assert canaries.hooks() == {}


def test_line_that_was_cut_does_not_hide_the_others(run_dir: Path, private: Path) -> None:
    canaries.plant(canaries.PMS_KEY, KEY)
    with (private / "values.jsonl").open("a") as file:
        file.write('{"kind": "PMS k')
    assert verdicts(run_dir, private) == {"SEC-01": Outcome.PASSED}


@pytest.mark.parametrize(
    ("stack", "told"),
    [
        ("embedded", {"SEC-03": "needs-real-pms"}),
        ("external", dict.fromkeys(("SEC-02", "SEC-03", "SEC-04"), "no-witness")),
    ],
)
def test_kind_of_secret_that_a_stack_does_not_have_is_skipped_and_not_forgotten(
    run_dir: Path, private: Path, stack: str, told: dict[str, str]
) -> None:
    canaries.plant(canaries.PMS_KEY, KEY)
    found = search(run_dir, private, RunContext(seed=1, stack=stack))
    assert {record.property: record.skip_reason for record in found if record.skip_reason} == told
