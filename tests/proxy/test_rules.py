"""Which requests a rule acts on; what a rule cannot mean is refused."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from pms_drill.proxy.effects import Status
from pms_drill.proxy.rules import NameTaken, Rule, RuleBook

FAIL = {"kind": "status", "status": 503}


def rule(name: str = "r", **match: object) -> Rule:
    return Rule.model_validate({"name": name, "effect": FAIL, **match}, strict=False)


def acted(book: RuleBook, *requests: tuple[str, str], at: float = 0.0) -> list[str | None]:
    chosen = [book.choose(method, path, at, probe=False) for method, path in requests]
    return [armed.rule.name if armed else None for armed in chosen]


def book(*rules: Rule) -> RuleBook:
    made = RuleBook()
    for one in rules:
        made.add(one, 0.0)
    return made


def test_rule_without_conditions_acts_on_everything() -> None:
    assert acted(book(rule()), ("GET", "/a"), ("POST", "/b")) == ["r", "r"]


def test_method_and_exact_path_must_both_match() -> None:
    only = book(rule(method="POST", path="/api/bookings"))
    requests = [("POST", "/api/bookings"), ("GET", "/api/bookings"), ("POST", "/api/bookings/1"), ("POST", "/api/")]
    assert acted(only, *requests) == ["r", None, None, None]


def test_pattern_matches_below_a_path() -> None:
    below = book(rule(path_glob="/api/bookings/*"))
    assert acted(below, ("GET", "/api/bookings/7/rooms"), ("GET", "/api/bookings")) == ["r", None]


def test_first_two_fail_and_the_third_works() -> None:
    assert acted(book(rule(nth=[1, 2])), *[("GET", "/a")] * 4) == ["r", "r", None, None]


def test_nth_counts_only_requests_that_match() -> None:
    second = book(rule(method="POST", nth=[2]))
    assert acted(second, ("POST", "/"), ("GET", "/"), ("GET", "/"), ("POST", "/")) == [None, None, None, "r"]


def test_window_is_counted_from_arming_and_excludes_its_end() -> None:
    made = RuleBook()
    made.add(rule(window={"from": 1.0, "to": 2.0}), 100.0)
    seen = [made.choose("GET", "/", at, probe=False) is not None for at in (100.9, 101.0, 101.9, 102.0)]
    assert seen == [False, True, True, False]


def test_share_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    def fates(seed: int) -> list[str | None]:
        return acted(book(rule(share={"part": 0.3, "seed": seed})), *[("GET", "/")] * 200)

    assert fates(1) == fates(1)
    assert fates(1) != fates(2)
    assert 30 < sum(fate is not None for fate in fates(1)) < 90


def test_first_rule_that_acts_is_the_only_one_and_the_others_still_count() -> None:
    both = book(rule("once", nth=[1]), rule("second", nth=[2]), rule("always"))
    assert acted(both, *[("GET", "/")] * 3) == ["once", "second", "always"]


def test_probe_gets_the_effect_whatever_nth_and_share_say_and_advances_nothing() -> None:
    third = book(rule(nth=[3], share={"part": 0.000001, "seed": 1}))
    for _ in range(5):
        assert third.choose("GET", "/", 0.0, probe=True) is not None
    assert [armed.matched for armed in third.all()] == [0]


def test_probe_outside_path_and_window_gets_nothing() -> None:
    narrow = book(rule(path="/a", window={"from": 1.0}))
    assert narrow.choose("GET", "/b", 1.5, probe=True) is None
    assert narrow.choose("GET", "/a", 0.5, probe=True) is None
    assert narrow.choose("GET", "/a", 1.5, probe=True) is not None


def test_removed_rule_acts_no_more_and_says_how_it_went() -> None:
    one = book(rule())
    armed = one.all()[0]
    assert one.remove("r", "resume")
    assert armed.removed == "resume"
    assert acted(one, ("GET", "/")) == [None]
    assert not one.remove("r", "cut")


def test_second_rule_of_a_name_is_refused() -> None:
    with pytest.raises(NameTaken):
        book(rule(), rule())


def test_clear_takes_all_away() -> None:
    three = book(rule("a"), rule("b"), rule("c"))
    assert three.clear("cut") == 3
    assert three.all() == []


UNUSABLE = [
    {"pth": "/a"},
    {"name": ""},
    {"name": "a b"},
    {"path": "api"},
    {"path": "/a?b=1"},
    {"path": "/a", "path_glob": "/a*"},
    {"method": "post"},
    {"nth": []},
    {"nth": [0]},
    {"nth": ["1"]},
    {"nth": 1},
    {"window": {"from": 2.0, "to": 1.0}},
    {"window": {"begin": 1.0}},
    {"share": 0.5},
    {"share": {"part": 0.5}},
    {"share": {"part": 0.0, "seed": 1}},
    {"share": {"part": 1.1, "seed": 1}},
    {"effect": {"kind": "statuss", "status": 500}},
    {"effect": {"status": 500}},
    {"effect": {"kind": "status"}},
    {"effect": {"kind": "status", "status": "500"}},
    {"effect": {"kind": "status", "status": 100}},
    {"effect": {"kind": "status", "status": 500, "header": []}},
    {"effect": {"kind": "status", "status": 500, "headers": [["A"]]}},
    {"effect": {"kind": "status", "status": 500, "headers": [["A b", "c"]]}},
    {"effect": {"kind": "status", "status": 500, "headers": [["A", "b\r\nC: d"]]}},
    {"effect": {"kind": "delay"}},
    {"effect": {"kind": "delay", "seconds": 0}},
    {"effect": {"kind": "delay", "seconds": "1"}},
    {"effect": {"kind": "delay", "seconds": 1, "before": "delivering"}},
    {"effect": {"kind": "drop_answer", "how": "vanish"}},
    {"effect": {"kind": "drop_request", "hwo": "reset"}},
    {"effect": {"kind": "duplicate", "copies": 3}},
    {"effect": {"kind": "replace_body"}},
    {"effect": {"kind": "replace_body", "body": 1}},
    {"effect": {"kind": "mutate_body", "change": {"how": "truncate", "keep": 1}}},
    {"effect": {"kind": "mutate_body", "change": {"how": "truncate", "keep": -1, "length": "correct"}}},
    {"effect": {"kind": "mutate_body", "change": {"how": "set_field", "field": "a..b", "to": "null"}}},
    {"effect": {"kind": "mutate_body", "change": {"how": "set_field", "field": "a", "to": "nil"}}},
    {"effect": {"kind": "mutate_body", "change": {"how": "prefix", "text": ""}}},
    {"effect": {"kind": "mutate_body", "change": {"how": "recode", "charset": "utf8"}}},
]


@pytest.mark.parametrize("wrong", UNUSABLE, ids=str)
def test_rule_that_cannot_be_meant_is_refused(wrong: dict) -> None:
    good = {"name": "r", "effect": FAIL}
    Rule.model_validate_json(json.dumps(good))
    with pytest.raises(ValidationError):
        Rule.model_validate_json(json.dumps({**good, **wrong}))


def test_headers_keep_order_and_duplicates() -> None:
    given = [["Set-Cookie", "a"], ["X", "1"], ["Set-Cookie", "b"]]
    read = Rule.model_validate_json(json.dumps({"name": "r", "effect": {**FAIL, "headers": given}}))
    assert isinstance(read.effect, Status)
    assert read.effect.headers == [("Set-Cookie", "a"), ("X", "1"), ("Set-Cookie", "b")]
