"""The control listener and its client: what is refused is refused aloud."""

from __future__ import annotations

import json
import socket
import threading

import httpx
import pytest

from pms_drill import clock
from pms_drill.errors import DrillError
from pms_drill.faults.http_rules import RuleControl
from pms_drill.proxy.client import FaultProxyControl
from tests.proxy.conftest import eventually
from tests.proxy.scripted_upstream import answering

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
GOOD = {"name": "r", "effect": {"kind": "status", "status": 503}}


def test_misspelt_rule_is_refused_with_the_word_that_is_wrong_and_nothing_is_in_force(net) -> None:
    with pytest.raises(DrillError, match="pth"):
        net.control.add_rule({**GOOD, "pth": "/api/bookings"})
    assert net.control.rules() == []


def test_body_that_is_no_json_is_refused(net) -> None:
    answer = httpx.post(
        f"{net.control.url}/rules",
        content=b"{",
        headers={"Authorization": "Bearer token-of-this-test-run"},
        trust_env=False,
    )
    assert answer.status_code == 400
    assert "JSON" in answer.json()["error"]


def test_rule_is_read_back_as_it_was_given(net) -> None:
    given = {
        **GOOD,
        "method": "POST",
        "path": "/api/bookings",
        "nth": [1, 3],
        "window": {"from": 0.5, "to": 2.0},
        "share": {"part": 0.5, "seed": 9},
    }
    net.control.add_rule(given)
    [rule] = net.control.rules()
    assert {name: value for name, value in rule.items() if name != "counters"} == given


def test_rule_that_is_not_renewed_ends_by_itself_and_lets_go_what_it_held(net) -> None:
    net.rule({"kind": "delay", "seconds": 600}, ttl=0.4)
    net.control.add_rule({**GOOD, "path": "/other"})
    net.upstream.script = answering(OK)
    client = net.client()
    client.send(b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n")
    eventually(net.control.rules, lambda rules: [rule["name"] for rule in rules] == ["r"])
    assert client.rest() == b""  # cut with its connection
    assert net.ask(b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n", answering(OK), len(OK)) == OK


def test_rule_lives_as_long_as_it_is_renewed_and_not_a_second_time(net) -> None:
    net.control.add_rule({**GOOD, "ttl": 0.5})
    begun = clock.now()
    while clock.now() < begun + 1.2:
        net.control.renew("r", 0.5)
        threading.Event().wait(0.05)
    assert [rule["name"] for rule in net.control.rules()] == ["r"]
    eventually(net.control.rules, lambda rules: rules == [])
    with pytest.raises(DrillError, match="no rule named r"):
        net.control.renew("r", 0.5)
    assert net.control.rules() == []


@pytest.mark.parametrize("ttl", [0, -1, 3601, "soon"])
def test_time_to_live_that_is_none_is_refused(net, ttl: object) -> None:
    with pytest.raises(DrillError, match="ttl"):
        net.control.add_rule({**GOOD, "ttl": ttl})
    net.control.add_rule(GOOD)
    with pytest.raises(DrillError, match="ttl"):
        net.control.renew("r", ttl)


def test_name_in_force_is_refused_and_free_again_after_removal(net) -> None:
    net.control.add_rule(GOOD)
    with pytest.raises(DrillError, match="in force"):
        net.control.add_rule(GOOD)
    net.control.remove_rule("r")
    net.control.add_rule(GOOD)
    net.control.clear()
    assert net.control.rules() == []


def test_removing_what_is_not_there_is_fine(net) -> None:
    net.control.remove_rule("never")


def test_counters_of_an_unknown_rule_are_an_error_not_zero(net) -> None:
    with pytest.raises(DrillError, match="never"):
        net.control.acted("never")


def test_counters_tell_what_concerned_a_rule_and_what_it_did(net) -> None:
    net.control.add_rule({**GOOD, "method": "POST", "nth": [2, 3]})
    net.control.add_rule({"name": "rest", "effect": {"kind": "status", "status": 204}})
    with httpx.Client(trust_env=False) as client:
        told = [client.post(net.url).status_code for _ in range(4)] + [client.get(net.url).status_code]
    assert told == [204, 503, 503, 204, 204]
    assert net.control.counters("r") == {"matched": 4, "acted": 2, "missed": 0, "probed": 0}
    assert net.control.acted("rest") == 3


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Basic token-of-this-test-run", "Bearer \xff"])
def test_without_the_token_nothing_is_told_or_done(net, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization.encode("latin-1")}
    with httpx.Client(base_url=net.control.url, headers=headers, trust_env=False) as client:
        answers = [
            client.get("/health"),
            client.get("/rules"),
            client.post("/rules", content=json.dumps(GOOD)),
            client.delete("/rules"),
            client.get("/ledger"),
            client.get("/elsewhere"),
        ]
    assert [answer.status_code for answer in answers] == [401] * 6
    assert net.control.rules() == []


@pytest.mark.parametrize("path", ["/ledger?since=-1", "/ledger?since=x", "/rules/r?stalled=perhaps", "/nowhere"])
def test_odd_questions_are_refused_in_json(net, path: str) -> None:
    method = "DELETE" if path.startswith("/rules") else "GET"
    answer = httpx.request(
        method, net.control.url + path, headers={"Authorization": "Bearer token-of-this-test-run"}, trust_env=False
    )
    assert answer.status_code in (400, 404)
    assert answer.json()["error"]


def test_health_names_version_and_upstream(net) -> None:
    health = net.control.health()
    assert health["version"] == 2
    assert health["upstream"] == net.upstream.address


def test_wrong_token_of_the_client_is_an_error_people_can_read(net) -> None:
    with FaultProxyControl(net.control.url, "another-token") as client, pytest.raises(DrillError, match="token"):
        client.rules()


def test_proxy_that_is_not_there_is_an_error_people_can_read() -> None:
    with FaultProxyControl("http://127.0.0.1:1", "t") as client, pytest.raises(DrillError, match="does not answer"):
        client.rules()


def test_proxy_that_hangs_is_an_error_within_the_patience() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        with FaultProxyControl(url, "t", patience=0.1) as client, pytest.raises(DrillError, match="does not answer"):
            client.ledger()


def test_client_is_what_faults_need(net) -> None:
    control: RuleControl = net.control
    control.add_rule(GOOD)
    assert [rule["name"] for rule in control.rules()] == ["r"]
    control.remove_rule("r", stalled="resume")
