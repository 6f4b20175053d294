"""Secrets are found in every disguise, named by their place, and never repeated."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from pms_drill.checks.secrets import Canary, Needles, Searched, nothing_leaked
from pms_drill.checks.verdict import Outcome

KEY = Canary("PMS key", "0123456789ABCDEF0123456789ABCDEF")
PASSWORD = Canary("database password", "p+ss/w&rd=\u00c4 12345678")
READ = Searched(files=3, size=1000, answers=5)


def hits(text: str, *canaries: Canary) -> list:
    return list(Needles(canaries or (KEY, PASSWORD)).found_in(text.encode(), "logs/agent.log"))


@pytest.mark.parametrize(
    ("text", "how"),
    [
        (KEY.value, "raw"),
        (f"x={KEY.value}y", "raw"),
        (base64.b64encode(f"{KEY.value}:".encode()).decode(), "in Base64"),
        (base64.b64encode(f"a:{KEY.value}".encode()).decode(), "in Base64"),
        (base64.b64encode(f"ab:{KEY.value}".encode()).decode(), "in Base64"),
        (quote(PASSWORD.value, safe=""), "encoded for a URL"),
        (quote(PASSWORD.value, safe="").replace("%2B", "%2b").replace("%2F", "%2f").lower(), ""),
        ("p%2bss%2fw%26rd%3d%c3%84%2012345678", "encoded for a URL"),
    ],
)
def test_every_disguise_is_found_with_its_line(text: str, how: str) -> None:
    found = hits(f"first line\n{text}\nlast line\n")
    assert [(hit.line, hit.how) for hit in found] == [(2, how or "encoded for a URL")]


def test_a_line_counts_once_for_each_kind_and_each_line_counts() -> None:
    found = hits(f"{KEY.value} {KEY.value}\nnothing\n{KEY.value}\n")
    assert [hit.line for hit in found] == [1, 3]


def test_a_part_of_a_secret_is_none() -> None:
    assert hits(f"{KEY.value[1:]} {KEY.value[:20]}") == []


@pytest.mark.parametrize("canary", [KEY, PASSWORD], ids=["key", "password"])
def test_a_leak_is_named_by_its_place_and_never_by_its_value(canary: Canary) -> None:
    found = hits(f"ok\nAuthorization: {canary.value}\n")
    verdict = nothing_leaked(canary.kind, [KEY, PASSWORD], found, READ)
    assert verdict.outcome is Outcome.FAILED
    assert "logs/agent.log:2 raw" in verdict.why
    assert canary.value not in verdict.why
    assert canary.value not in repr(canary)


def test_a_leak_of_one_kind_is_none_of_another() -> None:
    verdict = nothing_leaked(PASSWORD.kind, [KEY, PASSWORD], hits(KEY.value), READ)
    assert verdict.outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("canaries", "searched"),
    [([], READ), ([Canary("PMS key", "short")], READ), ([KEY], Searched(0, 0, 0))],
    ids=["no secret", "too short", "nothing read"],
)
def test_what_was_not_looked_for_is_unknown(canaries: list[Canary], searched: Searched) -> None:
    assert nothing_leaked("PMS key", canaries, [], searched).outcome is Outcome.UNKNOWN
