"""Arm + proof + heal + proof of one fault, p95 against the bar of 150 ms (design, bars).

`python -m tests.bench.faults [--rounds N]` prints a line per fault; exit code 1 when one misses the bar.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pms_drill import clock
from pms_drill.evidence.journal import Journal
from pms_drill.external import TOXIPROXY, find
from pms_drill.faults import catalogue
from pms_drill.faults.lifecycle import Fault, Place, injected
from pms_drill.faults.story import Needs
from pms_drill.faults.toxiproxy import OwnToxiproxy
from pms_drill.faults.toxiproxy_server import ToxiproxyServer
from pms_drill.load.percentiles import percentile
from pms_drill.proxy.client import FaultProxyControl
from pms_drill.stack.process import Program
from tests.faults.counting_upstream import Upstream

BAR_MS = 150.0
TOKEN_VARIABLE = "PMS_DRILL_CONTROL_TOKEN"
TOKEN = "t" * 32


def measure(fault: Fault, place: Place, rounds: int) -> list[float]:
    """Milliseconds of each round: clean, armed, proved, healed, proved."""
    taken = []
    for _ in range(rounds):
        begun = clock.now()
        with injected(fault, place):
            pass
        taken.append((clock.now() - begun) * 1000)
    return taken


@contextmanager
def path(folder: Path) -> Iterator[Place]:
    """Toxiproxy, the fault proxy behind it, and a small upstream."""
    with ExitStack() as ends:
        upstream = ends.enter_context(Upstream())
        ends.callback(upstream.shutdown)
        ready = folder / "ready"
        files = ["--ledger", str(folder / "ledger"), "--ready-file", str(ready)]
        proxy = Program(
            "fault proxy",
            [sys.executable, "-m", "pms_drill.proxy", "--upstream", upstream.address, *files],
            env={TOKEN_VARIABLE: TOKEN},
            cwd=Path.cwd(),
            log=folder / "proxy.log",
        )
        ends.callback(proxy.stop)
        proxy.start()
        proxy.wait_until(ready.exists, within=15, todo="read its log")
        ports = json.loads(ready.read_text())
        control = ends.enter_context(FaultProxyControl(f"http://127.0.0.1:{ports['control_port']}", TOKEN))
        server = ToxiproxyServer(find(TOXIPROXY), folder / "toxiproxy.log")
        toxiproxy = ends.enter_context(OwnToxiproxy(server))
        toxiproxy.create("pms", f"127.0.0.1:{ports['port']}")
        yield Place(toxiproxy, "pms", control, TOKEN, Journal().note)


def main() -> int:
    """Measure every fault that the bar is for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder, path(Path(folder)) as place:
        every = catalogue.all_faults(timeout=10.0, retry_after=3).values()
        # The bar is for faults of Toxiproxy and of the fault proxy; the others restart or stop programs.
        for fault in (fault for fault in every if fault.needs <= {Needs.LINUX}):
            taken = measure(fault, place, rounds)
            p95 = percentile(taken, 95)
            worst = max(worst, p95)
            print(f"  {fault.name:<22} p50 {percentile(taken, 50):6.1f} ms   p95 {p95:6.1f} ms   n {rounds}")
    print(f"faults: worst p95 {worst:.1f} ms, bar {BAR_MS:g} ms: {'met' if worst <= BAR_MS else 'MISSED'}")
    return 0 if worst <= BAR_MS else 1


if __name__ == "__main__":
    sys.exit(main())
