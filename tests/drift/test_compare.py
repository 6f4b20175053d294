"""What differs between two answers, and what it means for a caller."""

from __future__ import annotations

import pytest

from pms_drill.drift.changes import Weight, changes
from pms_drill.drift.compare import compare
from pms_drill.drift.recording import Answer
from tests.drift.literal import answer, recording, refused

HOTEL = {"hotel": {"id": 1, "max_order_date": "", "rooms": [{"id": 1}]}}


def weighed(one: Answer, other: Answer, *, with_values: bool = False) -> list[tuple[str, str]]:
    found = compare(recording(hotel=one), recording("new", hotel=other), with_values=with_values)
    return [(change.weight.value, change.sentence) for change in changes(found)]


def test_same_answer_has_no_difference() -> None:
    assert weighed(answer(HOTEL, x_a="1"), answer(HOTEL, x_a="1"), with_values=True) == []


@pytest.mark.parametrize(
    ("one", "other", "weight", "sentence"),
    [
        (answer(HOTEL), answer(HOTEL, 201), "breaking", "status: 200 -> 201"),
        (answer("x"), answer("x", kind="text/html"), "breaking", "content type: application/json -> text/html"),
        (answer({"a": 1}), answer({"a": "1"}), "breaking", "field a: number -> text"),
        (answer({"a": 1, "b": 1}), answer({"a": 1}), "breaking", "field b: number -> absent"),
        (answer({"a": 1}), answer({"a": 1, "b": {"c": 1}}), "compatible", "field b: absent -> object"),
        (answer({"a": [1]}), answer({"a": [1, None]}), "risky", "field a[]: number -> null or number"),
        (answer({"a": [1, None]}), answer({"a": [1]}), "compatible", "field a[]: null or number -> number"),
        (refused(404), refused(409), "breaking", "error codes: 404 -> 409"),
        (refused(404, "sold out"), refused(404, "no room"), "risky", "error texts: sold out -> no room"),
        (answer(HOTEL, x_a="1"), answer(HOTEL), "risky", "header x-a: 1 -> absent"),
        (answer(HOTEL), answer(HOTEL, x_a="1"), "compatible", "header x-a: absent -> 1"),
        (answer("", www_authenticate="Basic"), answer(""), "breaking", "header www-authenticate: Basic -> absent"),
    ],
)
def test_difference_is_told_once_and_weighed(one: Answer, other: Answer, weight: str, sentence: str) -> None:
    assert weighed(one, other) == [(weight, sentence)]


def test_renamed_field_is_one_that_is_gone_and_one_that_is_new() -> None:
    old, new = answer({"hotel": {"max_order_date": ""}}), answer({"hotel": {"max_checkout_offset": ""}})
    assert weighed(old, new) == [
        ("breaking", "field hotel.max_order_date: text -> absent"),
        ("compatible", "field hotel.max_checkout_offset: absent -> text"),
    ]


def test_values_count_only_where_both_sources_have_the_same_hotel() -> None:
    old, new = answer({"total_price": 100, "id": "{{number}}"}), answer({"total_price": 120, "id": "{{number}}"})
    assert weighed(old, new) == []
    assert weighed(old, new, with_values=True) == [("risky", "value total_price: 100 -> 120")]


def test_long_texts_are_told_by_the_words_that_differ() -> None:
    words = " ".join(f"word{number}" for number in range(40))
    [(_, sentence)] = weighed(refused(27, f"{words} gone"), refused(27, words))
    assert sentence == "error texts: ... gone ... -> ... ..."


def test_same_change_in_many_exchanges_is_told_once() -> None:
    old = recording(a=answer("", x="1"), b=answer("", x="1"))
    new = recording("new", a=answer("", x="2"), b=answer("", x="2"))
    [change] = changes(compare(old, new, with_values=False))
    assert (change.weight, change.exchanges) == (Weight.RISKY, ("a", "b"))


def test_one_slow_call_is_no_change_of_latency_but_a_slow_median_is() -> None:
    names = ("a", "b", "c")
    answers = {name: answer("") for name in names}
    quick = recording(milliseconds=dict.fromkeys(names, 20.0), **answers)
    one_slow = recording("new", milliseconds={"a": 900.0, "b": 20.0, "c": 20.0}, **answers)
    slow = recording("new", milliseconds=dict.fromkeys(names, 300.0), **answers)
    assert compare(quick, one_slow, with_values=False) == []
    [change] = changes(compare(quick, slow, with_values=False))
    assert (change.weight, change.sentence) == (Weight.RISKY, "latency of reads: under 100 ms -> under 1 s")
    [back] = changes(compare(slow, quick, with_values=False))
    assert back.weight is Weight.COMPATIBLE
