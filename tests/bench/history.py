"""The checks of bookings over a history of 10,000 operations against the bar of 2 s (design, bars).

Half of the guests repeat their request with its key, as in the workload under mixed faults. Judged twice: once as all
went well, once as it went wrong for everybody, so that every story is told.

`python -m tests.bench.history [--guests N]` prints a line per check; exit code 1 when all together miss the bar.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from datetime import date, timedelta

from pms_drill import clock
from pms_drill.checks import bookings, intents, pms_findings
from pms_drill.evidence.bundle import Evidence
from tests.checks.literal import ORDERS, booked, call, held, look, outage, reserve

BAR_S = 2.0
_EACH = 4
CHECKS = (
    bookings.none_lost,
    bookings.none_duplicated,
    bookings.no_phantom,
    bookings.none_mangled,
    bookings.pending_ones_end,
    bookings.confirmed_only_when_held,
    bookings.no_orphan,
    intents.same_key_same_reservation,
    intents.in_flight_when_it_opened,
    intents.one_of_late_ones_stays,
    intents.one_at_a_time,
    intents.no_room_sold_twice,
)
SIGHTINGS = (pms_findings.room_sold_twice, pms_findings.cancelled_inside)


def main() -> int:
    """Judge histories of `guests` reservations, each looked up three times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--guests", type=int, default=2500)
    guests = parser.parse_args().guests
    codes = [judge("as it should be", history(guests)), judge("all wrong", spoilt(history(guests)))]
    return max(codes)


def history(guests: int) -> Evidence:
    """Everybody is booked once, in rooms of their own."""
    operations, ledger, final = [], [], []
    for number in range(guests):
        name, at = f"g{number}", number * 0.01
        if number % 2:
            first = replace(reserve(at, name, status=202), key=f"key-{name}")
            operations += [first, replace(first, started=at + 0.1, ended=at + 0.2)]
        else:
            operations += [reserve(at, name, order=number), look(at + 20, name, "confirmed", order=number)]
        operations += [look(at + 30 + late, name, "confirmed", order=number) for late in range(_EACH - 2)]
        ledger += [booked(at + 0.001, name), call(at + 0.002, ORDERS)]
        final.append(held(number, name, rooms=(number,)))
    return outage(operations=operations, ledger=ledger, bookings=final)


def spoilt(good: Evidence) -> Evidence:
    """A third of the guests are lost, a third are booked twice, all in one room and night by night two at a time."""
    final = []
    for number, booking in enumerate(good.bookings or ()):
        night = date(2027, 1, 1) + timedelta(days=number // 2)
        stay = {"check_in": night.isoformat(), "check_out": (night + timedelta(days=1)).isoformat(), "rooms": (1,)}
        if number % 3:
            final.append(replace(booking, **stay))
        if number % 3 == 1:
            final.append(replace(booking, order_id=booking.order_id + 1_000_000, **stay))
    twice = [entry for entry in good.ledger for _ in range(2)]
    return replace(good, bookings=final, ledger=twice)


def judge(title: str, evidence: Evidence) -> int:
    """All checks, one after the other; 1 when they miss the bar."""
    print(title)
    total = 0.0
    for check in (*CHECKS, *SIGHTINGS):
        begun = clock.now()
        found = check(evidence)
        took = clock.now() - begun
        total += took
        told = str(getattr(found, "outcome", "")) or f"seen {getattr(found, 'seen', '')}"
        print(f"  {check.__name__:<26} {told:<10} {took * 1000:7.1f} ms")
    verdict = "met" if total <= BAR_S else "MISSED"
    print(f"{title}: {len(evidence.operations):,} operations in {total:.2f} s, bar {BAR_S:g} s: {verdict}")
    return 0 if total <= BAR_S else 1


if __name__ == "__main__":
    sys.exit(main())
