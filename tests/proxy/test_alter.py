"""What an effect makes of an answer."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest
from pydantic import TypeAdapter

from pms_drill.proxy.alter import Altered, CannotAct, altered, own_answer
from pms_drill.proxy.answers import Answer
from pms_drill.proxy.effects import Effect, MutateBody, ReplaceBody

BOOKING = b'{"booking":{"id":7,"rooms":[{"id":1},{"id":2}],"note":"\xc3\xa9"}}'


def answer(content: bytes = BOOKING, *fields: bytes, has_body: bool = True) -> Answer:
    return Answer(b"HTTP/1.1 200 Fine", (b"content-type: application/json", b"X-A: 1", *fields), content, has_body)


def change(how: str, **settings: object) -> MutateBody:
    return MutateBody.model_validate({"kind": "mutate_body", "change": {"how": how, **settings}})


def body_of(effect: MutateBody, of: Answer | None = None) -> bytes:
    return altered(effect, of or answer()).answer.content


def test_truncated_body_with_its_correct_length_is_well_framed() -> None:
    got = altered(change("truncate", keep=10, length="correct"), answer())
    assert got.answer.render(asked="POST") == (
        b"HTTP/1.1 200 Fine\r\ncontent-type: application/json\r\nX-A: 1\r\nContent-Length: 10\r\n\r\n" + BOOKING[:10]
    )
    assert got.claimed_length is None


def test_truncated_body_with_the_original_length_claims_it() -> None:
    got = altered(change("truncate", keep=10, length="original"), answer())
    assert got == Altered(answer(BOOKING[:10]), claimed_length=len(BOOKING))
    assert b"Content-Length: %d\r\n" % len(BOOKING) in got.answer.render(asked="GET", claimed_length=got.claimed_length)


@pytest.mark.parametrize(
    ("to", "value"),
    [("string", str), ("number", float), ("boolean", bool), ("null", type(None)), ("list", list), ("object", dict)],
)
def test_field_gets_another_type(to: str, value: type) -> None:
    assert type(json.loads(body_of(change("set_field", field="booking.id", to=to)))["booking"]["id"]) is value


def test_field_of_a_list_item_is_found_by_number() -> None:
    got = json.loads(body_of(change("drop_field", field="booking.rooms.1.id")))
    assert got["booking"]["rooms"] == [{"id": 1}, {}]


def test_prefix_stands_in_front() -> None:
    assert body_of(change("prefix", text="Warning: ")) == b"Warning: " + BOOKING


def test_recoded_body_is_the_same_text_in_another_charset() -> None:
    assert body_of(change("recode", charset="utf-16")).decode("utf-16") == BOOKING.decode()
    assert body_of(change("recode", charset="utf-8-sig")) == b"\xef\xbb\xbf" + BOOKING


@pytest.mark.parametrize(("coding", "pack"), [(b"gzip", gzip.compress), (b"deflate", zlib.compress)])
def test_packed_body_is_unpacked_and_says_so(coding: bytes, pack) -> None:
    got = altered(change("prefix", text="x"), answer(pack(BOOKING), b"Content-Encoding: " + coding)).answer
    assert got.content == b"x" + BOOKING
    assert got.coding == ""


CANNOT = {
    "no JSON": (change("drop_field", field="a"), answer(b"<html>")),
    "no such field": (change("drop_field", field="booking.total"), answer()),
    "no such item": (change("set_field", field="booking.rooms.9", to="null"), answer()),
    "inside a number": (change("set_field", field="booking.id.x", to="null"), answer()),
    "short already": (change("truncate", keep=len(BOOKING), length="correct"), answer()),
    "plain ASCII in Latin-1": (change("recode", charset="latin-1"), answer(b"{}")),
    "not text": (change("recode", charset="utf-16"), answer(b"\xff\xfe")),
    "no body": (change("prefix", text="x"), answer(b"", has_body=False)),
    "unknown packing": (change("prefix", text="x"), answer(b"?", b"Content-Encoding: br")),
    "broken packing": (change("prefix", text="x"), answer(b"?", b"Content-Encoding: gzip")),
    "value is so already": (change("set_field", field="a", to="null"), answer(b'{"a": null}')),
}


@pytest.mark.parametrize(("effect", "of"), CANNOT.values(), ids=CANNOT)
def test_effect_with_nothing_to_act_on_is_no_silent_success(effect: MutateBody, of: Answer) -> None:
    with pytest.raises(CannotAct):
        altered(effect, of)


def test_replaced_body_keeps_status_and_other_headers() -> None:
    effect = ReplaceBody(kind="replace_body", body="<p>", headers=[("Content-Type", "text/html")])
    assert altered(effect, answer()).answer.render(asked="GET") == (
        b"HTTP/1.1 200 Fine\r\nX-A: 1\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\n<p>"
    )


def test_replaced_status_comes_with_its_phrase() -> None:
    assert altered(ReplaceBody(kind="replace_body", body="", status=500), answer()).answer.line == (
        b"HTTP/1.1 500 Internal Server Error"
    )


def test_answer_to_head_has_the_length_and_no_body() -> None:
    assert answer(b"xy").render(asked="HEAD").endswith(b"Content-Length: 2\r\n\r\n")


EFFECTS = [
    {"kind": "replace_body", "body": "x"},
    {"kind": "mutate_body", "change": {"how": "truncate", "keep": 0, "length": "correct"}},
    {"kind": "mutate_body", "change": {"how": "truncate", "keep": 4, "length": "original"}},
    {"kind": "mutate_body", "change": {"how": "truncate", "keep": 21, "length": "original"}},
    *[
        {"kind": "mutate_body", "change": {"how": "set_field", "field": field, "to": to}}
        for field in ("id", "booking.id", "0.id", "bookings.2.rooms.0")
        for to in ("string", "number", "boolean", "null", "list", "object")
    ],
    {"kind": "mutate_body", "change": {"how": "drop_field", "field": "bookings.0.id"}},
    {"kind": "mutate_body", "change": {"how": "prefix", "text": "x"}},
    *[{"kind": "mutate_body", "change": {"how": "recode", "charset": c}} for c in ("utf-16", "utf-8-sig", "latin-1")],
]


@pytest.mark.parametrize("effect", EFFECTS, ids=str)
def test_probe_is_answered_with_something_that_shows_the_effect(effect: dict) -> None:
    read = TypeAdapter(Effect).validate_json(json.dumps(effect))
    before = own_answer(read)
    assert altered(read, before).answer.content != before.content
