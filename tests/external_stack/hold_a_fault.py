"""A run on the stack external in the middle of a fault: `python -m ... FOLDER AGENT PMS TOXIPROXY PROXY FAULT [TTL]`.

Says when the fault acts, and waits to be killed.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from pms_drill import profile as profiles
from pms_drill.faults import catalogue, own_rules
from pms_drill.faults.lifecycle import injected
from pms_drill.lease import Lease
from pms_drill.stack.backends import open_stack
from pms_drill.target import Target

FAULTS = {
    "hang": catalogue.hang,
    "refused": catalogue.connection_refused,
    "server_error": catalogue.server_error,
    "slow_answers": lambda: catalogue.slow_answers(0.2, catalogue.EVERYTHING),
}


def main() -> None:
    folder, agent, pms, toxiproxy, proxy, fault, *ttl = sys.argv[1:]
    if ttl:
        own_rules.TTL_S, own_rules._RENEW_EVERY_S = float(ttl[0]), float(ttl[0]) / 5
    target = Target(
        agent_url=agent, pms_url=pms, toxiproxy_url=toxiproxy, fault_proxy_url=proxy, allow_writes="127.0.0.1"
    )
    run = Path(folder)
    run.mkdir()
    with (
        Lease() as lease,
        open_stack(
            "external", profiles.load("reference-fast"), run, label="held", lease=lease, seed=1, target=target
        ) as stack,
        injected(FAULTS[fault](), stack.place),
    ):
        print("acts", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
