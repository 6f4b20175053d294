"""A fault is armed, proved, healed, proved; what cannot be measured is unproven; nothing survives the block."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import httpx
import pytest

from pms_drill import clock
from pms_drill.checks.verdict import Unproven
from pms_drill.errors import DrillError
from pms_drill.evidence.journal import Event, Journal
from pms_drill.faults import catalogue, catalogue_stream, lifecycle
from pms_drill.faults.actions import Toxics
from pms_drill.faults.catalogue_connect import full_backlog
from pms_drill.faults.lifecycle import Fault, Heal, Place, injected
from pms_drill.faults.probe import Came, Probe
from pms_drill.faults.toxics import Bandwidth, Latency, SlowClose, Timeout

CLEAN_LIFE = ["arming", "armed", "proved", "healing", "healed", "clean"]


def works(net) -> bool:
    seen = net.place.look(Probe())
    return seen.came is Came.ANSWERED and seen.body == b"pong"


def test_life_of_a_fault_is_in_the_journal_in_order(net) -> None:
    with injected(catalogue.hang(), net.place):
        assert net.events() == CLEAN_LIFE[:3]
        assert not works(net)
    assert net.events() == CLEAN_LIFE
    times = [event.at for event in net.journal.events]
    assert times == sorted(times)
    assert {(event.kind, event.name) for event in net.journal.events} == {("fault", "hang")}
    assert works(net)


class Failing(Toxics):
    """An action whose heal fails as often as told, with whatever error."""

    def heal(self, place: Place, mode: Heal) -> str:
        if FAILURES:
            raise FAILURES.pop(0)
        return super().heal(place, mode)


#: Errors that the next heals of `Failing` end with.
FAILURES: list[Exception] = []


def failing(*errors: Exception) -> Fault:
    FAILURES[:] = errors
    return replace(catalogue.hang(), action=Failing((Bandwidth(rate=0),)))


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), DrillError("busy"), RuntimeError("odd")])
def test_heal_that_fails_once_is_tried_again(net, error: Exception) -> None:
    with injected(failing(error), net.place) as injection:
        pass
    assert not injection.armed
    assert works(net)
    assert "heal failed, tried again" in net.events()


def test_heal_that_fails_for_good_may_be_repeated(net) -> None:
    injection = lifecycle.Injection(failing(OSError("one"), OSError("two")), net.place)
    injection.arm()
    with pytest.raises(Unproven, match="could not be healed: two"):
        injection.heal()
    assert injection.armed
    injection.heal()
    assert works(net)


def test_heal_that_fails_for_good_does_not_replace_the_error_of_the_block(net) -> None:
    fault = failing(*[OSError("no")] * 2)
    with pytest.raises(ValueError, match="mine") as caught, injected(fault, net.place):
        raise ValueError("mine")
    assert "could not be healed" in caught.value.__notes__[0]


def test_fault_is_healed_before_the_journal_is_written(net) -> None:
    order: list[str] = []

    def note(kind: str, name: str, what: str, detail: str = "", *, at: float | None = None) -> Event:
        order.append(f"{what}: {'toxics' if net.toxiproxy.api.proxy('pms').toxics else 'clean'}")
        return net.journal.note(kind, name, what, detail, at=at)

    with injected(catalogue.hang(), replace(net.place, note=note)):
        pass
    assert order[-3:] == ["healing: clean", "healed: clean", "clean: clean"]
    times = [event.at for event in net.journal.events]
    assert times == sorted(times)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs-linux: /dev/full")
def test_journal_that_cannot_be_written_holds_no_heal_up_and_is_told(net) -> None:
    journal = Journal(Path("/dev/full"))
    with injected(catalogue.hang(), replace(net.place, note=journal.note)):
        pass
    assert works(net)
    assert [event.what for event in journal.events] == CLEAN_LIFE
    with pytest.raises(DrillError, match="journal could not be written: No space left") as told:
        journal.check_written()
    assert "6 line(s) are missing" in told.value.where


def test_early_heal_is_not_repeated_on_exit(net) -> None:
    with injected(catalogue.hang(), net.place) as injection:
        injection.heal()
        assert works(net)
    assert net.events() == CLEAN_LIFE


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, AssertionError])
def test_whatever_leaves_the_block_the_fault_is_healed(net, error: type[BaseException]) -> None:
    with pytest.raises(error), injected(catalogue.connection_refused(), net.place):
        raise error
    assert net.events() == CLEAN_LIFE
    assert works(net)


def test_signal_during_a_heal_waits_for_its_end(net, monkeypatch: pytest.MonkeyPatch) -> None:
    cut = net.proxy.cut

    def interrupted(*names: str) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        cut(*names)

    monkeypatch.setattr(net.proxy, "cut", interrupted)
    with pytest.raises(KeyboardInterrupt), injected(catalogue.hang(), net.place):
        pass
    assert net.events() == CLEAN_LIFE
    assert works(net)


def test_fault_without_effect_is_unproven_and_removed(net, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "PROOF_LIMIT_S", 0.2)
    harmless = replace(catalogue.hang(), action=Toxics((SlowClose(delay=10),)))
    with pytest.raises(Unproven, match="no byte within"), injected(harmless, net.place):
        pytest.fail("the block must not run")
    assert "unproven" in net.events()
    assert net.toxiproxy.api.proxy("pms").toxics == {}


class Misspelt(Timeout):
    """An attribute that the server takes and does not know."""

    type: ClassVar[str] = "latency"

    @property
    def attributes(self) -> dict[str, int]:
        return {"latenzy": 500}


def test_misspelt_attribute_is_unproven_and_removed(net) -> None:
    wrong = replace(catalogue.hang(), action=Toxics((Misspelt(),)))
    with pytest.raises(Unproven, match="could not be armed"), injected(wrong, net.place):
        pytest.fail("the block must not run")
    assert net.toxiproxy.api.proxy("pms").toxics == {}
    assert works(net)


class Bypassed(Place):
    """A harness whose probes do not cross the proxy."""

    def look(self, probe: Probe):
        return probe.send(self.proxy.upstream, self.token)


def test_bypassed_proxy_is_unproven(net, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "PROOF_LIMIT_S", 0.2)
    place = Bypassed(**{name: getattr(net.place, name) for name in net.place.__dataclass_fields__})
    with pytest.raises(Unproven), injected(catalogue.hang(), place):
        pytest.fail("the block must not run")


def test_way_that_is_not_clean_before_is_unproven(net, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "PROOF_LIMIT_S", 0.2)
    net.proxy.add(Latency(latency=80))
    with pytest.raises(Unproven, match="clean before"), injected(catalogue.hang(), net.place):
        pytest.fail("the block must not run")


def test_dead_upstream_is_unproven(net, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "PROOF_LIMIT_S", 0.2)
    net.upstream.shutdown()
    net.upstream.server_close()
    with pytest.raises(Unproven, match="clean before"), injected(catalogue.reset_before(), net.place):
        pytest.fail("the block must not run")


class Stuck(Toxics):
    """An action that pretends to heal."""

    def heal(self, place: Place, mode: Heal) -> str:
        return "nothing"


def stuck() -> Fault:
    return replace(catalogue.hang(), action=Stuck((Bandwidth(rate=0),)))


def test_fault_that_stays_after_its_heal_is_unproven(net, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "PROOF_LIMIT_S", 0.2)
    with pytest.raises(Unproven, match="clean after"), injected(stuck(), net.place):
        pass


def test_error_of_the_block_is_kept_when_the_heal_fails_too(net, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "PROOF_LIMIT_S", 0.2)
    with pytest.raises(ValueError, match="mine") as caught, injected(stuck(), net.place):
        raise ValueError("mine")
    assert "the heal failed" in caught.value.__notes__[0]


def test_server_that_dies_of_a_fault_is_unproven_and_brought_back(net) -> None:
    class Deadly(Toxics):
        def arm(self, place: Place) -> None:
            super().arm(place)
            net.toxiproxy.server._program.kill()

    deadly = replace(catalogue.connection_refused(), action=Deadly((Timeout(),)))
    with pytest.raises(Unproven, match="did not survive"), injected(deadly, net.place):
        pytest.fail("the block must not run")
    assert works(net)


def test_heal_survives_a_server_locked_by_the_fault(net) -> None:
    net.upstream.size = 1_000_000
    begun = clock.now()
    with injected(catalogue.latency_over_deadline(1.0, factor=1.0), net.place):
        with pytest.raises(httpx.TimeoutException):
            httpx.get(f"http://{net.proxy.listen}/", timeout=0.4, trust_env=False)
        with pytest.raises(DrillError):
            net.toxiproxy.api.remove("pms", "latency_downstream")  # locks it
    assert clock.now() - begun < 20
    assert works(net)
    assert net.events() == CLEAN_LIFE


def test_faults_can_be_nested_and_healing_one_keeps_the_other(net) -> None:
    slow = replace(
        catalogue.latency_over_deadline(0.2), name="slow", action=Toxics((Latency(latency=300, name="slow"),))
    )
    first = lifecycle.Injection(slow, net.place)
    first.arm()
    net.proxy.add(Timeout(name="second"))
    net.proxy.cut("second")
    assert list(net.toxiproxy.api.proxy("pms").toxics) == ["slow"]
    first.heal()
    assert works(net)


def test_resume_answers_the_clients_that_wait(net) -> None:
    told: list[int] = []
    with injected(catalogue.latency_over_deadline(20.0, factor=1.0, heal=Heal.RESUME), net.place):

        def wait() -> None:
            told.append(httpx.get(f"http://{net.proxy.listen}/x", timeout=15, trust_env=False).status_code)

        client = threading.Thread(target=wait)
        client.start()
        until_upstream_saw(net, "/x")
    client.join(timeout=10)
    assert told == [200]


def until_upstream_saw(net, path: str) -> None:
    from tenacity import Retrying, stop_after_delay, wait_fixed

    for attempt in Retrying(stop=stop_after_delay(5), wait=wait_fixed(0.01)):
        with attempt:
            assert path in [seen for _, seen in net.upstream.requests]


TCP_FAULTS = [*catalogue.tcp_faults(timeout=0.2), *catalogue_stream.faults(catalogue.Scale(0.2, 1)), full_backlog()]
SEEN_BY_HTTPX = {
    "refused": httpx.ConnectError,
    "latency_over_deadline": httpx.ReadTimeout,
    "hang": httpx.ReadTimeout,
    "request_lost": httpx.ReadTimeout,
    "reset_before": httpx.TransportError,  # ReadError or RemoteProtocolError, by chance
    "reset_after": httpx.TransportError,
    "hang_then_close": httpx.RemoteProtocolError,
    "slow_requests": httpx.ReadTimeout,
    "stalled_requests": httpx.ReadTimeout,
    "cut_in_headers": httpx.RemoteProtocolError,
    "full_backlog": httpx.ConnectTimeout,
}
#: The heal drops what these hold back.
NOT_DONE_AFTER_A_CUT = ("slow_requests", "stalled_requests")


@pytest.mark.parametrize("keep_alive", [True, False], ids=["keep-alive", "close"])
@pytest.mark.parametrize("fault", [f for f in TCP_FAULTS if f.name in SEEN_BY_HTTPX], ids=lambda fault: fault.name)
def test_client_sees_and_upstream_did_what_the_catalogue_says(net, fault: Fault, keep_alive: bool) -> None:
    headers = {} if keep_alive else {"Connection": "close"}
    with injected(fault, net.place), pytest.raises(SEEN_BY_HTTPX[fault.name]):
        httpx.post(f"http://{net.proxy.listen}/booking", timeout=0.2, trust_env=False, headers=headers)
    assert works(net)  # behind it everything that the heal delivers has arrived
    posts = [path for method, path in net.upstream.requests if method == "POST"]
    done = fault.pms_did_the_work and fault.name not in NOT_DONE_AFTER_A_CUT
    assert posts == (["/booking"] if done else [])


@pytest.mark.parametrize("fault", [f for f in TCP_FAULTS if f.name not in SEEN_BY_HTTPX], ids=lambda fault: fault.name)
def test_client_gets_its_answer_late_or_in_drops(net, fault: Fault) -> None:
    assert fault.name in ("slow", "slow_both_ways", "drip", "narrow", "slow_close")
    with injected(fault, net.place):
        begun = clock.now()
        answer = httpx.post(f"http://{net.proxy.listen}/booking", timeout=5, trust_env=False)
        taken = clock.now() - begun
    assert answer.content == b"xxxx"
    assert taken >= 0.05 or fault.name == "slow_close"


@pytest.mark.parametrize("name", ["slow_requests", "stalled_requests"])
def test_resume_delivers_the_request_of_a_client_that_has_left(net, name: str) -> None:
    fault = next(fault for fault in TCP_FAULTS if fault.name == name)
    with injected(replace(fault, heal=Heal.RESUME), net.place), pytest.raises(httpx.ReadTimeout):
        httpx.post(f"http://{net.proxy.listen}/booking", timeout=0.2, trust_env=False)
    until_upstream_saw(net, "/booking")


def test_drip_outlives_a_timeout_for_each_read(net) -> None:
    net.upstream.size = 400
    drip = next(fault for fault in TCP_FAULTS if fault.name == "drip")
    with injected(drip, net.place):
        begun = clock.now()
        assert httpx.get(f"http://{net.proxy.listen}/", timeout=0.2, trust_env=False).status_code == 200
        assert clock.now() - begun > 0.4
