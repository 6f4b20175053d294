"""One session with every way in which a test can end; each test here reads one record of it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from pms_drill.checks.verdict import Outcome, SkipReason
from pms_drill.report.outcomes import PartOutcomes, Record
from pms_drill.report.reconcile import allure_count, differences, junit_count

MODULE = '''
    from pms_drill.checks.verdict import SkipReason, claim, failed, passed, unknown
    from pms_drill.errors import DrillError
    from pms_drill.report.skips import skip

    @pytest.fixture
    def broken():
        raise OSError("no port")

    @pytest.fixture
    def broken_assertion():
        assert False, "the steady state was not reached"

    @pytest.fixture
    def cannot_be_healed():
        yield
        assert False, "the fault is still there"

    @pytest.fixture(scope="module")
    def unclaimed():
        skip(SkipReason.NOT_CLAIMED, "half-open by traffic")

    @pytest.mark.property("BRK-18")
    @pytest.mark.episode("hang")
    def test_claim_fails():
        """No call reaches the PMS while the breaker is open.

        More text.
        """
        claim(failed("0 calls at the PMS", ledger="2 calls"))

    def test_claim_passes(): claim(passed("0 calls"))
    def test_claim_unknown(): claim(unknown("0 calls", ledger="no request seen"))
    def test_plain_assertion(): assert 1 + 1 == 3
    def test_pytest_fail(): pytest.fail("no")
    def test_raises_nothing():
        with pytest.raises(OSError): pass

    def elsewhere(body):
        "A function of the harness or of a library: of another file."
        code = compile(f"import pytest\\ndef broken(): {body}", "/opt/harness/pms_drill/stack/twin_pms.py", "exec")
        names = {}
        exec(code, names)
        return names["broken"]

    def test_assertion_of_the_harness(): elsewhere("assert False, 'the twin was not started'")()
    def test_assertion_of_the_harness_in_an_assertion(): assert elsewhere("assert False")()
    def test_assertion_of_a_library(): __import__("unittest").TestCase().assertEqual(1, 2)
    def test_pytest_fail_of_the_harness(): elsewhere("pytest.fail('no')")()
    def test_claim_of_the_harness(): elsewhere("raise AssertionError('claimed   x')")()
    def test_fixture_asked_for_by_name_asserts(request): request.getfixturevalue("broken_assertion")
    def test_group_with_an_assertion_of_the_harness():
        try: elsewhere("assert False")()
        except AssertionError as error: raise ExceptionGroup("g", [AssertionError("a"), error])
    def test_subtest_with_an_assertion_of_the_harness(subtests):
        with subtests.test("one"): elsewhere("assert False")()
    def test_subtest_claims(subtests):
        with subtests.test("one"): claim(failed("0 calls", ledger="2 calls"))
    def test_assertion_with_a_note():
        error = AssertionError("1 lost")
        error.add_note("picture   pictures/x.svg")
        raise error
    def test_raises(): {}["a"]
    def test_drill_error(): raise DrillError("the agent did not start", todo="look")
    def test_setup_raises(broken): pass
    def test_setup_asserts(broken_assertion): pass
    def test_teardown_asserts(cannot_be_healed): pass
    def test_fails_and_teardown_asserts(cannot_be_healed): assert False, "lost booking"
    def test_untyped_skip(): pytest.skip("later")
    @pytest.mark.skip(reason="flaky")
    def test_untyped_skip_marker(): pass
    def test_typed_skip(): skip(SkipReason.NOT_CLAIMED, "half-open by traffic")
    def test_typed_skip_in_fixture(unclaimed): pass
    def test_typed_skip_in_the_same_fixture_again(unclaimed): pass
    def test_typed_skip_and_teardown(cannot_be_healed): skip(SkipReason.NOT_CLAIMED, "x")
    @pytest.mark.xfail
    def test_expected_failure(): assert False
    @pytest.mark.xfail
    def test_unexpected_pass(): pass
    @pytest.mark.xfail(strict=True)
    def test_strict_unexpected_pass(): pass
    def test_group_of_assertions():
        raise ExceptionGroup("g", [AssertionError("a"), ExceptionGroup("h", [AssertionError("b")])])
    def test_mixed_group(): raise ExceptionGroup("g", [AssertionError("a"), OSError("b")])
    def test_subtest_fails(subtests):
        with subtests.test("one"): assert 1 == 2
    def test_subtest_raises(subtests):
        with subtests.test("one"): {}["a"]
    @pytest.mark.timeout(0.2)
    def test_hangs(): __import__("time").sleep(30)
    @pytest.mark.parametrize("address", ["ada@example.com"])
    def test_parameter_with_at(address): pass
'''

EXPECTED = {
    "test_claim_fails": Outcome.FAILED,
    "test_claim_passes": Outcome.PASSED,
    "test_claim_unknown": Outcome.UNKNOWN,
    "test_plain_assertion": Outcome.FAILED,
    "test_pytest_fail": Outcome.FAILED,
    "test_raises_nothing": Outcome.FAILED,
    "test_assertion_of_the_harness": Outcome.UNKNOWN,
    "test_assertion_of_the_harness_in_an_assertion": Outcome.UNKNOWN,
    "test_assertion_of_a_library": Outcome.UNKNOWN,
    "test_pytest_fail_of_the_harness": Outcome.UNKNOWN,
    "test_claim_of_the_harness": Outcome.UNKNOWN,
    "test_fixture_asked_for_by_name_asserts": Outcome.UNKNOWN,
    "test_group_with_an_assertion_of_the_harness": Outcome.UNKNOWN,
    "test_subtest_with_an_assertion_of_the_harness": Outcome.UNKNOWN,
    "test_subtest_claims": Outcome.FAILED,
    "test_assertion_with_a_note": Outcome.FAILED,
    "test_raises": Outcome.UNKNOWN,
    "test_drill_error": Outcome.UNKNOWN,
    "test_setup_raises": Outcome.UNKNOWN,
    "test_setup_asserts": Outcome.UNKNOWN,
    "test_teardown_asserts": Outcome.UNKNOWN,
    "test_fails_and_teardown_asserts": Outcome.FAILED,
    "test_untyped_skip": Outcome.UNKNOWN,
    "test_untyped_skip_marker": Outcome.UNKNOWN,
    "test_typed_skip": Outcome.SKIPPED,
    "test_typed_skip_in_fixture": Outcome.SKIPPED,
    "test_typed_skip_in_the_same_fixture_again": Outcome.SKIPPED,
    "test_typed_skip_and_teardown": Outcome.UNKNOWN,
    "test_expected_failure": Outcome.UNKNOWN,
    "test_unexpected_pass": Outcome.UNKNOWN,
    "test_strict_unexpected_pass": Outcome.UNKNOWN,
    "test_group_of_assertions": Outcome.FAILED,
    "test_mixed_group": Outcome.UNKNOWN,
    "test_subtest_fails": Outcome.FAILED,
    "test_subtest_raises": Outcome.UNKNOWN,
    "test_hangs": Outcome.UNKNOWN,
    "test_parameter_with_at[ada@example.com]": Outcome.PASSED,
}

pytestmark = pytest.mark.xdist_group("collector-classification")


def _helpers():
    spec = importlib.util.spec_from_file_location("report_conftest", Path(__file__).with_name("conftest.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("classification")


@pytest.fixture(scope="module")
def part(root: Path) -> PartOutcomes:
    helpers = _helpers()
    return helpers.collect(helpers.write_project(root, chaos=MODULE), "chaos", "-p", "no:schemathesis")


@pytest.fixture
def record(part: PartOutcomes):
    def find(name: str) -> Record:
        found = [record for record in part.records if record.nodeid.endswith(f"::{name}")]
        assert len(found) == 1, f"{len(found)} records of {name}"
        return found[0]

    return find


@pytest.mark.parametrize("name", EXPECTED)
def test_every_end_of_a_test_has_its_outcome(record, name):
    assert record(name).outcome is EXPECTED[name], record(name).why


def test_every_collected_test_has_one_record(part):
    assert len(part.collected) == len(part.records) == len(EXPECTED)
    assert part.missing() == []


def test_a_record_carries_property_episode_sentence_evidence_and_command(record):
    failed = record("test_claim_fails")
    assert (failed.property, failed.episode) == ("BRK-18", "hang")
    assert failed.sentence == "No call reaches the PMS while the breaker is open"
    assert failed.why == "claimed   0 calls at the PMS\nledger    2 calls"
    assert failed.reproduce == 'pms-drill run chaos -k "BRK-18 and hang" --pms-seed 7'


def test_a_name_is_a_sentence_when_there_is_no_docstring(record):
    assert record("test_plain_assertion").sentence == "plain assertion"


def test_an_unexpected_exception_says_in_which_phase_and_where(record):
    assert record("test_setup_raises").why.startswith("in setup: OSError: no port\nat chaos/test_chaos_sample.py:")


def test_an_assertion_of_the_harness_says_where_it_was_made(record):
    told = record("test_assertion_of_the_harness").why
    assert told == "in call: AssertionError: the twin was not started\nat /opt/harness/pms_drill/stack/twin_pms.py:2"


def test_a_note_of_a_failure_stands_in_its_record(record):
    assert record("test_assertion_with_a_note").why.startswith("1 lost\npicture   pictures/x.svg\nat chaos/")


def test_a_typed_skip_keeps_its_reason_and_text(record):
    skipped = record("test_typed_skip_in_the_same_fixture_again")
    assert (skipped.skip_reason, skipped.why) == (SkipReason.NOT_CLAIMED, "half-open by traffic")


def test_an_untyped_skip_says_so(record):
    assert record("test_untyped_skip").why == "skipped without a typed reason: later"


def test_all_results_show_the_same_number_of_tests(part, root):
    junit, allure = junit_count(root / "run" / "junit.xml"), allure_count(root / "run" / "allure")
    assert differences(part, junit, allure) == []
    assert junit == allure == len(EXPECTED)


def test_a_test_that_junit_does_not_show_is_noticed(part, root, tmp_path):
    text = (root / "run" / "junit.xml").read_text()
    end = text.index("/>", text.index('name="test_claim_passes"')) + 2
    start = text.rindex("<testcase", 0, end)
    cut = tmp_path / "junit.xml"
    cut.write_text(text[:start] + text[end:])
    lines = differences(part, junit_count(cut), allure_count(root / "run" / "allure"))
    assert lines == [f"chaos: {len(EXPECTED)} tests were collected, JUnit shows {len(EXPECTED) - 1}"]


def test_a_test_that_allure_does_not_show_is_noticed(part, root, tmp_path):
    for path in sorted((root / "run" / "allure").glob("*-result.json"))[1:]:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    lines = differences(part, junit_count(root / "run" / "junit.xml"), allure_count(tmp_path))
    assert lines == [f"chaos: {len(EXPECTED)} tests were collected, Allure shows {len(EXPECTED) - 1}"]


def test_results_that_are_missing_altogether_are_noticed(part, tmp_path):
    lines = differences(part, junit_count(tmp_path / "no.xml"), allure_count(tmp_path / "no"))
    assert lines == [
        f"chaos: {len(EXPECTED)} tests were collected, the results for JUnit are missing",
        f"chaos: {len(EXPECTED)} tests were collected, the results for Allure are missing",
    ]
