"""Faults at proxies of others are taken back whatever ends the run, and what others have made there is left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from pms_drill import clock
from pms_drill.checks.verdict import Outcome, Unproven
from pms_drill.doctor.examine import examine
from pms_drill.episodes.guests import GuestBook
from pms_drill.errors import DrillError
from pms_drill.faults import catalogue
from pms_drill.faults.ahead import PREFIX, FaultsAhead, OwnFault, ProxyAs, take_back
from pms_drill.faults.lifecycle import Fault, Heal, Injection, Place, injected
from pms_drill.faults.toxiproxy_api import Api, ProxyState
from pms_drill.lease import STATE_VARIABLE, Lease
from pms_drill.profile import load
from pms_drill.proxy.client import FaultProxyControl
from pms_drill.stack.backends import open_stack
from pms_drill.stack.base import Stack
from pms_drill.stack.external_proxies import AdoptedToxiproxy, strangers
from pms_drill.target import CONTROL_TOKEN, Target, host_and_port
from tests.external_stack.conftest import REPO, Hotel, RunExternal

pytestmark = [pytest.mark.timeout(350), pytest.mark.xdist_group("hotel")]

THEIR_RULE = {"name": "of-somebody-else", "effect": {"kind": "status", "status": 418}, "path": "/their/path"}
THEIR_TOXIC = {"name": "of_somebody_else", "type": "latency", "stream": "upstream", "toxicity": 0.5,
               "attributes": {"latency": 7, "jitter": 0}}  # fmt: skip


#: The hotel's agent may be at work for another test when a run looks whether others use the PMS.
_STARTS = 3


@dataclass
class Staging:
    """The hotel's proxies, as whoever runs them sees them."""

    hotel: Hotel
    api: Api
    control: FaultProxyControl

    @property
    def proxy(self) -> ProxyState:
        return self.api.proxy("pms")

    @property
    def rules(self) -> list[str]:
        return [str(rule["name"]) for rule in self.control.rules()]

    def others_come(self) -> None:
        """Somebody else makes a rule and a toxic."""
        self.control.add_rule(THEIR_RULE)
        self.api.call("POST", "/proxies/pms/toxics", json=THEIR_TOXIC)

    def has_only_theirs(self, before: ProxyState) -> bool:
        return self.rules == [THEIR_RULE["name"]] and self.proxy == replace(
            before, toxics={THEIR_TOXIC["name"]: THEIR_TOXIC}
        )


@pytest.fixture
def staging(hotel: Hotel) -> Iterator[Staging]:
    place = hotel.stack.place
    yield Staging(hotel, place.toxiproxy.api, place.fault_proxy)  # type: ignore[arg-type]
    hotel.stack.make_clean()


@dataclass
class Held:
    """A run in the middle of a fault."""

    process: subprocess.Popen[str]
    env: dict[str, str]

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=10)

    def heal(self, **env: str) -> tuple[int, str]:
        words = [sys.executable, "-m", "pms_drill", "heal"]
        done = subprocess.run(
            words, cwd=REPO, env={**self.env, **env}, capture_output=True, text=True, timeout=60, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def leases(self) -> list[str]:
        return sorted(path.suffix for path in (Path(self.env[STATE_VARIABLE]) / "leases").glob("[0-9]*"))


def until_quiet(hotel: Hotel) -> None:
    """Wait until the agent has got over the fault of another test: its calls would be a stranger's."""
    quiet_s, known, since = 1.2, -1, clock.now()
    while clock.now() - since < quiet_s:
        others = strangers(hotel.stack.ledger(), hotel.stack.profile.pms.probe_path)
        if len(others) != known:
            known, since = len(others), clock.now()
        threading.Event().wait(0.05)


@pytest.fixture
def hold(hotel: Hotel, tmp_path: Path) -> Iterator[Callable[..., Held]]:
    with ExitStack() as ends:

        def start(fault: str, ttl: str = "") -> Held:
            until_quiet(hotel)
            env = {**os.environ, STATE_VARIABLE: str(tmp_path / "state"), **hotel.secrets}
            urls = [hotel.agent.url, hotel.pms.url, hotel.toxiproxy.url, hotel.fault_proxy.url]
            words = [sys.executable, "-m", "tests.external_stack.hold_a_fault", str(tmp_path / "held"), *urls, fault]
            for number in range(_STARTS):
                words[3] = str(tmp_path / f"held-{number}")
                process = ends.enter_context(
                    subprocess.Popen(
                        [*words, *([ttl] if ttl else [])], cwd=REPO, env=env, stdout=-1, stderr=-1, text=True
                    )
                )
                ends.callback(process.kill)
                assert process.stdout is not None
                if process.stdout.readline() == "acts\n":
                    return Held(process, env)
                _, said = process.communicate(timeout=20)
                assert "others use the PMS at the same time" in said, said
            raise AssertionError(said)

        yield start


@pytest.fixture
def ours(hotel: Hotel, tmp_path: Path) -> Iterator[Stack]:
    """The stack external, of a run of this process."""
    until_quiet(hotel)
    secrets = pytest.MonkeyPatch()
    for name, value in hotel.secrets.items():
        secrets.setenv(name, value)
    with secrets.context(), Lease(tmp_path / "state") as lease, opened(hotel, tmp_path, lease) as stack:
        yield stack
    secrets.undo()
    assert list((tmp_path / "state").glob("[0-9]*")) == []


def opened(hotel: Hotel, folder: Path, lease: Lease):
    return open_stack(
        "external", load("reference-fast"), folder / "run", label="ours", lease=lease, seed=1, target=target(hotel)
    )


def target(hotel: Hotel) -> Target:
    return Target(
        agent_url=hotel.agent.url,
        pms_url=hotel.pms.url,
        toxiproxy_url=hotel.toxiproxy.url,
        fault_proxy_url=hotel.fault_proxy.url,
        allow_writes="127.0.0.1",
    )


def eventually(holds: Callable[[], bool], within: float = 10.0) -> None:
    for attempt in Retrying(
        stop=stop_after_delay(within),
        wait=wait_fixed(0.02),
        retry=retry_if_exception_type(AssertionError),
        reraise=True,
    ):
        with attempt:
            assert holds()


@contextmanager
def beside(fault: Fault, place: Place) -> Iterator[None]:
    """A fault beside another one, which hides what a probe could see."""
    injection = Injection(fault, place)
    injection.arm(check=False)
    try:
        yield
    finally:
        injection.heal(check=False)


@pytest.mark.parametrize("fault", ["hang", "refused", "server_error"])
def test_heal_takes_back_what_a_killed_run_left_and_nothing_of_others(
    staging: Staging, hold: Callable[..., Held], fault: str
) -> None:
    before = staging.proxy
    held = hold(fault)
    staging.others_come()
    held.kill()
    assert not staging.has_only_theirs(before)
    code, said = held.heal()
    assert (code, staging.has_only_theirs(before)) == (0, True), said
    assert "healed" in said
    assert held.leases() == []
    assert held.heal() == (0, "nothing was left behind\n")


def test_rule_of_a_killed_run_ends_by_itself_and_lives_while_its_run_does(
    staging: Staging, hold: Callable[..., Held]
) -> None:
    held = hold("server_error", ttl="1.0")
    staging.control.add_rule(THEIR_RULE)
    begun = clock.now()
    while clock.now() < begun + 2.5:  # longer than its time
        assert len(staging.rules) == 2
        threading.Event().wait(0.1)
    held.kill()
    eventually(lambda: staging.rules == [THEIR_RULE["name"]])
    assert held.heal()[0] == 0
    assert staging.rules == [THEIR_RULE["name"]]


def test_heal_without_the_control_token_says_what_is_missing_and_keeps_the_lease(
    staging: Staging, hold: Callable[..., Held]
) -> None:
    held = hold("slow_answers")
    held.kill()
    code, said = held.heal(**{CONTROL_TOKEN: ""})
    assert code == 2
    assert f"set {CONTROL_TOKEN} to its control token and heal again" in said
    assert ".json" in held.leases()
    assert len(staging.rules) == 1
    code, said = held.heal(**{CONTROL_TOKEN: "wrong-token-of-somebody"})
    assert (code, "the control token of the run is missing or wrong" in said) == (2, True)
    assert held.heal()[0] == 0
    assert staging.rules == held.leases() == []


def test_next_run_heals_what_the_killed_one_left_and_is_judged(
    staging: Staging, hold: Callable[..., Held], run_external: RunExternal
) -> None:
    hold("refused").kill()
    ran = run_external(
        *staging.hotel.everything(), "--allow-writes=127.0.0.1", "-k", "BRK-01 and refused", parts=("chaos",)
    )
    assert "an earlier run was cut; cleaned what it left:" in ran.said
    assert ran.verdict.properties["BRK-01"].verdict is Outcome.PASSED, ran.said


def test_list_of_faults_has_no_secret_and_stands_before_the_fault(
    staging: Staging, hold: Callable[..., Held], tmp_path: Path
) -> None:
    held = hold("server_error")
    [listed] = (tmp_path / "state" / "leases").glob("*.faults")
    text = listed.read_text()
    assert staging.hotel.fault_proxy.url in text
    for secret in staging.hotel.secrets.values():
        assert secret not in text
    held.kill()
    held.heal()


def test_run_leaves_the_faults_of_others_alone_and_judges_nothing_beside_them(staging: Staging, ours: Stack) -> None:
    before = staging.proxy
    assert ours.make_clean() == []
    with injected(catalogue.server_error(), ours.place), beside(catalogue.hang(), ours.place):
        staging.others_come()
        marked = [name for name in (*staging.rules, *staging.proxy.toxics) if name.startswith(PREFIX)]
        assert len(marked) == 2
    assert staging.has_only_theirs(before)
    with pytest.raises(Unproven, match=r"somebody else makes faults.*rule of-somebody-else, toxic of_somebody_else"):
        ours.make_clean()
    assert staging.has_only_theirs(before)


def test_toxic_that_is_removed_to_resume_leaves_those_of_others(staging: Staging, ours: Stack) -> None:
    before = staging.proxy
    with injected(replace(catalogue.hang(), heal=Heal.RESUME), ours.place):
        staging.others_come()
    assert staging.has_only_theirs(before)


def test_request_that_a_rule_of_somebody_else_acted_on_is_not_blamed_on_the_agent(
    staging: Staging, ours: Stack
) -> None:
    staging.control.add_rule({name: value for name, value in THEIR_RULE.items() if name != "path"})
    url = f"{ours.addresses.agent}{ours.profile.endpoints.availability}"
    httpx.post(
        url, json=GuestBook(1, "theirs", pms=ours.profile.pms).guest().availability(), timeout=10, trust_env=False
    )
    with pytest.raises(Unproven, match="rules of somebody else acted on requests of this run: of-somebody-else"):
        ours.ledger(ours._ledger_from)


def test_rule_that_ended_before_its_heal_is_unproven(staging: Staging, ours: Stack) -> None:
    injection = Injection(catalogue.server_error(), ours.place)
    injection.arm()
    for name in staging.rules:
        staging.control.remove_rule(name)
    with pytest.raises(Unproven, match="had ended before it was healed"):
        injection.heal()
    assert ours.make_clean() == []


def test_fault_that_cannot_be_written_ahead_is_not_made(
    staging: Staging, ours: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = staging.proxy
    with monkeypatch.context() as full:
        full.setattr(ours._ahead._lines, "path", Path("/dev/full"))
        for fault in (catalogue.hang(), catalogue.server_error(), catalogue.connection_refused()):
            with pytest.raises(Unproven, match="cannot be noted before"), injected(fault, ours.place):
                pytest.fail("the block must not run")
            assert (staging.proxy, staging.rules) == (before, [])
    ours._ahead._lines.trouble = ""


def test_fault_is_healed_although_the_heal_cannot_be_written(
    staging: Staging, ours: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = staging.proxy
    with monkeypatch.context() as full:
        with injected(catalogue.server_error(), ours.place), beside(catalogue.hang(), ours.place):
            full.setattr(ours._ahead._lines, "path", Path("/dev/full"))
        assert (staging.proxy, staging.rules) == (before, [])
    with pytest.raises(DrillError, match="list of faults at proxies of others could not be written"):
        ours._ahead.check_written()
    ours._ahead._lines.trouble = ""


def test_proxy_that_was_deleted_by_a_heal_that_was_killed_is_created_again(staging: Staging, tmp_path: Path) -> None:
    before = staging.proxy
    ahead = FaultsAhead(tmp_path / "list")
    address = staging.api.address
    ahead.write(OwnFault(what="toxic", control=address, proxy="pms", name=f"{PREFIX}1.hang"))
    theirs = ProxyAs(listen=before.listen, upstream=before.upstream, toxics={THEIR_TOXIC["name"]: THEIR_TOXIC})
    ahead.write(OwnFault(what="recreated", control=address, proxy="pms", wanted=theirs))
    staging.api.destroy("pms")
    mended = take_back(ahead.standing(), "")
    assert mended.left == []
    assert mended.done == [f"proxy pms of the Toxiproxy at {address}: created again at {before.listen}"]
    assert staging.proxy == replace(before, toxics={THEIR_TOXIC["name"]: THEIR_TOXIC})


def test_proxies_that_do_not_answer_stay_on_the_list(tmp_path: Path) -> None:
    gone = [
        OwnFault(what="rule", control="http://127.0.0.1:1", name="r"),
        OwnFault(what="toxic", control="127.0.0.1:1", proxy="pms", name="t"),
    ]
    mended = take_back(gone, "t" * 32)
    assert mended.done == []
    assert ["may still act" in mended.left[0], "may still have a fault" in mended.left[1]] == [True, True]


@pytest.fixture(params=["0.0.0.0:{}", "[::]:{}", ":{}", "127.0.0.1:{}", "[::1]:{}"])
def everywhere(staging: Staging, request: pytest.FixtureRequest) -> Iterator[ProxyState]:
    """The hotel's proxy, listening on all addresses of the machine; the agent goes on using loopback."""
    before = staging.proxy
    port = before.listen.rpartition(":")[2]
    staging.api.recreate(replace(before, listen=request.param.format(port)))
    yield staging.proxy
    staging.api.recreate(before)


def test_proxy_that_listens_on_all_addresses_is_adopted_and_comes_back_as_it_was_found(
    everywhere: ProxyState, staging: Staging, tmp_path: Path
) -> None:
    adopted = AdoptedToxiproxy(staging.hotel.toxiproxy.url, FaultsAhead(tmp_path / "list"), f"{PREFIX}1.")
    proxy = adopted.adopt()
    assert staging.proxy == everywhere
    for fault in (catalogue.hang(), catalogue.connection_refused()):
        fault.action.arm(replace_place(staging, adopted))
        fault.action.heal(replace_place(staging, adopted), Heal.CUT)
        assert staging.proxy == everywhere
    assert proxy.reach.rpartition(":")[0] in ("127.0.0.1", "[::1]")


def replace_place(staging: Staging, adopted: AdoptedToxiproxy):
    return replace(staging.hotel.stack.place, toxiproxy=adopted)


@pytest.mark.parametrize("everywhere", ["0.0.0.0:{}"], indirect=True)
def test_doctor_and_run_use_a_proxy_that_listens_on_all_addresses(
    everywhere: ProxyState, staging: Staging, run_external: RunExternal, monkeypatch: pytest.MonkeyPatch
) -> None:
    hotel = staging.hotel
    for name, value in hotel.secrets.items():
        monkeypatch.setenv(name, value)
    assert [
        section.title for section in examine("external", target(hotel), load("reference-fast")) if section.broken
    ] == []
    ran = run_external(*hotel.everything(), "--allow-writes=127.0.0.1", "-k", "BRK-01 and refused", parts=("chaos",))
    assert ran.verdict.properties["BRK-01"].verdict is Outcome.PASSED, ran.said
    assert staging.proxy == everywhere


def test_without_the_admin_token_outages_are_judged_and_what_needs_it_is_skipped_before_a_fault(
    staging: Staging, run_external: RunExternal
) -> None:
    faults = len(staging.hotel.toxiproxy.requests)
    ran = run_external(
        *staging.hotel.everything(),
        "--allow-writes=127.0.0.1",
        *("-k", "(BRK-18 and hang and not hang_then) or RESET-01"),
        parts=("chaos",),
        without=("PMS_DRILL_ADMIN_TOKEN",),
    )
    verdicts = {name: one.verdict for name, one in ran.verdict.properties.items()}
    assert (verdicts["BRK-18"], verdicts["RESET-01"]) == (Outcome.PASSED, Outcome.SKIPPED), ran.said
    assert len(staging.hotel.toxiproxy.requests) > faults


def test_control_address_of_ipv6_keeps_its_brackets() -> None:
    assert host_and_port("http://[::1]:8474") == "[::1]:8474"
