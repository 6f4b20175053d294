"""What a person must look at: counted, listed and resolved, for operators only."""

from __future__ import annotations

import sqlite3

import httpx
import pytest

from tests.agent.scripted_pms import ScriptedPms, answers, hang, reset, works_then
from tests.agent.support import PATIENT, TOKEN, RunningAgent, StartAgent, eventually, problem

LIST = "/admin/reservations"
PLN = {"PMS_CURRENCY": "PLN"}


def listed(agent: RunningAgent) -> dict[str, str]:
    """The reason of each reservation that needs a person."""
    answer = agent.client.get(LIST, headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["count"] == len(body["reservations"])
    return {one["reservation"]["reservation_id"]: one["reason"] for one in body["reservations"]}


def resolve(agent: RunningAgent, reservation: str) -> httpx.Response:
    return agent.client.post(f"{LIST}/{reservation}/resolve", headers={"Authorization": f"bearer {TOKEN}"})


def gauges(agent: RunningAgent) -> dict[str, float | None]:
    return {
        reason: agent.metric("pms_reservations_attention", reason=reason)
        for reason in ("unresolved", "expired", "cancelled")
    }


def test_nothing_needs_a_person_at_first(agent: RunningAgent) -> None:
    assert gauges(agent) == {"unresolved": 0, "expired": 0, "cancelled": 0}
    agent.book()
    assert listed(agent) == {}


def test_a_broken_promise_is_counted_until_a_person_has_dealt_with_it(
    start_agent: StartAgent, pms: ScriptedPms
) -> None:
    agent = start_agent(PMS_PENDING_TTL="1", **PLN, **PATIENT)
    pms.down()
    promised = agent.book()
    assert promised.status_code == 202
    reservation = promised.json()["reservation_id"]
    told = agent.becomes(reservation, "expired")
    eventually(lambda: gauges(agent)["expired"] == 1)
    assert listed(agent) == {reservation: "expired"}
    agent.restart()
    eventually(lambda: gauges(agent)["expired"] == 1)
    done = resolve(agent, reservation)
    assert (done.status_code, done.json()) == (200, {"reason": "expired", "reservation": told})
    assert gauges(agent)["expired"] == 0
    assert listed(agent) == {}
    assert agent.look_up(reservation) == told
    again = resolve(agent, reservation)
    assert again.status_code == 404
    problem(again)
    eventually(lambda: any("dealt with" in line and reservation in line for line in agent.logs().splitlines()))
    agent.restart()
    assert listed(agent) == {}


def test_what_nobody_knows_is_unresolved(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_PENDING_TTL="2.5", PMS_SETTLE="60", **PLN, **PATIENT)
    pms.next("booking", hang)
    pms.always("orders", answers(500))
    reservation = agent.book().json()["reservation_id"]
    eventually(lambda: gauges(agent)["unresolved"] == 1, within=15)
    assert listed(agent) == {reservation: "unresolved"}


def test_a_confirmed_one_that_is_cancelled_at_the_pms_needs_a_person_once(
    start_agent: StartAgent, pms: ScriptedPms
) -> None:
    agent = start_agent(PMS_SETTLE="0.3", **PLN, **PATIENT)
    pms.next("booking", works_then(reset))
    reservation = agent.book().json()["reservation_id"]
    agent.becomes(reservation, "confirmed")
    pms.orders[-1].cancelled = True
    eventually(lambda: gauges(agent)["cancelled"] == 1)
    assert listed(agent) == {reservation: "cancelled"}
    assert resolve(agent, reservation).status_code == 200
    before = pms.count("orders")
    eventually(lambda: pms.count("orders") > before, within=20)
    assert listed(agent) == {}


def test_a_row_that_cannot_be_read_is_counted_and_hides_no_other(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_PENDING_TTL="1", **PLN, **PATIENT)
    pms.down()
    spoilt, sound = (agent.book(email=f"{name}@example.com").json()["reservation_id"] for name in ("spoilt", "sound"))
    for reservation in (spoilt, sound):
        agent.becomes(reservation, "expired")
    agent.program.stop()
    with sqlite3.connect(agent.folder / "outbox.sqlite") as store:
        store.execute("UPDATE intent SET amount = 'many' WHERE id = ?", (spoilt,))
    store.close()
    agent.restart()
    answer = agent.client.get(LIST, headers={"Authorization": f"Bearer {TOKEN}"}).json()
    assert [one["reservation"]["reservation_id"] for one in answer["reservations"]] == [sound]
    assert answer["count"] == 2
    # A thread of its own writes the log.
    eventually(lambda: any("cannot be read" in line and spoilt in line for line in agent.logs().splitlines()))


@pytest.mark.parametrize("token", [None, "wrong"])
@pytest.mark.parametrize(("method", "path"), [("GET", LIST), ("POST", f"{LIST}/some/resolve")])
def test_only_operators_see_and_resolve(agent: RunningAgent, method: str, path: str, token: str | None) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = agent.client.request(method, path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    problem(answer)


def test_without_a_token_in_the_settings_nobody_sees_them(start_agent: StartAgent) -> None:
    agent = start_agent(ADMIN_TOKEN=None)
    assert agent.client.get(LIST, headers={"Authorization": "Bearer x"}).status_code == 403


@pytest.mark.parametrize("reservation", ["nobodys", "%00", "\U0001f600"])
def test_what_needs_nobody_cannot_be_resolved(agent: RunningAgent, reservation: str) -> None:
    assert resolve(agent, reservation).status_code == 404
    confirmed = agent.book().json()["reservation_id"]
    assert resolve(agent, confirmed).status_code == 404
