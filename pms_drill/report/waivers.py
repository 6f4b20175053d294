"""Waivers: a team's own list of properties that its agent is known to fail (design rule 10). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pms_drill.checks.verdict import Outcome
from pms_drill.profile import Waiver
from pms_drill.report.outcomes import Record

#: Id under which a waiver that is itself wrong fails.
WAIVER_ID = "WAIVER"


def apply_waivers(records: Sequence[Record], waivers: Sequence[Waiver], today: date) -> list[Record]:
    """The records, with failures of validly waived properties marked as WAIVED. Unknown is never waived.

    Args:
        today: a waiver is valid up to and including its last day, in UTC.
    """
    valid = {waiver.property: waiver for waiver in waivers if waiver.expires >= today}

    def apply(record: Record) -> Record:
        waiver = valid.get(record.property)
        if waiver is None or record.outcome is not Outcome.FAILED:
            return record
        note = f"waived by {waiver.owner} until {waiver.expires}: {waiver.reason}"
        return record.model_copy(update={"outcome": Outcome.WAIVED, "why": f"{note}\n{record.why}".strip()})

    return [apply(record) for record in records]


def wrong_waivers(
    records: Sequence[Record], waivers: Sequence[Waiver], today: date, *, whole: bool, all_episodes: bool
) -> list[str]:
    """Waivers that have expired or are not needed any more, one line each.

    Args:
        records: as they were before `apply_waivers`.
        whole: the run was complete and no test was deselected by hand; otherwise a pass proves nothing.
        all_episodes: the tier runs every experiment; otherwise a pass of a property that is judged per
            experiment proves nothing.
    """
    lines = []
    for waiver in waivers:
        mine = [record for record in records if record.property == waiver.property]
        about = f"{waiver.property} ({waiver.owner}: {waiver.reason})"
        if waiver.expires < today:
            lines.append(f"the waiver of {about} expired on {waiver.expires}: mend the agent or renew it")
        elif not whole or not mine or (not all_episodes and any(record.episode for record in mine)):
            continue
        elif all(record.outcome is Outcome.PASSED for record in mine):
            lines.append(f"the waiver of {about} is not needed: the property passes; remove it")
    return lines
