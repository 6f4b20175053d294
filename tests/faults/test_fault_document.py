"""docs/faults.md is the catalogue's, all of it, and up to date."""

from __future__ import annotations

from pms_drill import fault_table
from pms_drill.faults import catalogue
from pms_drill.faults.document import CAUSES, DEPLOYED, FILE, unexplained
from pms_drill.faults.story import WITH_PROXIES, Needs, backends

CHAPTERS = catalogue.chapters(DEPLOYED)
TEXT = fault_table.page()


def test_document_is_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == TEXT, "docs/faults.md is stale: make docs"


def test_every_fault_is_explained() -> None:
    assert unexplained(CHAPTERS) == []


def test_every_fault_belongs_to_a_cause_and_has_an_entry() -> None:
    for fault in catalogue.all_faults(10, 60, 30).values():
        assert fault.cause in CAUSES
        assert f"\n### {fault.name}\n" in TEXT
        assert backends(fault.needs)


def test_catalogue_has_faults_of_every_cause() -> None:
    assert {fault.cause for fault in catalogue.all_faults(10, 60).values()} == set(CAUSES)


def test_same_symptom_is_listed_with_both_truths() -> None:
    [line] = [line for line in TEXT.splitlines() if line.startswith("| connection reset")]
    worked, not_worked = line.split(" | ")[1:3]
    assert "`answer_lost`" in worked
    assert "`request_dropped`" in not_worked


def test_a_status_with_the_work_done_stands_beside_the_same_status_without_it() -> None:
    for code, lost in ((500, "server_error"), (502, "bad_gateway"), (504, "gateway_timeout"), (404, "ingress_404")):
        [line] = [line for line in TEXT.splitlines() if line.startswith(f"| status {code} |")]
        worked, not_worked = line.split(" | ")[1:3]
        assert f"`stored_but_{code}`" in worked
        assert f"`{lost}`" in not_worked


def test_what_needs_nothing_runs_wherever_the_proxies_are() -> None:
    assert backends(frozenset()) == WITH_PROXIES
    assert backends(frozenset({Needs.FAKETIME})) == ("embedded", "native", "compose")
