"""The one clock of a run.

Linux and macOS give every process of a machine the same monotonic clock, so the proxy's ledger, the journal
and the guests' operations can be compared without conversion. The wall clock is used for names and dates only.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo


def now() -> float:
    """Seconds on the machine's monotonic clock; comparable between processes of one machine."""
    return time.monotonic()


def utc() -> datetime:
    """Wall-clock time in UTC, for names of runs and dates in results; never for measuring."""
    return datetime.now(UTC)


def today(zone: str) -> date:
    """The date that it is now in a time zone, for stays of guests.

    Args:
        zone: name in the IANA database, such as Europe/Warsaw.

    Raises:
        ZoneInfoNotFoundError: there is no such zone; a profile has been asked for that before.
    """
    return datetime.now(ZoneInfo(zone)).date()


def until_midnight(zone: str) -> float:
    """Seconds until the day ends in a time zone; a day on which its clocks change has other than 24 hours.

    Args:
        zone: name in the IANA database.
    """
    now_there = datetime.now(ZoneInfo(zone))
    end = datetime.combine(now_there.date() + timedelta(days=1), time_of_day(), ZoneInfo(zone))
    return end.timestamp() - now_there.timestamp()
