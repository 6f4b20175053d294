"""The picture shows guests, faults and the breaker, and names what went wrong."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from pms_drill.evidence.journal import Event
from pms_drill.report import picture, show
from tests.checks.literal import Counted, held, look, outage, reserve

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
    text = "claimed   x\nhistory   1 lost: ada@run.example: 0.40 s reservation; zoe@elsewhere.example"
    shown = show.with_picture(text, outage(), "BOOK-01-hang", tmp_path)
    assert shown == f"{text}\npicture   pictures/BOOK-01-hang.svg"
    assert show.pictures(tmp_path) == ["pictures/BOOK-01-hang.svg"]
    assert "ada" in texts((tmp_path / "pictures" / "BOOK-01-hang.svg").read_text(encoding="utf-8"))


def test_a_failure_that_names_nobody_gets_none(tmp_path: Path) -> None:
    assert show.with_picture("claimed   x", outage(), "n", tmp_path) == "claimed   x"
    assert show.pictures(tmp_path) == []


def test_the_overview_is_drawn_once(tmp_path: Path) -> None:
    path = show.overview(outage(), "storm", tmp_path)
    path.write_text("kept", encoding="utf-8")
    assert show.overview(outage(), "storm", tmp_path).read_text(encoding="utf-8") == "kept"
