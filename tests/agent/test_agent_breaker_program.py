"""The breaker in the running agent: what the PMS sees, and what the gauge says at the same time."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from hotel_agent.pms import retry_after
from tests.agent.scripted_pms import Act, ScriptedPms, answers, cut, drip, hang, late, refuses, reset
from tests.agent.support import PATIENT, RunningAgent, StartAgent, eventually

THRESHOLD = 5
RECOVERY = 1.0
LONG = {"PMS_CIRCUIT_BREAKER_RECOVERY_TIMEOUT": "60"}


def fail(agent: RunningAgent, pms: ScriptedPms, times: int, act: Act | None = None) -> None:
    pms.next("availability", *[act or answers(500)] * times)
    for _ in range(times):
        agent.ask(room_type=3)


def transitions(agent: RunningAgent, before: str, after: str) -> float | None:
    return agent.metric("pms_circuit_breaker_transitions_total", from_=before, to=after)


def test_starts_closed_and_probes_once(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent()
    assert agent.state() == "closed"
    assert pms.count("probe") == 1
    assert pms.count() == 0


def test_opens_at_the_threshold_and_leaves_the_pms_alone(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(**LONG)
    fail(agent, pms, THRESHOLD - 1)
    assert agent.state() == "closed"
    fail(agent, pms, 1)
    assert agent.state() == "open"
    for _ in range(10):
        agent.ask()
        agent.book()
    assert pms.count() == THRESHOLD
    assert transitions(agent, "closed", "open") == 1
    assert agent.metric("pms_circuit_breaker_rejections_total", operation="availability") == 10
    assert agent.metric("pms_circuit_breaker_rejections_total", operation="reservation") == 10
    assert agent.metric("pms_api_latency_seconds_count", operation="availability") == THRESHOLD


@pytest.mark.parametrize(
    "act",
    [reset, cut, answers(302, headers={"Location": "/"}), answers(200, "no"), answers(401)],
    ids=["reset", "cut", "302", "garbage", "401"],
)
def test_every_kind_of_failure_opens_it(start_agent: StartAgent, pms: ScriptedPms, act: Act) -> None:
    agent = start_agent(**LONG)
    pms.always("availability", act)
    for _ in range(THRESHOLD):
        assert agent.state() == "closed"
        agent.ask()
    assert agent.state() == "open"


@pytest.mark.parametrize("act", [hang, drip])
def test_calls_over_the_deadline_open_it(start_agent: StartAgent, pms: ScriptedPms, act: Act) -> None:
    agent = start_agent(PMS_TIMEOUT="0.4", **LONG)
    pms.always("availability", act)
    with ThreadPoolExecutor(THRESHOLD) as pool:
        list(pool.map(lambda _: agent.ask(), range(THRESHOLD)))
    assert agent.state() == "open"
    assert transitions(agent, "closed", "open") == 1


def test_a_success_between_failures_keeps_it_closed(agent: RunningAgent, pms: ScriptedPms) -> None:
    for _ in range(3):
        fail(agent, pms, THRESHOLD - 1)
        agent.ask()
    assert agent.state() == "closed"


def test_business_answers_neither_count_nor_reset(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(**LONG)
    fail(agent, pms, THRESHOLD - 1)
    fail(agent, pms, 3 * THRESHOLD, refuses("Validation error"))
    assert agent.state() == "closed"
    fail(agent, pms, 1)
    assert agent.state() == "open"


def test_sold_out_never_opens_it(agent: RunningAgent, pms: ScriptedPms) -> None:
    pms.sold_out = True
    for _ in range(3 * THRESHOLD):
        agent.ask()
    assert agent.state() == "closed"


# -- half-open


def test_recovers_by_a_probe_without_traffic(agent: RunningAgent, pms: ScriptedPms) -> None:
    fail(agent, pms, THRESHOLD)
    opened = pms.calls[-1].at
    eventually(lambda: agent.state() == "closed")
    probe = pms.of("probe")[-1]
    assert probe.at - opened >= 0.95 * RECOVERY
    assert pms.count() == THRESHOLD
    assert [
        transitions(agent, *step)
        for step in (("closed", "open"), ("open", "half_open"), ("half_open", "closed"), ("half_open", "open"))
    ] == [1, 1, 1, 0]


def test_guests_do_not_probe_while_the_probe_is_out(agent: RunningAgent, pms: ScriptedPms) -> None:
    pms.always("probe", late(0.7))
    fail(agent, pms, THRESHOLD)
    eventually(lambda: agent.state() == "half_open")
    with ThreadPoolExecutor(10) as pool:
        sources = list(pool.map(lambda _: agent.ask().json()["source"], range(30)))
    assert pms.count() == THRESHOLD
    assert set(sources) == {"mock"}
    assert agent.state() == "half_open"
    assert pms.count("probe") == 2
    eventually(lambda: agent.ask().json()["source"] == "pms")


BAD_PROBES: dict[str, Act] = {
    "500": answers(500),
    "reset": reset,
    "hang": hang,
    "garbage": answers(200, "<html>"),
    "an object instead of a list": answers(200, '{"hotels": {}}', "application/json"),
    "an empty object": answers(200, "{}", "application/json"),
    "hotels without ids": answers(200, '{"hotels": [{}]}', "application/json"),
    "nested for ever": answers(200, "[" * 100_000, "application/json"),
    "404": answers(404),
    "400": refuses("no"),
    "400 nested for ever": answers(400, "[" * 100_000, "application/json"),
    "400 with a list of numbers": answers(400, '{"errors": [1, 2]}', "application/json"),
    "404 with QloApps' words": refuses("no", 404),
    "429 with a wait that is no number of this world": answers(429, headers={"Retry-After": "9" * 400}),
    "204": answers(204),
    "401": answers(401),
    "a body that is not what its encoding says": answers(200, "{}", headers={"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("name", BAD_PROBES)
def test_a_probe_without_a_valid_list_opens_again_and_never_wedges(
    start_agent: StartAgent, pms: ScriptedPms, name: str
) -> None:
    short = {"PMS_TIMEOUT": "0.5", "PMS_CIRCUIT_BREAKER_RECOVERY_TIMEOUT": "0.5"}
    agent = start_agent(**short)
    pms.next("probe", BAD_PROBES[name])
    fail(agent, pms, THRESHOLD)
    if name.startswith("429"):
        eventually(lambda: transitions(agent, "half_open", "open") == 1)
        return
    eventually(lambda: agent.state() == "closed")
    assert transitions(agent, "half_open", "open") == 1
    first, second = pms.of("probe")[-2:]
    assert second.at - first.at >= 0.95 * 0.5


def test_an_empty_list_is_a_good_probe(agent: RunningAgent, pms: ScriptedPms) -> None:
    pms.always("probe", answers(200, "[]", "application/json"))
    fail(agent, pms, THRESHOLD)
    eventually(lambda: agent.state() == "closed")
    assert transitions(agent, "half_open", "open") == 0


def test_closing_clears_the_count(agent: RunningAgent, pms: ScriptedPms) -> None:
    fail(agent, pms, THRESHOLD)
    eventually(lambda: agent.state() == "closed")
    fail(agent, pms, THRESHOLD - 1)
    assert agent.state() == "closed"
    assert agent.pms()["status"] == "degraded"


# -- late results


def test_a_late_success_does_not_close_it(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_TIMEOUT="5", **LONG)
    pms.next("availability", late(1.0))
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(agent.ask)
        eventually(lambda: pms.count("availability"))
        fail(agent, pms, THRESHOLD)
        assert agent.state() == "open"
        assert slow.result().json()["source"] == "pms"
    assert agent.state() == "open"
    assert transitions(agent, "open", "closed") == 0


def test_calls_begun_before_a_reset_do_not_count(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_TIMEOUT="1", **LONG)
    pms.next("availability", *[hang] * (2 * THRESHOLD))
    with ThreadPoolExecutor(2 * THRESHOLD) as pool:
        waiting = [pool.submit(agent.ask) for _ in range(2 * THRESHOLD)]
        eventually(lambda: pms.count("availability") == 2 * THRESHOLD)
        assert agent.reset().status_code == 200
        assert {call.result().status_code for call in waiting} == {504}
    assert agent.state() == "closed"
    assert agent.pms()["status"] == "up"


# -- reset


def test_reset_closes_and_a_dead_pms_opens_it_again_after_the_threshold(
    start_agent: StartAgent, pms: ScriptedPms
) -> None:
    agent = start_agent(**LONG)
    fail(agent, pms, THRESHOLD)
    for _ in range(2):
        answer = agent.reset()
        assert answer.status_code == 200
        assert answer.json()["state"] == "closed"
    assert agent.state() == "closed"
    before = pms.count()
    fail(agent, pms, THRESHOLD)
    assert pms.count() - before == THRESHOLD
    assert agent.state() == "open"
    assert transitions(agent, "open", "closed") == 1


def test_reset_ends_the_wait_of_a_429(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent()
    pms.next("availability", answers(429, headers={"Retry-After": "200"}))
    agent.ask()
    assert agent.state() == "open"
    agent.reset()
    assert agent.ask().json()["source"] == "pms"


def test_reset_without_a_configured_token_is_403(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(ADMIN_TOKEN=None, **LONG)
    fail(agent, pms, THRESHOLD)
    for token in (None, "", "x"):
        headers = {} if token is None else {"Authorization": f"Bearer {token}".strip()}
        assert agent.client.post("/admin/circuit-breaker/reset", headers=headers).status_code == 403
    assert agent.state() == "open"


# -- 429


def in_http_date(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [
        ("120", 110, 120),
        ("2.5", 3, 3),
        ("-5", 35, 40),
        ("100000", 290, 300),
        (None, 35, 40),
        ("soon", 35, 40),
        ("9" * 400, 290, 300),
        ("date:90", 80, 90),
        ("date:-90", 35, 40),
    ],
    ids=["120", "2.5", "-5", "100000", "none", "soon", "400 nines", "in 90 s", "90 s ago"],
)
def test_one_429_opens_at_once_for_the_time_it_asks_for(
    start_agent: StartAgent, pms: ScriptedPms, asked: str | None, least: int, most: int
) -> None:
    agent = start_agent(PMS_FAILOVER="off", PMS_CIRCUIT_BREAKER_RECOVERY_TIMEOUT="40")
    if asked is not None and asked.startswith("date:"):
        asked = in_http_date(float(asked[5:]))
    headers = {} if asked is None else {"Retry-After": asked}
    pms.next("availability", answers(429, headers=headers))
    first = agent.ask()
    assert first.status_code == 503, first.text
    assert least <= int(first.headers["retry-after"]) <= most
    assert transitions(agent, "closed", "open") == 1
    assert agent.metric("pms_api_errors_total", operation="availability", kind="rate_limit") == 1


NOW = datetime(2027, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("0", 1),
        ("0.493", 1),
        ("2.5", 3),
        ("2.0", 2),
        ("299.997", 300),
        ("300.001", 300),
        ("100000", 300),
        pytest.param("9" * 5000, 300, id="5000 digits"),
        pytest.param("9" * 5000 + ".5", 300, id="5000 digits and a half"),
        ("Mon, 01 Mar 2027 12:01:30 GMT", 90),
        ("Monday, 01-Mar-27 12:01:30 GMT", 90),
        ("Mon Mar  1 12:01:30 2027", 90),
        ("Mon, 01 Mar 2027 12:00:00 GMT", 1),
        ("Mon, 01 Mar 2027 13:00:00 GMT", 300),
    ],
)
def test_a_wait_that_can_be_read_is_obeyed_within_one_to_300_seconds(asked: str, wait: float) -> None:
    assert retry_after(asked, NOW) == wait


@pytest.mark.parametrize(
    "asked",
    [
        None,
        "",
        "soon",
        "-5",
        "-0.5",
        "+5",
        "nan",
        "inf",
        "1e3",
        "1_20",
        "2,5",
        ".",
        "5.",
        "12 s",
        "\u0665",
        "Mon, 01 Mar 2027 11:59:59 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Mon, 99 Mar 2027 12:00:00 GMT",
    ],
)
def test_no_wait_that_can_be_obeyed_means_the_recovery_time(asked: str | None) -> None:
    assert retry_after(asked, NOW) is None


# -- probes while closed


def test_silence_is_probed(start_agent: StartAgent, pms: ScriptedPms) -> None:
    interval = 0.4
    start_agent(PMS_HEALTH_INTERVAL=str(interval))
    eventually(lambda: pms.count("probe") >= 4)
    probes = [call.at for call in pms.of("probe")]
    assert probes[3] - probes[0] >= 0.95 * 3 * interval


def test_traffic_needs_no_probe(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_HEALTH_INTERVAL="2")
    before = pms.count("probe")
    end = time.monotonic() + 3
    while time.monotonic() < end:
        agent.ask()
    assert pms.count("probe") == before


def test_probes_alone_open_it_when_the_pms_dies_at_night(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_HEALTH_INTERVAL="0.1", **LONG)
    pms.down()
    eventually(lambda: agent.state() == "open")
    assert agent.metric("pms_api_errors_total", operation="probe", kind="connect") == THRESHOLD


def test_a_dead_pms_at_start_is_no_obstacle(start_agent: StartAgent, pms: ScriptedPms) -> None:
    pms.down()
    agent = start_agent(known_up=False)
    assert agent.client.get("/health/live").status_code == 200
    eventually(lambda: agent.metric("pms_api_errors_total", operation="probe", kind="connect") == 1)
    assert agent.pms()["status"] == "degraded"
    assert agent.book().status_code == 202


# -- counts


def test_a_refused_read_back_counts_as_one_rejection_of_readback(start_agent: StartAgent, pms: ScriptedPms) -> None:
    one = {"PMS_CIRCUIT_BREAKER_FAILURE_THRESHOLD": "1", "PMS_CURRENCY": "PLN"}
    agent = start_agent(**one, **LONG)
    pms.next("booking", reset)
    assert agent.book().status_code == 202
    assert agent.state() == "open"
    assert agent.metric("pms_circuit_breaker_rejections_total", operation="readback") == 1
    assert agent.metric("pms_circuit_breaker_rejections_total", operation="reservation") == 0
    assert pms.count("orders") == 0


def test_read_backs_count_like_any_call(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_CIRCUIT_BREAKER_FAILURE_THRESHOLD="2", PMS_CURRENCY="PLN", **LONG)
    pms.next("booking", answers(500))
    pms.next("orders", answers(500))
    assert agent.book().status_code == 202
    assert agent.state() == "open"
    assert agent.metric("pms_api_errors_total", operation="readback", kind="server") == 1


def test_no_call_is_lost_in_the_counts(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_CURRENCY="PLN", PMS_TIMEOUT="5", **PATIENT)
    pms.next("availability", answers(500), reset, refuses("no"), cut)
    for _ in range(12):
        agent.ask()
    for _ in range(3):
        agent.book()
    told = sum(
        agent.metric("pms_api_calls_total", operation=operation, status=status) or 0
        for operation in ("availability", "reservation", "readback", "cancel", "probe")
        for status in ("success", "error")
    )
    # One more at the PMS for each read that is repeated within its deadline after a lost connection.
    assert 0 <= len(pms.calls) - told <= 2
    measured = sum(
        agent.metric("pms_api_latency_seconds_count", operation=operation) or 0
        for operation in ("availability", "reservation", "readback", "cancel", "probe")
    )
    assert measured == told
