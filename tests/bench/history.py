"""The checks of bookings over a history of 10,000 operations against the bar of 2 s (design, bars).

Half of the guests repeat their request with its key, as in the workload under mixed faults.

`python -m tests.bench.history [--guests N]` prints a line per check; exit code 1 when all together miss the bar.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

from pms_drill import clock
from pms_drill.checks import bookings, intents
from tests.checks.literal import ORDERS, booked, call, held, look, outage, reserve

BAR_S = 2.0
_EACH = 4


def main() -> int:
    """Judge a history of `guests` reservations, each looked up three times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--guests", type=int, default=2500)
    guests = parser.parse_args().guests
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
    evidence = outage(operations=operations, ledger=ledger, bookings=final)
    total = 0.0
    for check in (
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
    ):
        begun = clock.now()
        verdict = check(evidence)
        took = clock.now() - begun
        total += took
        print(f"{check.__name__:<26} {verdict.outcome:<8} {took * 1000:7.1f} ms")
    print(f"{len(operations):,} operations in {total:.2f} s, bar {BAR_S:g} s: {'met' if total <= BAR_S else 'MISSED'}")
    return 0 if total <= BAR_S else 1


if __name__ == "__main__":
    sys.exit(main())
