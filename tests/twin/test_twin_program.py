"""The twin as a program: how it starts and ends, what its control listener does, what happens to clients that leave."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.twin.desk import booking
from tests.twin.program import RunningTwin, environment, wait_until
from tests.twin.recordings import MAIN_KEY

StartTwin = Callable[..., RunningTwin]


@pytest.fixture
def start_twin(tmp_path: Path) -> Iterator[StartTwin]:
    """Start twins; they are stopped after the test."""
    started: list[RunningTwin] = []

    def start(*options: str) -> RunningTwin:
        folder = tmp_path / f"twin{len(started)}"
        folder.mkdir()
        started.append(RunningTwin(folder, *options))
        return started[-1]

    yield start
    for twin in started:
        if twin.process.poll() is None:
            twin.stop()


@pytest.fixture(scope="module")
def long_running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningTwin]:
    running = RunningTwin(tmp_path_factory.mktemp("twin"), "--rooms-per-type", "5")
    yield running
    assert running.stop() == 0


@pytest.fixture
def twin(long_running: RunningTwin) -> RunningTwin:
    """One twin for many tests, in its base state."""
    long_running.control("PATCH", "/settings", {"race_window_ms": 0, "latency": "none", "domain": None})
    long_running.control("POST", "/reset", {"rooms_per_type": 5})
    long_running.control("POST", "/keys/rotate", {"key": MAIN_KEY})
    return long_running


def start_and_fail(*options: str, **changed: str | None) -> str:
    """Start a twin that must refuse; gives what it said."""
    ended = subprocess.run(
        [sys.executable, "-m", "qloapps_twin", *options],
        env=environment(**changed),
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    return ended.stderr


def test_sigterm_ends_it_with_0_though_a_client_is_connected(start_twin: StartTwin) -> None:
    twin = start_twin()
    assert twin.http.get("/hotels").status_code == 200
    assert twin.stop() == 0


def test_it_listens_on_loopback_only(twin: RunningTwin) -> None:
    process = psutil.Process(twin.process.pid)
    listening = {one.laddr for one in process.net_connections("inet") if one.status == psutil.CONN_LISTEN}
    assert {address.ip for address in listening} == {"127.0.0.1"}
    assert {address.port for address in listening} == {twin.port, twin.control_port}


@pytest.mark.skipif(sys.platform != "linux", reason="needs-linux")
def test_it_ends_when_its_parent_dies(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    code = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-m', 'qloapps_twin', '--ready-file', {str(ready)!r}])\n"
        "print(child.pid, flush=True)\ntime.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], env=environment(), stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    try:
        wait_until(ready.exists)
        parent.kill()
        parent.wait(10)
        wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
        parent.stdout.close()


@pytest.mark.parametrize("key", [None, "short", "x" * 33])
def test_key_of_another_length_is_refused_at_the_start(key: str | None) -> None:
    assert "32 characters" in start_and_fail(TWIN_API_KEY=key)


def test_missing_control_token_is_refused_at_the_start() -> None:
    assert "TWIN_CONTROL_TOKEN" in start_and_fail(TWIN_CONTROL_TOKEN=None)


def test_taken_port_is_told_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        told = start_and_fail("--port", str(taken.getsockname()[1]))
    assert told.count("\n") == 1
    assert "Choose another port" in told


def test_log_holds_neither_key_nor_token(start_twin: StartTwin) -> None:
    twin = start_twin()
    twin.http.get("/hotels")
    twin.switch(db_down=False)
    twin.stop()
    text = twin.log.read_text()
    assert "127.0.0.1" in text
    assert MAIN_KEY not in text
    assert "control-token" not in text


@pytest.mark.parametrize("token", [None, "Bearer wrong", "Basic x"])
def test_control_listener_needs_its_token(twin: RunningTwin, token: str | None) -> None:
    headers = {} if token is None else {"Authorization": token}
    told = httpx.patch(
        f"http://127.0.0.1:{twin.control_port}/switches", json={"db_down": True}, headers=headers, trust_env=False
    )
    assert told.status_code == 401
    assert twin.http.get("/hotels").status_code == 200


def test_client_that_leaves_gets_its_booking_made(twin: RunningTwin) -> None:
    twin.control("PATCH", "/settings", {"race_window_ms": 100})
    with pytest.raises(httpx.ReadTimeout):
        twin.http.post("/bookings", json=booking(source="left"), timeout=0.01)
    wait_until(lambda: twin.control("GET", "/state")["bookings_under_way"] == 0)
    wait_until(lambda: twin.http.get("/room_bookings", params={"filter[id_order]": "[4]"}).json() != [])


def test_paused_database_hangs_requests_and_carries_them_out_later(twin: RunningTwin) -> None:
    twin.switch(db_paused=True)
    answers: list[int] = []

    def wait() -> None:
        with httpx.Client(trust_env=False, timeout=20) as client:
            answers.append(client.get(f"http://127.0.0.1:{twin.port}/api/hotels", auth=(MAIN_KEY, "")).status_code)

    waiting = threading.Thread(target=wait)
    waiting.start()
    with pytest.raises(httpx.ReadTimeout):
        twin.http.post("/bookings", json=booking(source="paused"), timeout=0.2)
    assert answers == []
    assert twin.control("GET", "/state")["orders"] == 3
    twin.switch(db_paused=False)
    waiting.join(10)
    assert answers == [200]
    wait_until(lambda: twin.control("GET", "/state")["orders"] == 4)


def test_database_down_is_one_page_for_everything(twin: RunningTwin) -> None:
    twin.switch(db_down=True)
    for path in ("/hotels", "/nonsense", "/../health"):
        told = twin.http.get(path, auth=("nobody", ""))
        assert (told.status_code, len(told.content)) == (500, 2450)
        assert told.headers["content-type"] == "text/html; charset=utf-8"
        assert "x-powered-by" not in told.headers
    twin.switch(db_down=False)
    assert twin.http.get("/hotels").status_code == 200


@pytest.mark.parametrize(
    ("switch", "status", "code"), [("key_disabled", 401, 20), ("webservice_off", 503, 22), ("stored_but_500", 500, 3)]
)
def test_switch_spoils_bookings_until_it_is_off(twin: RunningTwin, switch: str, status: int, code: int) -> None:
    twin.switch(**{switch: True})
    told = twin.http.post("/bookings", json=booking())
    assert (told.status_code, told.json()["errors"][0]["code"]) == (status, code)
    twin.switch(**{switch: False})
    assert twin.http.post("/bookings", json=booking()).status_code == 200
    assert twin.control("GET", "/state")["orders"] == 3 + 1 + (switch == "stored_but_500")


def test_counted_switch_turns_itself_off(twin: RunningTwin) -> None:
    twin.switch(stored_but_500=2)
    assert [twin.http.post("/bookings", json=booking()).status_code for _ in range(3)] == [500, 500, 200]
    assert twin.control("GET", "/switches")["stored_but_500"] == 0
    assert twin.control("GET", "/state")["orders"] == 6


def test_rotated_key_is_the_only_one(twin: RunningTwin) -> None:
    twin.control("POST", "/keys/rotate", {"key": "N" * 32})
    assert twin.http.get("/hotels").status_code == 401
    assert twin.http.get("/hotels", auth=("N" * 32, "")).status_code == 200
    twin.switch(key_disabled=True)
    assert twin.http.get("/hotels", auth=("N" * 32, "")).status_code == 401


def test_keys_are_added_and_forgotten(twin: RunningTwin) -> None:
    twin.control("PUT", "/keys", {"key": "K" * 32, "permissions": {"hotels": ["GET"]}})
    assert twin.http.get("/hotels", auth=("K" * 32, "")).status_code == 200
    assert twin.http.get("/orders", auth=("K" * 32, "")).status_code == 401
    twin.control("DELETE", "/keys", {"key": "K" * 32})
    assert twin.http.get("/hotels", auth=("K" * 32, "")).status_code == 401


def test_reset_is_the_base_state_again(twin: RunningTwin) -> None:
    base = twin.control("GET", "/state")
    first = twin.http.post("/bookings", json=booking()).json()
    twin.switch(db_paused=True, silent_cancel=True)
    assert twin.control("POST", "/reset") == base
    assert not any(twin.control("GET", "/switches").values())
    assert twin.http.post("/bookings", json=booking()).json()["booking"]["id"] == first["booking"]["id"]


def test_reset_can_change_the_size_of_the_hotel(twin: RunningTwin) -> None:
    told = twin.control("POST", "/reset", {"rooms_per_type": 2})
    assert told["rooms_per_type"] == {"1": 2, "2": 2, "3": 2, "4": 2}
    assert twin.http.post("/bookings", json=booking(count=3)).status_code == 400


def test_state_is_seeded(twin: RunningTwin) -> None:
    seed = {
        "next_ids": {"orders": 40},
        "rooms": {"1": 2},
        "bookings": [booking(), booking(email="b@example.com")],
        "cancelled": [40],
    }
    assert twin.control("POST", "/state", seed) == {"orders": [40, 41]}
    assert twin.control("GET", "/state")["live_lines"] == 4  # three old ones and one of the two
    assert twin.http.post("/bookings", json=booking(count=4)).status_code == 400
    assert twin.http.post("/bookings", json=booking(count=3)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "word"),
    [
        ("PATCH", "/switches", {"nope": True}, 400, "db_down"),
        ("PATCH", "/switches", {"db_down": 3}, 400, "true or false"),
        ("PATCH", "/switches", {"silent_cancel": -1}, 400, "number of bookings"),
        ("PATCH", "/switches", [1], 400, "JSON object"),
        ("POST", "/reset", {"rooms_per_type": 0}, 400, "from 1"),
        ("POST", "/state", {"booking": []}, 400, "unknown"),
        ("POST", "/state", {"bookings": [booking(kind=9)]}, 400, "Invalid room type"),
        ("POST", "/state", {"next_ids": {"carts2": 1}}, 400, "no table"),
        ("POST", "/keys/rotate", {"key": "short"}, 400, "32"),
        ("PATCH", "/settings", {"latency": "slow"}, 400, "recorded"),
        ("PATCH", "/settings", {"race": 1}, 400, "race_window_ms"),
        ("GET", "/nope", None, 404, "/switches"),
    ],
)
def test_wrong_control_request_is_told_what_is_wrong(
    twin: RunningTwin, method: str, path: str, body: Any, status: int, word: str
) -> None:
    told = httpx.request(
        method,
        f"http://127.0.0.1:{twin.control_port}{path}",
        json=body,
        headers={"Authorization": "Bearer control-token-of-this-test"},
        trust_env=False,
    )
    assert told.status_code == status
    assert word in told.json()["error"]


def test_failed_switch_request_changes_nothing(twin: RunningTwin) -> None:
    with pytest.raises(AssertionError):
        twin.switch(db_down=True, nope=True)
    assert not any(twin.control("GET", "/switches").values())


def test_only_the_configured_host_is_served_when_one_is_set(twin: RunningTwin) -> None:
    host = f"127.0.0.1:{twin.port}"
    twin.control("PATCH", "/settings", {"domain": host})
    assert twin.http.get("/hotels").status_code == 200
    told = twin.http.get("/hotels", headers={"Host": "elsewhere"})
    assert (told.status_code, told.headers["location"]) == (302, f"http://{host}/?url=hotels&output_format=JSON")


def test_recorded_latency_is_slower_for_bookings_than_for_lists(twin: RunningTwin) -> None:
    twin.control("PATCH", "/settings", {"latency": "recorded"})
    listed = twin.http.get("/hotels").elapsed.total_seconds()
    booked = twin.http.post("/bookings", json=booking()).elapsed.total_seconds()
    assert listed >= 0.010
    assert booked >= 0.100


def test_connection_is_kept_after_200_and_closed_after_400(twin: RunningTwin) -> None:
    assert "connection" not in twin.http.get("/hotels").headers
    assert twin.http.get("/nonsense").headers["connection"] == "close"


def test_requests_on_one_connection_are_answered_in_order(twin: RunningTwin) -> None:
    one = f"GET /api/orders?output_format=JSON&ws_key={MAIN_KEY}&limit={{}} HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.create_connection(("127.0.0.1", twin.port), timeout=5) as client:
        client.sendall("".join(one.format(count) for count in (1, 2, 3)).encode())
        text = ""
        while text.count("HTTP/1.1 200") < 3 or not text.endswith("]}"):
            text += client.recv(65536).decode()
    assert [part.count('"id"') for part in text.split("HTTP/1.1 200")[1:]] == [1, 2, 3]


def test_chunked_body_is_read(twin: RunningTwin) -> None:
    def parts() -> Iterator[bytes]:
        yield b'{"booking":'
        yield b"{}}"

    told = twin.http.post("/bookings", content=parts())
    assert told.json()["errors"][0]["message"] == "Please provide valid currency."


def test_what_is_not_http_is_400_and_closed(twin: RunningTwin) -> None:
    with socket.create_connection(("127.0.0.1", twin.port), timeout=5) as client:
        client.sendall(b"hello\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 400")
        assert client.recv(1000) == b""
    assert twin.http.get("/hotels").status_code == 200


def test_sigint_ends_it_too(start_twin: StartTwin) -> None:
    twin = start_twin()
    os.kill(twin.process.pid, signal.SIGINT)
    assert twin.process.wait(10) == 0
