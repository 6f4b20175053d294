"""Arm + proof + heal + proof of one fault, p95 against the bar of 150 ms (design, bars).

`python -m tests.bench.faults [--rounds N]` prints a line per fault; exit code 1 when one misses the bar.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from pms_drill import clock
from pms_drill.evidence.journal import Journal
from pms_drill.external import TOXIPROXY, find
from pms_drill.faults import catalogue
from pms_drill.faults.lifecycle import Fault, Place, injected
from pms_drill.faults.toxiproxy import OwnToxiproxy
from pms_drill.faults.toxiproxy_server import ToxiproxyServer
from pms_drill.load.percentiles import percentile
from tests.faults.counting_upstream import Upstream

BAR_MS = 150.0


def measure(fault: Fault, place: Place, rounds: int) -> list[float]:
    """Milliseconds of each round: clean, armed, proved, healed, proved."""
    taken = []
    for _ in range(rounds):
        begun = clock.now()
        with injected(fault, place):
            pass
        taken.append((clock.now() - begun) * 1000)
    return taken


def main() -> int:
    """Measure every TCP fault of the catalogue."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder, Upstream() as upstream:
        server = ToxiproxyServer(find(TOXIPROXY), Path(folder) / "toxiproxy.log")
        with OwnToxiproxy(server) as toxiproxy:
            toxiproxy.create("pms", upstream.address)
            place = Place(toxiproxy, "pms", None, "t" * 32, Journal().note)  # type: ignore[arg-type]
            for fault in catalogue.tcp_faults(timeout=10.0):
                taken = measure(fault, place, rounds)
                p95 = percentile(taken, 95)
                worst = max(worst, p95)
                print(f"{fault.name:<22} p50 {percentile(taken, 50):6.1f} ms   p95 {p95:6.1f} ms   n {rounds}")
        upstream.shutdown()
    print(f"worst p95 {worst:.1f} ms, bar {BAR_MS:g} ms: {'met' if worst <= BAR_MS else 'MISSED'}")
    return 0 if worst <= BAR_MS else 1


if __name__ == "__main__":
    sys.exit(main())
