"""Fixtures of the contract with the PMS: what the running PMS answered, and the recording to hold it against.

The twin is held against the recording of the version that it plays, with a list of known divergences. A live QloApps
is held against the recording of its own version and must not differ from it at all. So twin and live are compared with
each other, although they never run side by side.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pms_drill.checks.pms_contract import NOT_PLAYED, Pair
from pms_drill.checks.verdict import SkipReason, Unproven
from pms_drill.contract.qloapps import QloApps
from pms_drill.drift import divergences, recorder, script, store
from pms_drill.drift.compare import compare
from pms_drill.drift.judge import breaches
from pms_drill.drift.recording import Recording
from pms_drill.report.skips import skip

if TYPE_CHECKING:
    from pms_drill.options import Options
    from pms_drill.stack.base import Stack

#: Name of an exchange, what does not hold (None: nothing to judge), why there is nothing.
Judged = tuple[str, list[str] | None, str]
_TWIN = "twin of "


@dataclass(frozen=True)
class Sources:
    """The running PMS beside the recording of its version.

    Attributes:
        running: what it answered in this run.
        recorded: what QloApps of that version answered; None for a PMS whose version nobody told.
        is_twin: whether the twin is running.
        listed: known divergences of the twin, as pairs of exchange and difference; none for a live PMS.
        differences: what was found, as such pairs, the recorded one first.
    """

    running: Recording
    recorded: Recording | None
    is_twin: bool
    listed: list[Pair]
    differences: list[Pair]

    @property
    def compared(self) -> list[str]:
        """Names of the exchanges that both have.

        Raises:
            TypedSkip: there is no recording to compare with.
        """
        if self.recorded is None:
            skip(SkipReason.NO_WITNESS, "the version of this PMS is not known; pms-drill drift compares it")
        return [name for name in self.recorded.answers if name in self.running.answers]

    @property
    def figures(self) -> str:
        """What a run prints."""
        return (
            f"{self.running.source}: {len(self.compared)} exchanges compared with its recording; "
            f"{len(self.differences)} differences found, {len(self.listed)} divergences listed"
        )

    def answered(self, name: str) -> Judged:
        """What the running PMS answered, as arguments of the check `kept`.

        Raises:
            TypedSkip: the exchange was not sent, or the twin is known to answer something else altogether.
        """
        if (name, NOT_PLAYED) in self.listed:
            skip(SkipReason.NEEDS_REAL_PMS, "the twin does not play this exchange")
        if self.running.left_out.get(name, "").endswith(recorder.ONLY_READ):
            skip(SkipReason.STACK_CANNOT, self.running.left_out[name])
        return judged(name, self.running)


@pytest.fixture(scope="session")
def pms_sources(stack: Stack, pms: QloApps, options: Options) -> Sources:
    """The contract's exchanges sent to the running PMS once per worker, beside the recording of its version."""
    told = _version(options.run_dir / "versions.json")
    hotel = stack.profile.pms
    where = recorder.Pms(stack.addresses.pms, pms.key, hotel.hotel_id, timezone=hotel.timezone)
    running = recorder.record(
        where, script.load(), source=told, read_only=not stack.gate.writes, hooks=stack.gate.hooks
    )
    store.save(running, options.run_dir / store.OF_A_RUN, recorder.secrets_of(where))
    is_twin = told.startswith(_TWIN)
    recorded = _recording_of(told)
    listed = divergences.pairs(divergences.load(script.load())) if is_twin else []
    untimed = replace(running, milliseconds={})  # a twin without latencies, a machine that is busy
    found = compare(recorded, untimed, with_values=is_twin) if recorded else []
    return Sources(running, recorded, is_twin, listed, [(one.exchange, one.sentence) for one in found])


def judged(name: str, recording: Recording) -> Judged:
    """The arguments of the check `kept`: what is not as the contract says, or why there is nothing to judge."""
    exchange = script.load()[name]
    if name not in recording.answers:
        return name, None, recording.left_out.get(name, f"{recording.source} was recorded without it: record it again")
    if recording.requests[name] != exchange.request():
        return name, None, f"its request is another one than that recorded from {recording.source}: record it again"
    return name, breaches(exchange.says, recording.answers[name]), ""


def _recording_of(told: str) -> Recording | None:
    """The recording of a version.

    Raises:
        Unproven: the version is known, and was never recorded.
    """
    name = store.recorded_as(told)
    if name is None:
        return None
    if not name:
        raise Unproven(f"there is no recording of {told}: make one with pms-drill record")
    return store.load(store.RECORDINGS / name)


def _version(path: Path) -> str:
    """What the stack says that it runs."""
    return str(json.loads(path.read_text(encoding="utf-8"))["pms"])
