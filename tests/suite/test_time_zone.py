"""Today is the hotel's: in the zones at both ends an agent that is right passes, and one of another day fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pms_drill import clock, profile
from pms_drill.checks.verdict import Outcome, Unproven
from pms_drill.contract.days import Stay, within_one_day
from pms_drill.episodes.guests import GuestBook
from pms_drill.errors import DrillError
from pms_drill.profile import PmsPart
from tests.suite.conftest import RunSuite

WriteProfile = Callable[[str], Path]

#: Twelve hours behind UTC and fourteen ahead of it: at any moment it is another day than in UTC in one of them.
ENDS = ("Etc/GMT+12", "Pacific/Kiritimati")
ABOUT_DAYS = "wrong_stay or wrong_reservation or stay_at_the_edge"
DAY = date(2027, 3, 1)


@pytest.mark.parametrize("zone", ENDS)
def test_agent_of_a_hotel_far_from_utc_keeps_the_contract(
    run_suite: RunSuite, write_profile: WriteProfile, zone: str
) -> None:
    ran = run_suite("contracts", "-k", ABOUT_DAYS, profile=write_profile(f'[pms]\ntimezone = "{zone}"\n'))
    assert ran.code == 0, ran.page
    assert {"API-16", "API-17", "API-20"} <= ran.named(Outcome.PASSED)


def test_agent_whose_today_is_not_the_hotels_fails(run_suite: RunSuite, write_profile: WriteProfile) -> None:
    zone = next(zone for zone in ENDS if clock.today(zone) != clock.today("UTC"))
    own = f'[pms]\ntimezone = "{zone}"\n[agent.env]\nHOTEL_TIMEZONE = "UTC"\n'
    ran = run_suite("contracts", "-k", "stay_at_the_edge or wrong_stay", profile=write_profile(own))
    assert ran.code == 1, ran.page
    assert ran.named(Outcome.FAILED) & {"API-16", "API-20"}


def test_guests_are_made_on_the_hotels_day() -> None:
    days = {zone: GuestBook(1, "x", pms=PmsPart(timezone=zone)).today() for zone in ENDS}
    assert days == {zone: clock.today(zone) for zone in ENDS}
    assert days[ENDS[0]] < days[ENDS[1]]


def test_today_is_read_when_a_guest_is_made_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    night = []
    for today in (DAY, DAY + timedelta(days=1)):
        book = GuestBook(1, "x", pms=PmsPart())
        monkeypatch.setattr(clock, "today", lambda _zone, today=today: today)
        night.append(book.night_to_sell_out(0))
    assert night[1] - night[0] == timedelta(days=1)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "/etc/localtime"])
def test_zone_that_does_not_exist_is_an_error_that_names_the_key(tmp_path: Path, zone: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(f'extends = "reference-fast"\n[pms]\ntimezone = "{zone}"\n', encoding="utf-8")
    with pytest.raises(DrillError) as told:
        profile.load(str(file))
    assert "pms.timezone" in str(told.value.detail)


def test_stay_is_counted_from_the_day_on_which_it_is_asked_for() -> None:
    assert Stay(-1, 3).on(DAY) == {"check_in": "2027-02-28", "check_out": "2027-03-03"}
    assert Stay(500, 1).on(DAY) == {"check_in": "2028-07-13", "check_out": "2028-07-14"}


def ticking(*days: date) -> Callable[[], date]:
    coming: Iterator[date] = iter(days)
    return lambda: next(coming)


def test_answer_that_comes_after_midnight_is_asked_for_again_on_the_new_day() -> None:
    sent: list[date] = []

    def send(day: date) -> Any:
        sent.append(day)
        return f"answer of {day}"

    tomorrow = DAY + timedelta(days=1)
    assert within_one_day(ticking(DAY, DAY), send) == "answer of 2027-03-01"
    assert sent == [DAY]
    assert within_one_day(ticking(DAY, tomorrow, tomorrow, tomorrow), send) == "answer of 2027-03-02"
    assert sent == [DAY, DAY, tomorrow]


def test_two_midnights_in_two_requests_are_unknown() -> None:
    days = [DAY + timedelta(days=number) for number in range(5)]
    with pytest.raises(Unproven, match="changed twice"):
        within_one_day(ticking(*days), lambda _day: None)  # type: ignore[arg-type,return-value]
