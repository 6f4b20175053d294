"""The committed recordings and the changelog made of them; what the commands refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from pms_drill.drift import command, scan, store
from pms_drill.errors import DrillError


def quiet(_: str) -> None:
    return None


def test_changes_from_1_6_1_to_1_7_0_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    assert command.drift_command(["1.6.1", "1.7.0"], store.RECORDINGS, page, "never", quiet) == 0
    text = page.read_text()
    breaking, _, rest = text.partition("### Risky")
    for gone in ("max_order_date", "preparation_time", "use_global_max_order_date", "use_global_preparation_time"):
        assert f"| field hotel.{gone} |" in breaking
    for new in ("max_checkout_offset", "min_booking_offset", "fax"):
        assert f"| field hotel.{new} | absent |" in rest
    assert "| field bookings[].planned_check_out | absent | text |" in rest


def test_changelog_in_the_documentation_is_that_of_the_recordings(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    command.drift_command([], store.RECORDINGS, page, "never", quiet)
    assert page.read_text() == command.PAGE.read_text(), "run make drift"


def test_breaking_change_fails_where_it_is_asked_for(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    assert command.drift_command(["1.6.1", "1.7.0"], store.RECORDINGS, page, "breaking", quiet) == 1
    assert command.drift_command(["1.7.0", "1.7.0"], store.RECORDINGS, page, "risky", quiet) == 0


@pytest.mark.parametrize("version", store.versions())
def test_committed_recording_holds_nothing_that_must_not_be_kept(version: str) -> None:
    text = (store.RECORDINGS / version / store.FILE).read_text(encoding="utf-8")
    assert len(text) > 50_000
    assert scan.suspicious(text) == []


def test_versions_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for version in ("1.10.0", "1.7.0", "1.6.1"):
        (tmp_path / version).mkdir()
        (tmp_path / version / store.FILE).write_text("[]")
    assert store.versions(tmp_path) == ["1.6.1", "1.7.0", "1.10.0"]


@pytest.mark.parametrize(
    ("sources", "told"),
    [(["1.7.0"], "needs two sources"), (["1.7.0", "2.0.0"], "no recording can be read")],
)
def test_comparison_without_two_sources_is_refused(sources: list[str], told: str, tmp_path: Path) -> None:
    with pytest.raises(DrillError, match=told):
        command.drift_command(sources, store.RECORDINGS, tmp_path / "page.md", "never", quiet)


def test_recordings_without_a_common_exchange_are_unknown_not_alike(tmp_path: Path) -> None:
    (tmp_path / "1.0").mkdir()
    (tmp_path / "1.0" / store.FILE).write_text("[]")
    with pytest.raises(DrillError, match="no exchange in common"):
        command.drift_command(["1.0", str(store.RECORDINGS / "1.7.0")], tmp_path, tmp_path / "p.md", "never", quiet)


def test_pms_of_another_machine_is_not_written_to_by_accident(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(command.KEY, "K" * 32)
    with pytest.raises(DrillError, match="not on this machine"):
        command.record_command("http://pms.invalid", "1.7.0", tmp_path, "", quiet)


def test_recording_without_a_key_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(command.KEY, raising=False)
    with pytest.raises(DrillError, match="key is needed"):
        command.record_command("http://127.0.0.1:9", "1.7.0", tmp_path, "", quiet)


@pytest.mark.parametrize(
    ("told", "recorded"),
    [
        ("QloApps 1.6.1.0", "1.6.1"),
        ("twin of QloApps 1.7.0", "1.7.0"),
        ("QloApps 1.70.0", ""),
        ("QloApps 9.9", ""),
        ("external", None),
    ],
)
def test_version_that_a_stack_tells_is_known_by_its_recording(told: str, recorded: str | None) -> None:
    assert store.recorded_as(told) == recorded


@pytest.mark.parametrize("told", ["QloApps 9.9", "external"])
def test_run_on_a_pms_that_was_never_recorded_is_refused(told: str, tmp_path: Path) -> None:
    (tmp_path / "versions.json").write_text(f'{{"pms": "{told}"}}')
    with pytest.raises(DrillError, match="has no recording to be compared with"):
        command.drift_command([str(tmp_path)], store.RECORDINGS, None, "breaking", quiet)
