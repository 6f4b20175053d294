"""An answer is judged by what the contract says of it."""

from __future__ import annotations

import pytest

from pms_drill.drift.judge import breaches
from pms_drill.drift.recording import Answer
from pms_drill.drift.script import Says
from tests.drift.literal import answer, refused

JSON = "application/json"


@pytest.mark.parametrize(
    ("says", "seen", "told"),
    [
        (Says(status=200, type=JSON), answer({}, 500), "status 500, the contract says 200"),
        (Says(status=200, type=JSON), answer("<p>", kind="text/html"), "content type text/html"),
        (Says(status=200, type=JSON, has=("a.b",)), answer({"a": {}}), "no field a.b"),
        (Says(status=200, type=JSON, has=("a: number",)), answer({"a": "1"}), "field a is text"),
        (Says(status=200, type=JSON, has=(".: empty list",)), answer({"a": 1}), "field . is object"),
        (Says(status=200, type=JSON, lacks=("a",)), answer({"a": 1}), "a field a"),
        (Says(status=400, type=JSON, codes=(404,)), refused(409), "error codes [409]"),
        (Says(status=400, type=JSON, codes=(404,)), answer({"x": 1}, 400), "error codes []"),
        (Says(status=400, type=JSON, text="sold out"), refused(404, "no"), "no error says 'sold out'"),
        (Says(status=404, type="", empty=True), answer("x", 404, ""), "a body, the contract says none"),
        (Says(status=200, type=JSON), answer(None), "no body"),
        (Says(status=200, type=JSON, headers=("X-A",)), answer({}), "no header X-A"),
        (Says(status=200, type=JSON, absent=("Allow",)), answer({}, allow="GET"), "a header Allow"),
    ],
)
def test_breach_is_told(says: Says, seen: Answer, told: str) -> None:
    [breach] = breaches(says, seen)
    assert breach.startswith(told)


def test_answer_that_keeps_the_contract_has_no_breach() -> None:
    says = Says(status=400, type=JSON, codes=(404,), text="sold", has=("errors[].code: number",), headers=("X-A",))
    assert breaches(says, Answer(400, JSON, {"x-a": "1"}, refused(404, "sold out").body)) == []


def test_warnings_of_php_are_not_the_contract_s_codes() -> None:
    body = {"errors": [{"code": 3, "message": "[PHP Warning #2] x"}, {"code": 404, "message": "y"}]}
    assert breaches(Says(status=400, type=JSON, codes=(404,)), answer(body, 400)) == []


def test_errors_are_read_from_xml_too() -> None:
    body = {"qloapps": {"errors": [{"error": [{"code": ["27"], "message": ["no such  thing"]}]}]}}
    assert answer(body).errors() == [(27, "no such thing")]
