"""An experiment is run once; once more where its machine was late, and never because of what it found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pms_drill.checks.verdict import Unproven
from pms_drill.episodes import book, experiments
from pms_drill.episodes.book import EpisodeBook
from pms_drill.evidence.journal import Journal
from pms_drill.evidence.machine import Delay, Machine
from tests.checks.literal import outage

LATE = Machine(stalls=(Delay(3.2, 4.2, 1.0),))
ON_TIME = Machine()
Runs = Callable[..., tuple[EpisodeBook, list[str]]]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Runs:
    """A cache whose experiment yields what is given, run for run; and the names that it ran."""

    def cache(*results: Any) -> tuple[EpisodeBook, list[str]]:
        ran: list[str] = []

        def run(name: str, _stack: Any, _seed: int) -> Any:
            ran.append(name)
            result = results[len(ran) - 1]
            if isinstance(result, Exception):
                raise result
            return result

        monkeypatch.setattr(experiments, "run", run)
        stack: Any = SimpleNamespace(journal=Journal(), run_dir=tmp_path)
        return EpisodeBook(lambda: stack, 1), ran

    return cache


def of(machine: Machine, **changes: Any) -> Any:
    return replace(outage(**changes), machine=machine)


def test_experiment_is_run_once_for_all_its_tests(runs: Runs) -> None:
    cache, ran = runs(of(ON_TIME))
    assert cache.evidence("refused") is cache.evidence("refused")
    assert ran == ["refused"]


def test_experiment_on_a_late_machine_is_run_again_and_told(runs: Runs, tmp_path: Path) -> None:
    good = of(ON_TIME)
    cache, ran = runs(of(LATE), good)
    assert cache.evidence("refused") is good
    assert ran == ["refused", "refused"]
    [told] = book.run_again(tmp_path)
    assert told == "refused: run again, the machine was too late to judge time (1.20 s)"


def test_second_evidence_counts_also_when_the_machine_was_late_again(runs: Runs) -> None:
    second = of(LATE)
    cache, ran = runs(of(LATE), second)
    assert cache.evidence("refused") is second
    assert len(ran) == 2


def test_what_an_experiment_found_is_no_reason_to_run_it_again(runs: Runs, tmp_path: Path) -> None:
    cache, ran = runs(of(ON_TIME, operations=[], ledger=[]))
    cache.evidence("refused")
    assert len(ran) == 1
    assert book.run_again(tmp_path) == []


def test_broken_experiment_is_not_run_again(runs: Runs) -> None:
    cache, ran = runs(Unproven("the fault was not seen"))
    for _ in range(2):
        with pytest.raises(Unproven):
            cache.evidence("refused")
    assert len(ran) == 1
