"""Personal data of guests: kept for PMS_RETENTION after the stay, and then nowhere."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import yaml
from jsonschema import Draft202012Validator

from tests.agent.scripted_pms import ScriptedPms
from tests.agent.support import PATIENT, REPOSITORY, RunningAgent, StartAgent, day, eventually

BEHIND, AHEAD = "Etc/GMT+12", "Pacific/Kiritimati"
NAME, EMAIL = "Ada Lovelace", "ada@example.com"


def arrival() -> int:
    """Yesterday's or the day before yesterday's date in the zone ahead, still today in the one behind."""
    return (datetime.now(ZoneInfo(BEHIND)).date() - datetime.now(UTC).date()).days


def on_disk(agent: RunningAgent) -> bytes:
    return b"".join(file.read_bytes() for file in agent.folder.glob("outbox.sqlite*"))


def nameless(agent: RunningAgent, reservation: str) -> bool:
    body = agent.look_up(reservation)
    return (body["guest_name"], body["email"]) == ("", "")


def test_name_and_e_mail_end_with_their_time_and_the_reservation_stays(
    start_agent: StartAgent, pms: ScriptedPms
) -> None:
    """A stay of one night ends at the check-out day's midnight; days pass by changing the hotel's time zone."""
    agent = start_agent(HOTEL_TIMEZONE=BEHIND, PMS_RETENTION="0", **PATIENT)
    first = arrival()
    over = agent.book(key="k", check_in=day(first), check_out=day(first + 1)).json()
    later = agent.book(check_in=day(30), check_out=day(32), email="bob@example.com", guest_name="Bob Boole").json()
    agent.program.stop()
    # The check-out day itself is not over in the zone ahead when the two zones are one date apart.
    with sqlite3.connect(agent.folder / "outbox.sqlite") as store:
        store.execute("UPDATE intent SET check_out = check_in WHERE id = ?", (over["reservation_id"],))
        store.execute("UPDATE idempotency SET created_at = created_at - 90000")
    store.close()
    agent.restart(HOTEL_TIMEZONE=AHEAD)
    eventually(lambda: nameless(agent, over["reservation_id"]))
    told = agent.look_up(over["reservation_id"])
    kept = {**over, "guest_name": "", "email": "", "check_out": over["check_in"]}
    assert told == kept
    frozen = yaml.safe_load((REPOSITORY / "contracts/agent_api/openapi.yaml").read_text())
    schema = {"$ref": "#/components/schemas/Reservation", "components": frozen["components"]}
    Draft202012Validator(schema).validate(told)
    assert agent.look_up(later["reservation_id"]) == later
    with sqlite3.connect(agent.folder / "outbox.sqlite") as store:
        assert store.execute("SELECT COUNT(*) FROM idempotency").fetchone() == (0,)
    store.close()
    for word in (NAME, EMAIL):
        assert word.encode() not in on_disk(agent)
    assert b"bob@example.com" in on_disk(agent)
    assert NAME not in agent.logs() + agent.log_file.read_text()


def test_personal_data_of_a_stay_that_is_over_is_kept_for_its_time(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(HOTEL_TIMEZONE=BEHIND, **PATIENT)
    booked = agent.book(check_in=day(arrival()), check_out=day(arrival() + 1)).json()
    agent.program.stop()
    with sqlite3.connect(agent.folder / "outbox.sqlite") as store:
        store.execute("UPDATE intent SET check_in = ?, check_out = ?", (day(-29), day(-28)))
    store.close()
    agent.restart()
    eventually(lambda: agent.pms()["status"] == "up")
    assert not nameless(agent, booked["reservation_id"])
    agent.program.stop()
    with sqlite3.connect(agent.folder / "outbox.sqlite") as store:
        store.execute("UPDATE intent SET check_in = ?, check_out = ?", (day(-33), day(-32)))
    store.close()
    agent.restart()
    eventually(lambda: nameless(agent, booked["reservation_id"]))


def test_a_reservation_that_is_still_to_be_booked_keeps_its_guest(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_TYPE="mock", known_up=False, PMS_RETENTION="0")
    pending = agent.book().json()["reservation_id"]
    agent.program.stop()
    with sqlite3.connect(agent.folder / "outbox.sqlite") as store:
        store.execute("UPDATE intent SET check_out = ?", (day(-1),))
    store.close()
    agent.restart(PMS_TYPE="qloapps")
    agent.becomes(pending, "confirmed")
    assert pms.live[0].guest["email"] == EMAIL
