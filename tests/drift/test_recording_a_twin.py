"""A PMS is recorded twice, read only, with a secret that slipped through, and compared with its recording."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pms_drill.drift import command, recording, script, store
from pms_drill.drift.recorder import Pms, record
from pms_drill.errors import DrillError
from tests.twin.program import RunningTwin
from tests.twin.recordings import MAIN_KEY

pytestmark = pytest.mark.xdist_group("drift-twin")


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningTwin]:
    running = RunningTwin(tmp_path_factory.mktemp("twin"), "--rooms-per-type", "5")
    yield running
    running.stop()


@pytest.fixture
def pms(twin: RunningTwin) -> Pms:
    return Pms(f"http://127.0.0.1:{twin.port}", MAIN_KEY)


def test_two_recordings_of_one_version_are_the_same_text(pms: Pms) -> None:
    one, other = (record(pms, script.load(), source="twin", read_only=False) for _ in range(2))
    assert len(one.answers) == len(script.load())
    assert recording.to_text(one) == recording.to_text(other)


def test_recording_leaves_no_live_room_line_behind(pms: Pms, twin: RunningTwin) -> None:
    record(pms, script.load(), source="twin", read_only=False)
    lines = twin.http.get("/room_bookings", params={"display": "full"}).json()["bookings"]
    live = [line for line in lines if not (line["is_cancelled"] or line["is_refunded"] or line["is_back_order"])]
    demo_bookings = 3
    assert len(lines) > demo_bookings
    assert len(live) <= demo_bookings


def test_read_only_address_is_not_written_to(pms: Pms, twin: RunningTwin) -> None:
    before = twin.http.get("/orders").text, twin.http.get("/customers").text
    told = record(pms, script.load(), source="twin", read_only=True)
    assert (twin.http.get("/orders").text, twin.http.get("/customers").text) == before
    assert not any(script.load()[name].writes for name in told.answers)
    assert told.answers.keys() | told.left_out.keys() == script.load().keys()
    assert "only read" in told.left_out["booking-made"]
    assert "booking-made makes" in told.left_out["order-by-reference"]


def test_saved_recording_is_read_back_and_holds_no_secret(pms: Pms, tmp_path: Path) -> None:
    made = record(pms, script.load(), source="9.9", read_only=False)
    store.save(made, tmp_path / "9.9", [MAIN_KEY])
    assert store.load(tmp_path / "9.9").answers == made.answers
    assert store.versions(tmp_path) == ["9.9"]


def test_recording_with_a_secret_is_not_written_and_the_place_is_named(pms: Pms, tmp_path: Path) -> None:
    made = record(pms, script.load(), source="9.9", read_only=True)
    leaking = replace(made.answers["hotel"], body={"hotel": {"contact": "grace@navy.example"}})
    with pytest.raises(DrillError) as refused:
        store.save(replace(made, answers={**made.answers, "hotel": leaking}), tmp_path / "9.9", [])
    assert 'an e-mail address, in "hotel"' in str(refused.value)
    assert "grace" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_live_address_is_compared_with_a_recording(pms: Pms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(command.KEY, MAIN_KEY)
    store.save(record(pms, script.load(), source="9.9", read_only=False), tmp_path / "9.9", [])
    said: list[str] = []
    page = tmp_path / "page.md"
    assert command.drift_command(["9.9", pms.url], tmp_path, page, "risky", said.append) == 0, page.read_text()
    assert "0 breaking, 0 risky" in said[0]
    assert "### Not compared" in page.read_text()


def test_key_that_is_refused_is_a_breaking_change_of_every_read(
    pms: Pms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save(record(pms, script.load(), source="9.9", read_only=False), tmp_path / "9.9", [])
    monkeypatch.setenv(command.KEY, "Z" * 32)
    page = tmp_path / "page.md"
    assert command.drift_command(["9.9", pms.url], tmp_path, page, "breaking", lambda _: None) == 1
    assert "| status | 200 | 401 |" in page.read_text()


def test_pms_that_does_not_run_is_one_message() -> None:
    with pytest.raises(DrillError, match="cannot be reached"):
        record(Pms("http://127.0.0.1:9", MAIN_KEY), script.load(), source="x", read_only=True)
