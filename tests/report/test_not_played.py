"""The page of a run says what the agent asked of the twin that the twin does not play."""

from __future__ import annotations

import json
from pathlib import Path

from pms_drill.report.not_played import not_played


def write(folder: Path, *requests: tuple[str, str, int]) -> None:
    lines = (
        json.dumps({"method": method, "target": target, "status": status, "pms_status": status})
        for method, target, status in requests
    )
    (folder / "ledger.jsonl").write_text("\n".join(lines) + '\n{"pms_status": 501, "cut', encoding="utf-8")


def test_requests_that_got_501_from_the_pms_are_counted_by_kind(tmp_path: Path) -> None:
    write(
        tmp_path,
        ("PUT", "/api/orders/7?output_format=JSON", 501),
        ("PUT", "/api/orders/8", 501),
        ("GET", "/api/addresses", 501),
        ("POST", "/api/bookings", 500),
    )
    told = not_played(tmp_path)
    assert [line.partition(",")[0] for line in told] == [
        "the twin does not play GET addresses",
        "the twin does not play PUT orders",
    ]
    assert told[1].endswith(": 2 requests of the agent got 501")


def test_run_in_which_everything_was_played_says_nothing(tmp_path: Path) -> None:
    assert not_played(tmp_path) == []
    write(tmp_path, ("POST", "/api/bookings", 200))
    assert not_played(tmp_path) == []
