"""The twin answers systematic input as a real QloApps did: rules per type of field, not per recorded request."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pms_drill.checks.verdict import SkipReason
from pms_drill.report.skips import skip
from pms_drill.stack.qloapps_tree import look
from tests.twin.asked import answered, measured
from tests.twin.asked.cases import cases
from tests.twin.asked.live import answers, running
from tests.twin.desk import Desk

#: An answer with a body that is compared; another release has another shop, with other bodies.
_BODY = "200 "


@pytest.fixture(scope="module")
def told() -> dict[str, str]:
    """What one twin answers, one case after the other."""
    desk = Desk()
    found = {}
    for name, case in cases().items():
        answer = desk.ask(case.method, case.path, case.body.decode()).answer
        found[name] = answered(answer.status, answer.content_type, answer.body.decode())
    return found


@pytest.mark.parametrize("group", sorted({name.partition(" ")[0] for name in cases()}))
def test_twin_answers_as_qloapps_did(told: dict[str, str], group: str) -> None:
    was = {name: answer for name, answer in measured().items() if name.startswith(f"{group} ")}
    assert {name: told[name] for name in was} == was


def test_every_case_was_measured() -> None:
    assert list(measured()) == list(cases())


@pytest.mark.timeout(1500)  # some 840 answers of a real QloApps; 4 minutes on a busy machine with 1.7.0
def test_qloapps_answers_as_it_was_measured(tmp_path: Path) -> None:
    if not os.environ.get("QLOAPPS_DIR"):
        skip(SkipReason.NEEDS_REAL_PMS, "QLOAPPS_DIR is not set")
    same_shop = look(Path(os.environ["QLOAPPS_DIR"])).version.startswith("1.7.0")
    with running(tmp_path) as stack:
        now = answers(stack)
    other = {name: (now[name], was) for name, was in measured().items() if now[name] != was}
    if not same_shop:  # another shop: its bodies differ, its refusals do not
        other = {name: pair for name, pair in other.items() if not all(told.startswith(_BODY) for told in pair)}
    assert other == {}
