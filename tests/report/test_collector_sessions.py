"""Sessions in which tests can get lost: workers, selections, modules that cannot be imported, Schemathesis."""

from __future__ import annotations

import re

import pytest

from pms_drill.checks.verdict import Outcome


def outcomes(part):
    return {record.nodeid.rpartition("::")[2]: record.outcome for record in part.records}


def test_records_of_xdist_workers_are_complete_and_without_the_group(collected):
    part = collected(
        """
        @pytest.mark.xdist_group("hang")
        @pytest.mark.parametrize("n", ["a", "x@y"])
        def test_in_group(n): assert n == "a"
        def test_alone(): pass
        """,
        "-p", "no:schemathesis", "-n", "2", "--dist", "loadgroup",
    )  # fmt: skip
    assert outcomes(part) == {
        "test_in_group[a]": Outcome.PASSED,
        "test_in_group[x@y]": Outcome.FAILED,
        "test_alone": Outcome.PASSED,
    }
    assert {item.nodeid for item in part.collected} == {record.nodeid for record in part.records}
    assert all(record.worker.startswith("gw") for record in part.records)


def test_a_crashed_worker_leaves_its_tests_unknown(collected):
    part = collected(
        """
        import os
        @pytest.mark.property("BRK-18")
        @pytest.mark.xdist_group("hang")
        def test_crashes():
            "The breaker opens."
            os._exit(3)
        @pytest.mark.xdist_group("hang")
        def test_never_run(): pass
        """,
        "-p", "no:schemathesis", "-p", "no:randomly", "-n", "1", "--dist", "loadgroup",
    )  # fmt: skip
    (crashed,) = part.records
    assert crashed.outcome is Outcome.UNKNOWN
    assert "crashed while running" in crashed.why
    assert (crashed.property, crashed.sentence) == ("BRK-18", "The breaker opens")
    assert [item.nodeid.rpartition("::")[2] for item in part.missing()] == ["test_never_run"]


def test_k_selects_by_property_and_episode(collected):
    part = collected(
        """
        @pytest.mark.property("BRK-18")
        @pytest.mark.episode("hang")
        def test_one(): pass
        @pytest.mark.property("BRK-18")
        @pytest.mark.episode("refused")
        def test_other(): pass
        """,
        "-p", "no:schemathesis", "-k", "BRK-18 and hang",
    )  # fmt: skip
    assert outcomes(part) == {"test_one": Outcome.PASSED}
    assert len(part.collected) == 1


def test_a_module_that_cannot_be_imported_is_unknown(collected):
    part = collected("import no_such_module_at_all", "-p", "no:schemathesis")
    (record,) = part.records
    assert record.outcome is Outcome.UNKNOWN
    assert "no_such_module_at_all" in record.why


@pytest.mark.parametrize("workers", [[], ["-n", "1"]])
def test_a_module_that_is_skipped_as_a_whole_is_unknown(collected, workers):
    part = collected('pytest.skip("not today", allow_module_level=True)', "-p", "no:schemathesis", *workers)
    (record,) = part.records
    assert record.outcome is Outcome.UNKNOWN
    assert "not today" in record.why


def test_a_failure_of_schemathesis_is_a_failure_and_no_answer_is_unknown(collected):
    part = collected(
        """
        import schemathesis
        from starlette.applications import Starlette
        from starlette.responses import JSONResponse
        from starlette.routing import Route

        app = Starlette(routes=[Route("/good", lambda r: JSONResponse({})), Route("/bad", lambda r: JSONResponse([]))])
        ok = {"200": {"description": "ok", "content": {"application/json": {"schema": {"type": "object"}}}}}
        schema = schemathesis.openapi.from_dict({
            "openapi": "3.0.3", "info": {"title": "t", "version": "1"},
            "paths": {path: {"get": {"responses": ok}} for path in ("/good", "/bad")},
        })
        from schemathesis.checks import CHECKS
        from schemathesis.specs.openapi.checks import response_schema_conformance as conforms

        @schema.parametrize()
        def test_api(case):
            from starlette.testclient import TestClient
            response = TestClient(app).request(case.method, case.formatted_path)
            case.validate_response(response, checks=[conforms])

        @schema.parametrize()
        def test_nobody_answers(case):
            case.call(base_url="http://127.0.0.1:9")
        """,
        part="contracts",
    )
    found = outcomes(part)
    assert len(found) == len(part.records) == len(part.collected) == 4
    by_name = {re.sub(r"\W+", " ", name).strip(): outcome for name, outcome in found.items()}
    assert by_name == {
        "test_api GET good": Outcome.PASSED,
        "test_api GET bad": Outcome.FAILED,
        "test_nobody_answers GET good": Outcome.UNKNOWN,
        "test_nobody_answers GET bad": Outcome.UNKNOWN,
    }
    (bad,) = (record for record in part.records if record.outcome is Outcome.FAILED)
    assert "is not of type" in bad.why
    assert bad.sentence == "api"
