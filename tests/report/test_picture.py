"""The picture shows guests, faults and the breaker, and names what went wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import allure
import pytest

from pms_drill.checks.verdict import ClaimFailed, Outcome
from pms_drill.evidence.journal import Event
from pms_drill.report import picture, show
from pms_drill.report.classify import judge_exception
from tests.checks.literal import Counted, booked, held, look, outage, reserve

SVG = "{http://www.w3.org/2000/svg}"
EVENTS = [
    Event(3.0, "fault", "hang", "armed"),
    Event(6.0, "fault", "hang", "healed"),
    Event(8.0, "fault", "x", "armed"),
]


def texts(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def titles(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in ElementTree.fromstring(svg).iter(f"{SVG}title")]


def test_every_guest_who_reserved_has_a_row_with_the_end_of_the_story() -> None:
    told = texts(picture.draw(outage(events=EVENTS), "an outage"))
    assert {"an outage", "ada", "bob", "cat", "hang"} <= set(told)
    assert "held: #11 held" in told
    assert "recovered: #13 held" in told
    assert "eve" not in told


def test_only_the_guests_that_are_named_are_drawn() -> None:
    told = texts(picture.draw(outage(), "one", ["BOB@run.example"]))
    assert "bob" in told
    assert "ada" not in told


def test_a_lost_booking_is_written_in_another_colour() -> None:
    svg = picture.draw(outage(bookings=[]), "lost", ["ada@run.example"])
    [row] = [node for node in ElementTree.fromstring(svg).iter(f"{SVG}text") if "lost: no booking" in node.itertext()]
    assert row.get("fill") == "#c1121f"


def test_guests_with_whom_something_is_wrong_are_never_left_out() -> None:
    names = [f"g{number}" for number in range(picture.MOST_ROWS + 20)]
    operations = [reserve(1 + 0.1 * number, name, order=number) for number, name in enumerate(names)]
    final = [held(number, name) for number, name in enumerate(names[:-1])]
    told = texts(picture.draw(outage(operations=operations, bookings=final), "storm"))
    assert {"g0", names[-1], "lost: no booking"} <= set(told)
    assert names[-2] not in told
    assert "storm  (20 more guests not shown: nothing is wrong with them)" in told
    everything_lost = texts(picture.draw(outage(operations=operations, bookings=[]), "storm"))
    assert set(names) <= set(everything_lost)


def test_a_booking_doubled_by_a_delivery_on_the_way_is_not_shown_as_the_agents_defect() -> None:
    twice = [held(11, "ada"), held(14, "ada")]
    sent = [booked(0.505, "ada", copies=2)]
    told = texts(picture.draw(outage(ledger=sent, bookings=twice), "t", ["ada@run.example"]))
    assert "delivered twice (QLO-01), held: #11 held, #14 held" in told
    told = texts(picture.draw(outage(bookings=twice), "t", ["ada@run.example"]))
    assert "duplicated, held: #11 held, #14 held" in told


def test_look_ups_that_were_told_the_same_are_one_bar() -> None:
    looks = [look(3 + 0.25 * number, "ada", "pending") for number in range(30)]
    operations = [reserve(1.0, "ada", status=202), *looks, look(12, "ada", "confirmed", order=11)]
    told = titles(picture.draw(outage(operations=operations), "t", ["ada@run.example"]))
    assert len([text for text in told if "look-ups: " in text]) == 1
    assert any(text.startswith("30 look-ups: ") for text in told)


def test_the_legend_names_what_guests_can_be_told_and_the_states_of_the_breaker() -> None:
    told = texts(picture.draw(outage(), "t"))
    assert {"confirmed", "pending", "refused", "error or no answer", "closed", "open", "half-open"} <= set(told)
    assert "seconds since the experiment began" in told


def test_faults_are_shaded_from_arming_to_heal_and_an_unhealed_one_to_the_end() -> None:
    first, second = picture.faults_of(outage(events=EVENTS))
    assert (first.name, first.span.begin, first.span.end) == ("hang", 3.0, 6.0)
    assert (second.name, second.span.begin) == ("x", 8.0)
    assert second.span.end >= 11.0
    assert "hang for 3.00 s" in titles(picture.draw(outage(events=EVENTS), "t"))


def test_the_band_is_the_gauge_and_has_a_gap_where_nobody_answered() -> None:
    counts = Counted()
    counts.move(1.0, "closed", "open")
    scrapes = [*counts.scrapes(0.0, 2.0), *counts.scrapes(5.0, 6.0)]
    found = [(state, round(begin, 2), round(end, 2)) for state, begin, end in picture.states(outage(scrapes=scrapes))]
    assert found == [(0.0, 0.0, 1.0), (1.0, 1.0, 2.0), (1.0, 5.0, 6.0)]


def test_a_failure_that_names_a_guest_gets_a_picture(tmp_path: Path) -> None:
    error = ClaimFailed("claimed   x\nhistory   1 lost: ada@run.example: 0.40 s reservation; zoe@elsewhere.example")
    show.illustrate(error, outage(), "BOOK-01-hang", tmp_path)
    assert error.__notes__ == ["picture   pictures/BOOK-01-hang.svg"]
    assert show.pictures(tmp_path) == ["pictures/BOOK-01-hang.svg"]
    assert "ada" in texts((tmp_path / "pictures" / "BOOK-01-hang.svg").read_text(encoding="utf-8"))


def test_a_failure_that_names_nobody_gets_none(tmp_path: Path) -> None:
    error = ClaimFailed("claimed   x")
    show.illustrate(error, outage(), "n", tmp_path)
    assert not hasattr(error, "__notes__")
    assert show.pictures(tmp_path) == show.not_drawn(tmp_path) == []


def _time_is_up(*_: object, **__: object) -> None:
    pytest.fail("Timeout (>60.0s) from pytest-timeout.")


def _full_disk(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("trouble", [lambda *_: 1 / 0, _full_disk, _time_is_up], ids=["bug", "disk", "time"])
@pytest.mark.parametrize("broken", [(picture, "save"), (allure, "attach")], ids=["drawing", "Allure"])
def test_a_picture_that_cannot_be_drawn_leaves_the_failure_as_it_was_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: Any, broken: tuple[Any, str]
) -> None:
    monkeypatch.setattr(*broken, lambda *_, **__: trouble())
    error = ClaimFailed("claimed   x\nhistory   1 lost: ada@run.example")
    show.illustrate(error, outage(), "BOOK-01-hang", tmp_path)
    assert "the picture BOOK-01-hang could not be drawn or attached" in error.__notes__[-1]
    assert show.not_drawn(tmp_path)[0] in error.__notes__[-1]
    judged = judge_exception(error, "call", root=tmp_path)
    assert judged.outcome is Outcome.FAILED
    assert judged.why == "\n".join([str(error), *error.__notes__])


def test_an_overview_that_cannot_be_drawn_breaks_no_experiment_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture, "save", lambda *_: 1 / 0)
    show.overview(outage(), "storm", tmp_path)
    [told] = show.not_drawn(tmp_path)
    assert told == "the picture storm could not be drawn or attached: ZeroDivisionError: division by zero"


def test_the_overview_is_drawn_once(tmp_path: Path) -> None:
    show.overview(outage(), "storm", tmp_path)
    path = tmp_path / show.FOLDER / "storm.svg"
    path.write_text("kept", encoding="utf-8")
    show.overview(outage(), "storm", tmp_path)
    assert path.read_text(encoding="utf-8") == "kept"
