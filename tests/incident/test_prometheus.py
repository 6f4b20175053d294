"""Prometheus is a help, and its absence is none of an incident's business."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pms_drill import external
from pms_drill.incident import prometheus
from pms_drill.lease import Lease


def test_without_the_program_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external, "PROGRAMS", {})
    assert prometheus.binary() is None


def test_a_program_that_ends_at_once_is_told_and_done_without(tmp_path: Path) -> None:
    false = shutil.which("false")
    assert false is not None
    told: list[str] = []
    with (
        Lease(tmp_path / "leases") as lease,
        prometheus.prometheus(
            Path(false), 1, "http://127.0.0.1:1", "/metrics", lease, tmp_path / "log", told.append
        ) as url,
    ):
        assert url == ""
    assert "the incident does without" in told[0]
