"""Defects of the PMS itself: known ones are reported and do not gate, a new one fails, a vanished one is reported.

They are no properties of the agent, and none of them ever counts as one that passed: a run says of each whether it was
seen, looked for and not seen, or not looked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pms_drill.checks.verdict import Verdict, judge, unknown


class Status(StrEnum):
    """How what was seen compares with what is written down.

    KNOWN and NEW were seen. VANISHED and ABSENT were looked for and not seen; the latter is not written down. UNKNOWN
    was looked for, and what came of it cannot be said. NOT_LOOKED_FOR is left to another run.
    """

    KNOWN = "known"
    NEW = "new"
    VANISHED = "vanished"
    ABSENT = "absent"
    UNKNOWN = "unknown"
    NOT_LOOKED_FOR = "not-looked-for"


@dataclass(frozen=True)
class Finding:
    """A defect that is written down.

    Attributes:
        id: stable.
        sentence: what the PMS does wrong.
        since: the first version at which it was seen.
        source: how it is known.
        excuses: properties of the agent that it would break, were it not told apart from the agent's own defects.
    """

    id: str
    sentence: str
    since: str
    source: str
    excuses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sighting:
    """What an experiment saw of one defect of the PMS.

    Attributes:
        key: stable id of the defect.
        seen: whether the PMS showed it; None when nothing happened that could have shown it.
        sentence: what the PMS does wrong, for a defect that is not written down yet.
        witness: what was seen.
    """

    key: str
    seen: bool | None
    sentence: str
    witness: str


def read(data: Mapping[str, Any]) -> dict[str, Finding]:
    """The findings in a parsed `known-findings.toml`, by id.

    Raises:
        ValueError: a key is missing or unknown, or an id stands there twice.
    """
    found: dict[str, Finding] = {}
    for entry in data.get("finding", []):
        try:
            finding = Finding(**{**entry, "excuses": tuple(entry.get("excuses", ()))})
        except TypeError as error:
            raise ValueError(f"a finding is not written as it should be: {error}") from error
        if finding.id in found:
            raise ValueError(f"the finding {finding.id} is there twice")
        found[finding.id] = finding
    return found


def compare(seen: bool, known: bool) -> Status:
    """The status of one defect that was looked for."""
    if seen:
        return Status.KNOWN if known else Status.NEW
    return Status.VANISHED if known else Status.ABSENT


def not_provoked(sighting: Sighting) -> Verdict:
    """Unknown: nothing happened that could have shown the defect, so that it has not vanished either."""
    return unknown(_claimed(sighting.sentence), pms=sighting.witness)


def judge_finding(status: Status, sentence: str, witness: str) -> Verdict:
    """Only a new defect fails.

    Args:
        sentence: what the PMS does wrong, if it does.
        witness: what was seen.
    """
    return judge(status is not Status.NEW, _claimed(sentence), pms=witness, status=status.value)


def _claimed(sentence: str) -> str:
    return f"the PMS has no new defect: {sentence}"
