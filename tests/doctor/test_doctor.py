"""The doctor on a running hotel: what it sees, what it foretells, and that it changes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pms_drill import profile as profiles
from pms_drill.doctor.command import doctor
from pms_drill.doctor.examine import Section
from pms_drill.doctor.foretell import control, skips
from pms_drill.doctor.programs import programs
from pms_drill.doctor.show import WIDTH, as_text
from pms_drill.lease import STATE_VARIABLE
from pms_drill.properties.catalogue import load as load_catalogue
from pms_drill.stack.look import Found, State, look_at
from pms_drill.target import CONTROL_TOKEN, PMS_KEY, Target
from tests.external_stack.conftest import Hotel

pytestmark = pytest.mark.xdist_group("doctor")


@pytest.fixture
def secrets(hotel: Hotel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Hotel:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "state"))
    for name, value in hotel.secrets.items():
        monkeypatch.setenv(name, value)
    return hotel


def target(hotel: Hotel) -> Target:
    return Target(
        agent_url=hotel.agent.url,
        pms_url=hotel.pms.url,
        toxiproxy_url=hotel.toxiproxy.url,
        fault_proxy_url=hotel.fault_proxy.url,
    )


def examined(what: Target, stack: str = "external") -> tuple[int, dict[str, dict[str, dict[str, str]]]]:
    said: list[str] = []
    code = doctor(stack, "reference-fast", what, machine=True, say=said.append)
    sections = json.loads(said[-1])["sections"]
    return code, {one["title"]: {row["what"]: row for row in one["rows"]} for one in sections}


def test_everything_answers_and_the_traffic_is_proved_to_cross_the_proxy(secrets: Hotel) -> None:
    code, told = examined(target(secrets))
    assert code == 0, told
    assert {row["state"] for row in told["What is reachable"].values()} == {"ok"}
    [crossing] = told["Does the traffic cross the proxy?"].values()
    assert crossing["tells"] == "proved by POST /api/hotel_ari"


def test_doctor_sends_nothing_that_changes_anything_even_where_writes_are_allowed(secrets: Hotel) -> None:
    recorders = (secrets.agent, secrets.pms, secrets.toxiproxy, secrets.fault_proxy)
    for recorder in recorders:
        recorder.requests.clear()
    code, _ = examined(target(secrets).model_copy(update={"allow_writes": "127.0.0.1"}))
    assert code == 0
    changing = ("POST", "PUT", "PATCH", "DELETE")
    asked = [recorder.asked(*changing) for recorder in recorders]
    assert asked == [{secrets.stack.profile.endpoints.availability}, set(), set(), set()]


def test_agent_that_goes_round_the_proxy_is_found(secrets: Hotel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pms_drill.stack.external.ExternalStack._entries", lambda *_: [])
    code, told = examined(target(secrets))
    [crossing] = told["Does the traffic cross the proxy?"].values()
    assert (code, crossing["state"]) == (2, "broken")
    assert "do not cross the proxies" in crossing["tells"]


@pytest.mark.parametrize(("variable", "what"), [(PMS_KEY, "PMS"), (CONTROL_TOKEN, "fault proxy")])
def test_wrong_secret_is_named_and_not_told(
    secrets: Hotel, monkeypatch: pytest.MonkeyPatch, variable: str, what: str
) -> None:
    monkeypatch.setenv(variable, "w" * 32)
    code, told = examined(target(secrets))
    assert (code, told["What is reachable"][what]["state"]) == (2, "broken")
    assert "w" * 32 not in json.dumps(told)


def test_nothing_but_an_agent_leaves_the_crossing_unproved_and_is_usable(secrets: Hotel) -> None:
    code, told = examined(Target(agent_url=secrets.agent.url))
    assert code == 0
    [crossing] = told["Does the traffic cross the proxy?"].values()
    assert crossing["state"] == "not given"
    assert told["What a run will judge and skip"]["PMS"]["tells"].startswith("skipped as no-witness")


def test_metrics_without_the_breakers_gauge_are_broken(secrets: Hotel) -> None:
    profile = profiles.load("reference-fast")
    metrics = profile.metrics.model_copy(update={"state": "another_name"})
    found = {one.what: one for one in look_at(target(secrets), profile.model_copy(update={"metrics": metrics}))}
    assert found["metrics"].state is State.BROKEN
    assert "another_name" in found["metrics"].tells


def test_stack_of_our_own_is_started_and_proves_itself(secrets: Hotel) -> None:
    code, told = examined(Target(), "embedded")
    assert code == 0
    [crossing] = told["Does the traffic cross the proxy?"].values()
    assert crossing["state"] == "ok"
    assert {row["state"] for row in told["What the harness can do here"].values()} == {"ok"}


def test_every_group_of_the_catalogue_is_foretold() -> None:
    groups = {entry.id.rpartition("-")[0] for entry in load_catalogue().property}
    assert groups
    assert groups <= {row.what for row in skips(frozenset())}


def test_without_any_capability_only_questions_are_judged() -> None:
    judged = {row.what for row in skips(frozenset()) if row.state is State.OK}
    assert judged == {"API", "EXP", "SEC"}
    assert {row.state for row in control(frozenset())} == {State.MISSING}


def test_missing_program_names_its_debian_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    monkeypatch.delenv("QLOAPPS_DIR", raising=False)
    rows = {row.what: row for row in programs("native")}
    assert {rows[what].state for what in ("PHP", "database server", "QloApps")} == {State.MISSING}
    assert "php-mysql" in rows["PHP"].todo
    assert "mariadb-server" in rows["database server"].todo
    assert "make qloapps" in rows["QloApps"].todo


def test_missing_extension_of_php_names_its_debian_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    php = tmp_path / "php"
    php.write_text('#!/bin/sh\nif [ "$1" = -r ]; then echo 8.4.1; else echo curl; fi\n')
    php.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    rows = {row.what: row for row in programs("native")}
    assert rows["PHP"].state is State.MISSING
    assert "php8.4-mysql" in rows["PHP"].todo
    assert "php8.4-curl" not in rows["PHP"].todo


def test_page_is_readable_in_a_terminal() -> None:
    long = Found("a thing", State.BROKEN, "it does not answer " * 9, "start it", "http://127.0.0.1:1")
    text = as_text(Section("Title", (long,)))
    assert text.startswith("Title\n  a thing")
    assert max(len(line) for line in text.splitlines()) <= WIDTH
    assert "BROKEN" in text
