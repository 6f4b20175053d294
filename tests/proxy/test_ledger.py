"""The ledger holds every request once, in order, without secrets, and dates its steps."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import httpx
import pytest

from pms_drill import clock
from pms_drill.proxy.ledger import Ledger, without_key
from tests.proxy.scripted_upstream import Peer, answering

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def test_steps_are_dated_in_order_on_the_clock_of_the_harness(net) -> None:
    before = clock.now()
    net.ask(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n", answering(OK), len(OK))
    [entry] = net.written(1)
    steps = [before, entry.received, entry.forwarded, entry.answered, entry.delivered, clock.now()]
    assert steps == sorted(steps)
    assert (entry.status, entry.pms_status, entry.copies, entry.rule) == (200, 200, 1, None)


def test_control_and_file_tell_the_same(net) -> None:
    for number in range(5):
        net.ask(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number, answering(OK), len(OK))
    assert net.written(5) == net.control.ledger()
    assert [entry.seq for entry in net.control.ledger(since=3)] == [4, 5]
    assert net.control.ledger(since=5) == []


def test_more_entries_than_one_page_are_read_completely(net, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pms_drill.proxy.control.PAGE", 3)
    net.rule({"kind": "status", "status": 204})
    with httpx.Client(trust_env=False) as client:
        for _ in range(10):
            client.get(net.url)
    assert [entry.seq for entry in net.control.ledger()] == list(range(1, 11))


def test_open_exchange_is_seen_and_finished_later(net) -> None:
    go = threading.Event()

    def script(peer: Peer) -> None:
        peer.until(b"\r\n\r\n")
        go.wait(5)
        peer.send(OK)
        peer.rest()

    net.upstream.script = script
    client = net.client()
    client.send(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
    [entry] = net.entries(1, lambda entry: entry.forwarded is not None)
    assert (entry.answered, entry.status) == (None, None)
    go.set()
    client.expect(len(OK))
    assert net.written(1)[0].answered is not None


def test_secrets_are_not_in_the_ledger(net) -> None:
    secret = "S3cretOfTheHotel"
    request = (
        f"POST /api/bookings?ws_key={secret}&limit=1 HTTP/1.1\r\nHost: x\r\nAUTHORIZATION: Basic {secret}\r\n"
        f"Cookie: a={secret}\r\nX-Api-Key: {secret}\r\nX-Drill-Probe: {secret}\r\nIdempotency-Key: k-1\r\n"
        "Content-Length: 0\r\n\r\n"
    ).encode()
    net.ask(request, answering(OK), len(OK))
    [entry] = net.written(1)
    assert secret not in net.ledger_file.read_text()
    assert entry.target == "/api/bookings?ws_key=***&limit=1"
    assert ("Idempotency-Key", "k-1") in entry.request_headers
    assert net.upstream.received() == [request]


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("/api?WS_KEY=abc", "/api?WS_KEY=***"),
        ("/api?a=1&ws_key=abc&b=2", "/api?a=1&ws_key=***&b=2"),
        ("/api?monkey=abc", "/api?monkey=abc"),
        ("/api/ws_key=abc", "/api/ws_key=abc"),
    ],
)
def test_key_in_a_query_is_masked_and_nothing_else(target: str, kept: str) -> None:
    assert without_key(target) == kept


def test_body_is_kept_as_text_and_only_its_beginning(net) -> None:
    body = b"\xff<booking>" + b"x" * 10_000
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    net.ask(head + body, answering(OK, requests_end=body), len(OK))
    [entry] = net.written(1)
    assert entry.request_body.startswith("�<booking>xxx")
    assert len(entry.request_body) == 4096


def test_line_stays_one_line_whatever_the_body_holds(net) -> None:
    body = "a\x85b\u2028c\nd\re".encode()
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    net.ask(head + body, answering(OK, requests_end=body), len(OK))
    assert net.written(1)[0].request_body == body.decode()


def test_parallel_connections_get_their_own_numbers(net) -> None:
    net.upstream.script = answering(*[OK] * 20)

    def many() -> None:
        with httpx.Client(trust_env=False) as client:
            for _ in range(20):
                client.get(net.url)

    threads = [threading.Thread(target=many) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    entries = net.written(100)
    assert sorted(entry.seq for entry in entries) == list(range(1, 101))
    assert {entry.connection for entry in entries} == {1, 2, 3, 4, 5}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs-linux: /dev/full")
def test_entries_that_a_full_disk_does_not_take_are_kept_and_the_trouble_is_told(tmp_path, monkeypatch) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    first = ledger.open(1, "GET", "/first", 1.0, probe=False)
    ledger.finish(first)
    assert ledger.trouble == ""
    file, full = ledger._file, os.open("/dev/full", os.O_WRONLY)
    monkeypatch.setattr(ledger, "_file", full)
    second = ledger.open(1, "GET", "/second", 2.0, probe=False)
    ledger.finish(second)
    monkeypatch.setattr(ledger, "_file", file)
    assert ledger.trouble == "No space left on device"
    assert [json.loads(line)["target"] for line in ledger.since(0, 10)] == ["/first", "/second"]
    third = ledger.open(1, "GET", "/third", 3.0, probe=False)
    ledger.finish(third)
    ledger.close()
    os.close(full)
    written = (tmp_path / "ledger.jsonl").read_text().splitlines()
    assert [json.loads(line)["target"] for line in written] == ["/first", "/third"]


def test_stopped_ledger_writes_what_is_open_and_a_second_one_goes_on_in_the_file(tmp_path) -> None:
    file = tmp_path / "ledger.jsonl"
    first = Ledger(file)
    first.open(1, "GET", "/a", 1.0, probe=False)
    first.close()
    second = Ledger(file)
    second.finish(second.open(1, "GET", "/b", 2.0, probe=False))
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(line["target"], line["note"]) for line in lines] == [("/a", "the fault proxy was stopped"), ("/b", "")]
    assert [json.loads(line)["target"] for line in second.since(0, 10)] == ["/b"]
    second.close()
