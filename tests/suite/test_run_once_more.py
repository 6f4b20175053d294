"""An experiment is run once more where the machine stalled at a moment that is judged, and for nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pms_drill import profile as profiles
from pms_drill.checks.verdict import Unproven
from pms_drill.episodes import experiments
from pms_drill.episodes.book import EpisodeBook
from pms_drill.episodes.guests import SOLD_OUT_NIGHTS
from pms_drill.episodes.scene import Scene
from pms_drill.evidence import repeats
from pms_drill.evidence.bundle import Evidence
from pms_drill.evidence.journal import Journal
from pms_drill.evidence.machine import Delay, Machine
from pms_drill.profile import Profile
from tests.checks.literal import operations, outage, without

OUTAGE = outage()
#: While the breaker opened, and from the heal on.
AT_OPENING = Machine(stalls=(Delay(2.0, 3.2, 1.2),))
AT_HEAL = Machine(stalls=(Delay(OUTAGE.phases["armed"].end - 0.1, OUTAGE.phases["armed"].end + 6.0, 6.1),))
#: Before the fault.
EARLY = Machine(stalls=(Delay(0.0, 0.1, 6.1),))
WRONG = outage(operations=without(operations(), phase="recovery"))


@dataclass
class Stack:
    """What a book and a scene use of a stack before anything is started."""

    journal: Journal
    profile: Profile = field(default_factory=lambda: profiles.load("reference-fast"))


class Runs:
    """Gives one evidence after the other, or raises."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *given: Evidence | Exception) -> None:
        self.given, self.count = given, 0
        monkeypatch.setattr(experiments, "run", self._run)

    def _run(self, *_: object) -> Evidence:
        given = self.given[self.count]
        self.count += 1
        if isinstance(given, Exception):
            raise given
        return given


@pytest.fixture
def stack(tmp_path: Path) -> Any:
    return Stack(Journal(tmp_path / "journal.jsonl"))


@pytest.mark.parametrize("machine", [AT_OPENING, AT_HEAL], ids=["while it opened", "at the heal"])
def test_stall_at_a_judged_moment_runs_the_experiment_once_more(
    stack: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, machine: Machine
) -> None:
    runs = Runs(monkeypatch, outage(machine=machine), OUTAGE)
    book = EpisodeBook(lambda: stack, 1)
    assert book.evidence("hang") is book.evidence("hang") is OUTAGE
    assert runs.count == 2
    [told] = repeats.read(tmp_path / "journal.jsonl")
    assert told == f"hang for {machine.stalls[0].seconds:.2f} s"


def test_second_stall_stays_as_it_is(stack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    late = outage(machine=AT_OPENING)
    runs = Runs(monkeypatch, late, late)
    assert EpisodeBook(lambda: stack, 1).evidence("hang") is late
    assert runs.count == 2


@pytest.mark.parametrize(
    "given", [OUTAGE, WRONG, outage(machine=EARLY)], ids=["all is well", "the agent is wrong", "a stall before"]
)
def test_nothing_that_the_agent_did_runs_it_once_more(
    stack: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: Evidence
) -> None:
    runs = Runs(monkeypatch, given)
    assert EpisodeBook(lambda: stack, 1).evidence("hang") is given
    assert runs.count == 1
    assert repeats.read(tmp_path / "journal.jsonl") == []


def test_broken_experiment_is_not_run_once_more(stack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = Runs(monkeypatch, Unproven("the fault had no effect"))
    book = EpisodeBook(lambda: stack, 1)
    for _ in range(2):
        with pytest.raises(Unproven, match="had no effect"):
            book.evidence("hang")
    assert runs.count == 1


def addresses(scenes: Sequence[Scene]) -> list[str]:
    books = [book for scene in scenes for book in (scene.book, scene.guest_book("rival"))]
    return [guest.email for book in books for guest in book.guests(20)]


def test_scenes_of_one_name_share_neither_guests_nor_sold_out_nights(stack: Any) -> None:
    scenes = [Scene(stack, "last_room", 7) for _ in range(3)]
    assert len(set(addresses(scenes))) == 3 * 2 * 20
    firsts = [scene.book.night_to_sell_out(number) for scene in scenes for number in range(5)]
    nights = {first + timedelta(days=more) for first in firsts for more in range(SOLD_OUT_NIGHTS)}
    assert len(nights) == 3 * 5 * SOLD_OUT_NIGHTS
    assert (max(nights) - scenes[0].book.today()).days <= 500  # as far as the agent takes bookings
    with pytest.raises(ValueError, match="no nights to sell out"):
        Scene(stack, "last_room", 7).book.night_to_sell_out(0)


def test_first_scene_has_the_guests_that_its_seed_decides(stack: Any, tmp_path: Path) -> None:
    other: Any = Stack(Journal(tmp_path / "other.jsonl"))
    assert addresses([Scene(stack, "hang", 7)]) == addresses([Scene(other, "hang", 7)])
