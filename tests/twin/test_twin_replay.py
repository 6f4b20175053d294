"""The twin answers as the recorded QloApps did: every recorded exchange, in a state that was built for it.

What the twin does not play is named with a reason in out_of_scope.json, a list that may only shrink.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.twin.compare import differences
from tests.twin.recordings import exchanges
from tests.twin.replaying import Setup, replay
from tests.twin.states import SETUPS

OUT_OF_SCOPE: dict[str, str] = json.loads((Path(__file__).parent / "out_of_scope.json").read_text("utf-8"))
AT_MOST = 20
RECORDED = 302


async def _differences(name: str) -> list[str]:
    exchange = exchanges()[name]
    reply, host = await replay(exchange, SETUPS.get(name, Setup()))
    return differences(exchange, reply, host)


@pytest.mark.parametrize("name", [name for name in exchanges() if name not in OUT_OF_SCOPE])
async def test_twin_answers_as_recorded(name: str) -> None:
    assert await _differences(name) == []


@pytest.mark.parametrize("name", OUT_OF_SCOPE)
async def test_what_is_out_of_scope_is_still_answered_otherwise(name: str) -> None:
    assert name in exchanges(), f"{name} is not recorded any more: take it off the list"
    assert await _differences(name) != [], f"the twin plays {name} now: take it off the list"


def test_list_of_what_is_out_of_scope_only_shrinks() -> None:
    assert len(OUT_OF_SCOPE) <= AT_MOST
    assert all(len(reason) > 20 for reason in OUT_OF_SCOPE.values())


def test_no_recording_was_lost() -> None:
    assert len(exchanges()) == RECORDED
    assert set(SETUPS) <= set(exchanges())


def test_recordings_hold_no_secret_and_no_trace_of_the_recorder() -> None:
    text = "".join(
        file.read_text("utf-8") for file in Path(__file__).parents[2].glob("contracts/pms/recordings/*/*.json")
    )
    assert len(text) > 100_000
    for trace in ("QLOFULL", "def502", "0123456789abcdef0123", "18080", "/var/www", "/home/", "Basic UUxP"):
        assert trace not in text


@pytest.mark.parametrize(
    "name",
    [
        "hotels-get-json",
        "bookings-create-utf8-names-json-ok",
        "ari-basic-json-output",
        "bookings-get-created-xml",
        "ari-basic-xml",
    ],
)
async def test_body_is_written_byte_by_byte_as_recorded(name: str) -> None:
    exchange = exchanges()[name]
    reply, host = await replay(exchange, SETUPS.get(name, Setup()))
    assert reply.body.decode() == exchange.answer_body.replace("{{PMS_HOST}}", host).replace("{{HASH}}", "")


@pytest.mark.parametrize(
    ("name", "status", "old", "new"),
    [
        ("bookings-create-json-ok", 200, '"total_tax":1150', '"total_tax":1151'),
        ("hotels-list-xml", 200, 'id="1"', 'id="2"'),
        ("bookings-create-sold-out-json", 404, "", ""),
        ("auth-wrong-key-32-chars-json", 401, '"code":21', '"code":22'),
        ("fault-db-down-no-auth", 503, "", ""),
    ],
)
async def test_comparison_sees_what_differs(name: str, status: int, old: str, new: str) -> None:
    exchange = exchanges()[name]
    reply, host = await replay(exchange, SETUPS.get(name, Setup()))
    assert differences(exchange, reply, host) == []
    other = replace(exchange, status=status, answer_body=exchange.answer_body.replace(old, new))
    assert differences(other, reply, host) != []
