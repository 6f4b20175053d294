"""Faults before HTTP and beside the network, on a running stack: proved, met by the agent, and gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import psutil
import pytest
from tenacity import Retrying, stop_after_delay, wait_fixed

from pms_drill import clock
from pms_drill import profile as profiles
from pms_drill.checks.verdict import SkipReason
from pms_drill.faults import catalogue
from pms_drill.faults.lifecycle import Fault, injected
from pms_drill.faults.nemesis import Nemesis
from pms_drill.faults.schedule import Schedule
from pms_drill.faults.story import Needs
from pms_drill.lease import STATE_VARIABLE, Lease
from pms_drill.stack.backends import open_stack
from pms_drill.stack.base import Stack
from pms_drill.stack.equipped import equipped, missing

SPECIAL = {
    name: fault
    for name, fault in catalogue.all_faults(0.5, 2).items()
    if fault.needs and not fault.needs & {Needs.PMS_SWITCHES, Needs.ENGINE}
}
pytestmark = pytest.mark.xdist_group("equipped stack")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder: Path = tmp_path_factory.mktemp("equipped")
    (folder / "run" / "logs").mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(STATE_VARIABLE, str(folder / "state"))
        profile = profiles.load("reference-fast")
        with Lease() as lease, open_stack("embedded", profile, folder / "run", label="t", lease=lease, seed=1) as open_:
            yield open_


def ask(stack: Stack, night: date | None = None) -> httpx.Response:
    body = {"hotel_id": 1, **stay(night)}
    return httpx.post(f"{stack.addresses.agent}/api/v1/pms/availability", json=body, timeout=3, trust_env=False)


def book(stack: Stack) -> httpx.Response:
    body = {"guest_name": "Ada Lovelace", "email": "ada@example.com", **stay()}
    return httpx.post(f"{stack.addresses.agent}/api/v1/pms/reservations", json=body, timeout=3, trust_env=False)


def stay(night: date | None = None) -> dict[str, object]:
    night = night or date.today() + timedelta(days=40)
    return {"check_in": f"{night}", "check_out": f"{night + timedelta(days=1)}", "room_type": 1}


def kinds(stack: Stack) -> set[str]:
    """Kinds of errors that the agent has counted."""
    return {
        sample["kind"]
        for line in stack.scrape().text.splitlines()
        if line.startswith("pms_api_errors_total{") and not line.endswith(" 0.0")
        for sample in [
            dict(pair.split("=") for pair in line[line.index("{") + 1 : line.index("}")].replace('"', "").split(","))
        ]
    }


#: What a guest gets, and the kind that the agent counts; None where the agent itself is hit.
SEEN = {
    "full_backlog": (504, "timeout"),
    "no_address": (502, "connect"),
    "tls_expired": (502, "connect"),
    "tls_wrong_name": (502, "connect"),
    "tls_untrusted": (502, "connect"),
    "tls_cut": (502, "connect"),
    "pms_paused": (504, "timeout"),
    "agent_paused": None,
    "agent_killed": None,
    "agent_terminated": None,
    "disk_full": (200, ""),
    "log_reader_gone": (200, ""),
    "log_reader_hangs": (200, ""),
    "midnight": (200, ""),
    "clock_forward": (200, ""),
    "clock_back": (200, ""),
}


@pytest.mark.parametrize("fault", SPECIAL.values(), ids=SPECIAL)
def test_agent_and_its_guests_see_what_the_catalogue_says(stack: Stack, fault: Fault) -> None:
    assert missing(stack, fault.needs) is None
    with equipped(stack, fault.needs) as ready:
        ready.restart_agent()
        assert ask(ready).json()["source"] == "pms"
        with injected(fault, ready.place):
            if SEEN[fault.name] is None:
                with pytest.raises(httpx.TransportError):
                    httpx.get(f"{ready.addresses.agent}/health/live", timeout=0.3, trust_env=False)
            else:
                status, kind = SEEN[fault.name]
                assert ask(ready).status_code == status
                assert kinds(ready) == ({kind} if kind else set())
        assert ask(ready).json()["source"] == "pms"
    stack.restart_agent()
    assert ask(stack).json()["source"] == "pms"


def test_faults_of_http_act_over_tls_too(stack: Stack) -> None:
    with equipped(stack, frozenset({Needs.HTTPS})) as ready:
        ready.restart_agent()
        for name in ("server_error", "hang", "reset_before"):
            with injected(catalogue.named(name, catalogue.Scale(0.5, 2)), ready.place):
                assert ask(ready).status_code in (502, 504)
        assert ask(ready).json()["source"] == "pms"


def test_stepped_clock_is_the_wall_clock_only(stack: Stack) -> None:
    with equipped(stack, SPECIAL["clock_back"].needs) as ready:
        ready.restart_agent()
        with injected(SPECIAL["clock_back"], ready.place):
            told = parsedate_to_datetime(ask(ready).headers["date"])
            assert abs((clock.utc() - told).total_seconds() - 3600) < 10


def test_full_disk_of_the_agent_takes_no_reservation_and_no_line_and_is_empty_again(stack: Stack) -> None:
    with equipped(stack, SPECIAL["disk_full"].needs) as ready:
        ready.restart_agent()
        with injected(SPECIAL["disk_full"], ready.place):
            before = len(ready.agent_log())
            assert book(ready).status_code >= 500
            assert len(ready.agent_log()) == before
        assert book(ready).status_code == 201
        assert len(ready.agent_log()) > before


@pytest.mark.parametrize("name", ["log_reader_gone", "log_reader_hangs"])
def test_agent_whose_log_is_not_read_books_and_its_log_goes_on_afterwards(stack: Stack, name: str) -> None:
    with equipped(stack, SPECIAL[name].needs) as ready:
        ready.restart_agent()
        lines = ready.agent_log().count("PMS answered")
        assert lines
        with injected(SPECIAL[name], ready.place):
            assert book(ready).status_code == 201
            assert ready.agent_log().count("PMS answered") == lines
        assert book(ready).status_code == 201
        for attempt in Retrying(stop=stop_after_delay(5), wait=wait_fixed(0.05), reraise=True):
            with attempt:
                assert ready.agent_log().count("PMS answered") > lines


def test_reader_of_the_log_does_not_end_with_the_agent_and_ends_with_the_equipment(stack: Stack) -> None:
    with equipped(stack, SPECIAL["log_reader_gone"].needs) as ready:
        ready.restart_agent()
        ready.kill_agent()
        ready.restart_agent(fresh=False)
        assert ask(ready).json()["source"] == "pms"
        [reader] = readers()
    assert not reader.is_running()
    assert not readers()
    stack.restart_agent()
    assert ask(stack).json()["source"] == "pms"


def readers() -> list[psutil.Process]:
    """Programs of ours that read an agent's output."""
    return [child for child in psutil.Process().children(recursive=True) if child.name() == "cat"]


def test_midnight_comes_at_the_hotel_while_the_fault_acts(stack: Stack) -> None:
    with equipped(stack, SPECIAL["midnight"].needs) as ready:
        ready.restart_agent()
        today = clock.today("UTC")
        with injected(SPECIAL["midnight"], ready.place):
            for attempt in Retrying(stop=stop_after_delay(5), wait=wait_fixed(0.1), reraise=True):
                with attempt:
                    assert ask(ready, today).status_code == 422
        assert ask(ready, today).status_code == 200


def test_agent_that_is_asked_to_end_gets_its_time_and_keeps_its_state(stack: Stack) -> None:
    with equipped(stack, SPECIAL["agent_terminated"].needs) as ready:
        ready.restart_agent()
        made = book(ready).json()["reservation_id"]
        with injected(SPECIAL["agent_terminated"], ready.place) as injection:
            assert injection.armed
        path = f"{ready.addresses.agent}/api/v1/pms/reservations/{made}"
        assert httpx.get(path, timeout=3, trust_env=False).json()["status"] == "confirmed"


def test_clock_of_an_agent_that_is_dead_is_proved_when_it_is_alive_again(stack: Stack) -> None:
    def window(fault: str, begin: float, end: float) -> dict[str, object]:
        return {"fault": fault, "from": begin, "to": end}

    faults = [window("agent_killed", 0.1, 3.5), window("clock_forward", 0.5, 3.0), window("clock_forward", 6.0, 7.0)]
    plan = Schedule.model_validate({"name": "both", "duration": 9, "fault": faults})
    with equipped(stack, SPECIAL["clock_forward"].needs | SPECIAL["agent_killed"].needs) as ready:
        ready.restart_agent()
        nemesis = Nemesis(plan, 1, catalogue.Scale(0.5, 2), ready.place)
        try:
            nemesis.start()
            nemesis.wait()
        finally:
            nemesis.heal()
    assert nemesis.outcome.trouble == []
    assert nemesis.outcome.proven


def test_agent_that_is_given_no_address_cannot_have_these_faults(stack: Stack) -> None:
    class Fixed:
        profile = stack.profile.model_copy(update={"agent": stack.profile.agent.model_copy(update={"env": {}})})
        capabilities = stack.capabilities
        run_dir = stack.run_dir

    lacks = missing(Fixed(), frozenset({Needs.HTTPS}))  # type: ignore[arg-type]
    assert lacks is not None
    assert lacks[0] is SkipReason.AGENT_CANNOT
