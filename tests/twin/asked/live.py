"""A real QloApps in a stack of its own, asked all cases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from pms_drill import profile as profiles
from pms_drill.lease import Lease
from pms_drill.stack.native import native_stack
from pms_drill.stack.process_stack import ProcessStack
from qloapps_twin.catalogue import RECORDED_ROOMS_PER_TYPE
from tests.twin.asked import answered
from tests.twin.asked.cases import Case, cases

#: One answer of a real QloApps on a busy machine.
PATIENCE = 60.0


@contextmanager
def running(folder: Path) -> Iterator[ProcessStack]:
    """Start the QloApps that QLOAPPS_DIR names, with as many rooms as the recorded hotel."""
    (folder / "run" / "logs").mkdir(parents=True)
    profile = profiles.load("reference-real")
    with (
        Lease(folder / "state") as lease,
        native_stack(
            profile, folder / "run", label="asked", lease=lease, seed=1, rooms_per_type=RECORDED_ROOMS_PER_TYPE
        ) as stack,
    ):
        yield stack


def answers(stack: ProcessStack) -> dict[str, str]:
    """What its PMS answers to each case, reduced to what is compared. Bookings are made in the shop's own currency."""
    with httpx.Client(
        base_url=f"{stack.addresses.pms}/api", auth=(stack.pms_key, ""), timeout=PATIENCE, trust_env=False
    ) as http:
        currency = http.get("/currencies/1", params={"output_format": "JSON"}).json()["currency"]["iso_code"]
        return {name: _ask(http, case, currency) for name, case in cases().items()}


def _ask(http: httpx.Client, case: Case, currency: str) -> str:
    sign = "&" if "?" in case.path else "?"
    body = case.body.replace(b'"PLN"', f'"{currency}"'.encode()).replace(b'"pln"', f'"{currency.lower()}"'.encode())
    told = http.request(case.method, f"{case.path}{sign}output_format=JSON", content=body)
    return answered(told.status_code, told.headers.get("content-type"), told.text)
