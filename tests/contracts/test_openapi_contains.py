"""The comparison of an agent's OpenAPI document with the frozen contract notices each kind of difference."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml
from openapi_spec_validator import validate

from pms_drill.checks.openapi import contains, differences, types
from pms_drill.checks.verdict import Outcome

CONTRACT = Path(__file__).parents[2] / "contracts" / "agent_api" / "openapi.yaml"
BOOK = "/api/v1/pms/reservations"
ASK = "/api/v1/pms/availability"


@pytest.fixture
def contract():
    return yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))


@pytest.fixture
def offered(contract):
    return copy.deepcopy(contract)


def test_the_frozen_contract_is_valid_openapi(contract):
    validate(contract)


def test_a_document_contains_itself(contract, offered):
    assert differences(contract, offered) == []
    assert contains(contract, offered).outcome is Outcome.PASSED


def test_a_contract_without_operations_is_unknown_not_passed(offered):
    assert contains({"paths": {}}, offered).outcome is Outcome.UNKNOWN


def test_more_operations_statuses_and_fields_are_welcome(contract, offered):
    offered["paths"]["/version"] = {"get": {"responses": {"200": {"description": "ok"}}}}
    offered["paths"][ASK]["post"]["responses"]["429"] = {"description": "slow down"}
    offered["components"]["schemas"]["Availability"]["properties"]["note"] = {"type": "string"}
    offered["components"]["schemas"]["Availability"]["required"].append("note")
    assert differences(contract, offered) == []


def test_another_name_of_a_path_parameter_is_the_same_path(contract, offered):
    item = offered["paths"].pop(BOOK + "/{reservation_id}")
    item["get"]["parameters"][0]["name"] = "id"
    offered["paths"][BOOK + "/{id}"] = item
    assert differences(contract, offered) == []


def _drop_path(document):
    del document["paths"]["/metrics"]


def _other_method(document):
    document["paths"]["/metrics"]["post"] = document["paths"]["/metrics"].pop("get")


def _drop_status(document):
    del document["paths"][BOOK]["post"]["responses"]["409"]


def _plain_errors(document):
    answer = document["components"]["responses"]["NotFound"]["content"]
    answer["application/json"] = answer.pop("application/problem+json")


def _drop_answer_field(document):
    del document["components"]["schemas"]["Availability"]["properties"]["rooms_left"]


def _unpromised_field(document):
    document["components"]["schemas"]["Availability"]["required"].remove("as_of")


def _wider_type(document):
    document["components"]["schemas"]["Availability"]["properties"]["binding"] = {
        "anyOf": [{"type": "boolean"}, {"type": "null"}]
    }


def _untyped(document):
    document["components"]["schemas"]["Availability"]["properties"]["binding"] = {}


def _nested_type(document):
    document["components"]["schemas"]["Money"]["properties"]["amount"] = {"type": "number"}


def _nested_readiness(document):
    pms = document["components"]["schemas"]["Readiness"]["properties"]["pms"]
    pms["required"].remove("breaker")


def _demands_more(document):
    schema = document["components"]["schemas"]["ReservationRequest"]
    schema["properties"]["phone"] = {"type": "string"}
    schema["required"].append("phone")


def _demands_less(document):
    document["components"]["schemas"]["ReservationRequest"]["required"].remove("email")


def _takes_null(document):
    document["components"]["schemas"]["ReservationRequest"]["properties"]["hotel_id"] = {
        "anyOf": [{"type": "integer"}, {"type": "null"}]
    }


def _other_request_type(document):
    content = document["paths"][ASK]["post"]["requestBody"]["content"]
    content["application/x-www-form-urlencoded"] = content.pop("application/json")


def _no_key_header(document):
    document["paths"][BOOK]["post"]["parameters"] = []


def _key_demanded(document):
    document["paths"][BOOK]["post"]["parameters"][0]["required"] = True


def _answer(document, schema, field):
    return document["components"]["schemas"][schema]["properties"][field]


def _more_sources(document):
    _answer(document, "Availability", "source")["enum"].append("banana")


def _other_sources(document):
    _answer(document, "Reservation", "source")["enum"] = ["banana"]


def _any_source(document):
    del _answer(document, "Availability", "source")["enum"]


def _any_status_when_confirmed(document):
    content = document["paths"][BOOK]["post"]["responses"]["201"]["content"]["application/json"]
    content["schema"] = {"$ref": "#/components/schemas/Reservation"}


def _other_constant(document):
    _answer(document, "Readiness", "status")["const"] = "banana"


def _nested_values(document):
    _answer(document, "Readiness", "pms")["properties"]["adapter"]["enum"] = ["qloapps", "banana"]


def _nullable_values(document):
    _answer(document, "Reservation", "reason")["anyOf"][0]["enum"].append("banana")


def _other_format(document):
    _answer(document, "Availability", "as_of").update({"type": "string", "format": "date"})
    _answer(document, "Availability", "as_of").pop("$ref", None)


def _negative_rooms(document):
    _answer(document, "Availability", "rooms_left")["minimum"] = -1


def _short_names(document):
    _answer(document, "ReservationRequest", "guest_name")["maxLength"] = 10


def _few_hotels(document):
    document["components"]["schemas"]["Id"]["maximum"] = 10


def _only_one_room_type(document):
    _answer(document, "ReservationRequest", "room_type").clear()
    _answer(document, "ReservationRequest", "room_type").update({"type": "integer", "enum": [1]})


def _request_of_another_format(document):
    _answer(document, "ReservationRequest", "email")["format"] = "uri"


def _short_keys(document):
    document["paths"][BOOK]["post"]["parameters"][0]["schema"]["maxLength"] = 8


@pytest.mark.parametrize(
    ("breaks", "said"),
    [
        (_drop_path, "GET /metrics: the operation is missing"),
        (_other_method, "GET /metrics: the operation is missing"),
        (_drop_status, f"POST {BOOK} 409: the status is missing"),
        (_plain_errors, f"POST {ASK} 404: the content type application/problem+json is missing"),
        (_drop_answer_field, f"POST {ASK} 200: the field rooms_left is missing"),
        (_unpromised_field, f"POST {ASK} 200: the field as_of is not promised"),
        (_wider_type, f"POST {ASK} 200: the field binding is boolean or null, not boolean"),
        (_untyped, f"POST {ASK} 200: the field binding is of no stated type, not boolean"),
        (_nested_type, f"POST {ASK} 200 total: the field amount is number, not string"),
        (_nested_readiness, "GET /health/ready 200 pms: the field breaker is not promised"),
        (_demands_more, f"POST {BOOK}: the request field phone is demanded"),
        (_demands_less, f"POST {BOOK}: the request field email is not demanded"),
        (_takes_null, f"POST {BOOK}: the request field hotel_id is integer or null, not integer"),
        (_other_request_type, f"POST {ASK}: a request of type application/json is not taken"),
        (_no_key_header, f"POST {BOOK}: the header parameter Idempotency-Key is missing"),
        (
            _more_sources,
            f'POST {ASK} 200: the field source may be "banana" or "mock" or "pms" or "stale", '
            'not only "mock" or "pms" or "stale"',
        ),
        (_other_sources, f'POST {BOOK} 201: the field source may be "banana", not only "outbox" or "pms"'),
        (_any_source, f'POST {ASK} 200: the field source may be anything, not only "mock" or "pms" or "stale"'),
        (
            _any_status_when_confirmed,
            f'POST {BOOK} 201: the field status may be "confirmed" or "expired" or "pending" or "rejected" or '
            '"unresolved", not only "confirmed"',
        ),
        (_other_constant, 'GET /health/ready 200: the field status may be "banana", not only "ready"'),
        (
            _nested_values,
            'GET /health/ready 200 pms: the field adapter may be "banana" or "qloapps", not only "mock" or "qloapps"',
        ),
        (
            _nullable_values,
            f'POST {BOOK} 202: the field reason may be "banana" or "invalid" or "sold_out" or null, '
            'not only "invalid" or "sold_out" or null',
        ),
        (_other_format, f"POST {ASK} 200: the field as_of has format date, not date-time"),
        (_negative_rooms, f"POST {ASK} 200: the field rooms_left has minimum -1, not 0"),
        (_short_names, f"POST {BOOK}: the request field guest_name has maxLength 10, not 65"),
        (_few_hotels, f"POST {ASK}: the request field hotel_id has maximum 10, not 2147483647"),
        (_only_one_room_type, f"POST {BOOK}: the request field room_type takes only 1, not anything"),
        (_request_of_another_format, f"POST {BOOK}: the request field email has format uri, not email"),
        (_short_keys, f"POST {BOOK}: the header parameter Idempotency-Key has maxLength 8, not 255"),
        (_key_demanded, f"POST {BOOK}: the header parameter Idempotency-Key is demanded"),
    ],
    ids=lambda value: value.__name__.lstrip("_") if callable(value) else "",
)
def test_each_difference_is_named(contract, offered, breaks, said):
    breaks(offered)
    assert said in differences(contract, offered)
    assert contains(contract, offered).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": ["integer", "null"]}, {"integer", "null"}),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, {"integer", "null"}),
        ({"const": "pms"}, {"string"}),
        ({"enum": ["a", None, 1, True]}, {"string", "null", "integer", "boolean"}),
        ({"allOf": [{"properties": {}}, {"type": "object"}]}, {"object"}),
        ({"$ref": "#/x"}, {"string"}),
        ({}, set()),
    ],
    ids=["type list", "any of", "const", "enum", "all of", "reference", "nothing"],
)
def test_types_of_a_schema_however_it_is_written(schema, expected):
    assert types({"x": {"type": "string"}}, schema) == expected


def listing(items):
    """A document with one operation that takes and gives a list."""
    body = {"content": {"application/json": {"schema": {"type": "object", "properties": {"rooms": items}}}}}
    return {"paths": {"/x": {"post": {"requestBody": body, "responses": {"200": body}}}}}


@pytest.mark.parametrize(
    ("items", "others", "said"),
    [
        ({"type": "object"}, {"type": "string"}, "items that are string, not object"),
        ({"type": "string", "enum": ["a"]}, {"type": "string", "enum": ["b"]}, "its items"),
        ({"type": "integer"}, {}, "items that are of no stated type, not integer"),
        (
            {"type": "object", "properties": {"id": {"type": "integer"}}},
            {"type": "object", "properties": {"id": {"type": "string"}}},
            "its items: the field id is string, not integer",
        ),
        (
            {"type": "array", "items": {"type": "integer"}},
            {"type": "array", "items": {"type": "string"}},
            "its items has items that are string, not integer",
        ),
    ],
)
def test_items_of_lists_are_compared(items, others, said):
    ours, theirs = listing({"type": "array", "items": items}), listing({"type": "array", "items": others})
    assert differences(ours, ours) == []
    assert said in "; ".join(differences(ours, theirs))


def test_answer_may_promise_more_and_a_request_may_allow_more():
    narrow, wide = {"type": "integer", "minimum": 5, "maximum": 6}, {"type": "integer", "minimum": 1, "maximum": 9}
    ours, theirs = listing(narrow), listing(wide)
    assert [told.partition(":")[0] for told in differences(ours, theirs)] == ["POST /x 200"] * 2
    assert [told.partition(":")[0] for told in differences(theirs, ours)] == ["POST /x"] * 2
