"""Each known trap of the Toxiproxy server against the real server, with the guard in front of it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import httpx
import pytest
from tenacity import retry, stop_after_delay, wait_fixed

from pms_drill import clock
from pms_drill.errors import DrillError
from pms_drill.faults.toxics import Bandwidth, Latency, Slicer, Stream, Timeout, Toxic
from pms_drill.faults.toxiproxy import OwnToxiproxy, Proxy, accepts
from pms_drill.faults.toxiproxy_api import Api, ControlError, ControlLocked
from pms_drill.faults.toxiproxy_server import ToxiproxyServer


def ask(proxy: Proxy, *, timeout: float = 2.0, method: str = "GET") -> httpx.Response:
    with httpx.Client(trust_env=False, timeout=timeout) as client:
        return client.request(method, f"http://{proxy.listen}/")


def lock_up(net) -> None:
    """Finding: latency 1 s, an answer of 1 MB, and a client that leaves after 0.4 s."""
    net.upstream.size = 1_000_000
    net.proxy.add(Latency(latency=1000))
    with pytest.raises(httpx.TimeoutException):
        ask(net.proxy, timeout=0.4)


def test_removing_a_latency_whose_client_left_locks_the_server(net) -> None:
    lock_up(net)
    with pytest.raises(ControlLocked):
        net.toxiproxy.api.remove("pms", "latency_downstream")
    with pytest.raises(ControlLocked):
        net.toxiproxy.api.proxies()


def test_cut_heals_in_a_moment_where_removal_locks(net) -> None:
    lock_up(net)
    begun = clock.now()
    net.proxy.cut("latency_downstream")
    assert clock.now() - begun < 1.0
    net.upstream.size = 4
    assert ask(net.proxy).status_code == 200


def test_cut_restarts_a_server_that_is_locked_already_and_keeps_the_address(net) -> None:
    lock_up(net)
    listen = net.proxy.listen
    with pytest.raises(ControlLocked):
        net.toxiproxy.api.remove("pms", "latency_downstream")
    pid = net.toxiproxy.server.pid
    net.proxy.cut("latency_downstream")
    assert net.toxiproxy.server.pid != pid
    assert net.proxy.listen == listen
    assert ask(net.proxy).status_code == 200


def test_resume_says_so_when_it_had_to_cut(net) -> None:
    lock_up(net)
    assert net.proxy.resume("latency_downstream") is False
    assert ask(net.proxy).status_code == 200


def test_dead_server_is_brought_back_with_its_proxies(net) -> None:
    net.proxy.add(Timeout())
    net.toxiproxy.server._program.kill()
    net.proxy.cut("timeout_downstream")
    assert ask(net.proxy).status_code == 200


def test_restart_puts_back_what_other_faults_ordered(net) -> None:
    net.proxy.add(Latency(latency=150, name="mine"))
    net.toxiproxy.restart()
    assert list(net.toxiproxy.api.proxy("pms").toxics) == ["mine"]


class Misspelt(Timeout):
    """A toxic whose attribute the server does not know: it takes it and holds 0."""

    type: ClassVar[str] = "latency"

    @property
    def attributes(self) -> dict[str, int]:
        return {"latenzy": 500}


def test_attribute_that_the_server_does_not_know_is_an_error(net) -> None:
    with pytest.raises(ControlError, match="holds another toxic"):
        net.proxy.add(Misspelt())


def test_server_that_died_is_noticed_by_the_next_injection(net) -> None:
    net.toxiproxy.server._program.kill()
    with pytest.raises(ControlLocked):
        net.proxy.add(Timeout())


def test_upstream_that_does_not_answer_is_refused_before_it_locks_the_server(net, silent_listener: str) -> None:
    with pytest.raises(DrillError, match="accepts no connection"):
        net.toxiproxy.create("black-hole", silent_listener)
    net.toxiproxy.check_alive()


def test_upstream_that_refuses_is_refused(net) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(DrillError, match="accepts no connection"):
            net.toxiproxy.create("nobody", f"127.0.0.1:{unused.getsockname()[1]}")


def test_enable_on_a_taken_port_is_an_error_not_a_success(net) -> None:
    net.proxy.disable()
    host, port = net.proxy.listen.split(":")
    with socket.create_server((host, int(port))), pytest.raises(ControlError):
        net.proxy.enable()
    net.proxy.enable()
    assert ask(net.proxy).status_code == 200


def test_disabled_proxy_refuses_and_cuts_what_is_open(net) -> None:
    with httpx.Client(trust_env=False) as pooled:
        assert pooled.get(f"http://{net.proxy.listen}/").status_code == 200
        net.proxy.disable()
        with pytest.raises(httpx.ConnectError):
            pooled.get(f"http://{net.proxy.listen}/")


def test_listener_lives_outside_the_ports_of_outgoing_connections(net) -> None:
    low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    port = int(net.proxy.listen.rpartition(":")[2])
    assert not low <= port <= high


def test_update_is_read_back_and_a_changed_direction_is_found(net) -> None:
    net.proxy.add(Latency(latency=100, name="slow"))
    net.proxy.update(Latency(latency=200, name="slow"))
    assert net.toxiproxy.api.proxy("pms").toxics["slow"]["attributes"] == {"latency": 200, "jitter": 0}
    with pytest.raises(ControlError, match="holds another toxic"):
        net.proxy.update(Latency(latency=200, name="slow", stream=Stream.UPSTREAM))


def test_second_toxic_of_the_same_name_is_refused(net) -> None:
    net.proxy.add(Timeout())
    with pytest.raises(ControlError, match="already exists"):
        net.proxy.add(Timeout())


def test_several_servers_in_one_process_do_not_mix(new_toxiproxy: Callable[[], OwnToxiproxy], upstream) -> None:
    servers = [new_toxiproxy() for _ in range(3)]
    proxies = [server.create("pms", upstream.address) for server in servers]
    barrier = threading.Barrier(3)
    errors: list[BaseException] = []

    def work(proxy: Proxy, latency: int) -> None:
        try:
            barrier.wait(timeout=5)
            for step in range(10):
                proxy.add(Latency(latency=latency + step, name=f"l{step}"))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(proxy, 100 * (i + 1))) for i, proxy in enumerate(proxies)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert errors == []
    for number, server in enumerate(servers, start=1):
        held = server.api.proxy("pms").toxics
        assert [held[f"l{i}"]["attributes"]["latency"] for i in range(10)] == [100 * number + i for i in range(10)]


def test_ensure_clean_mends_what_others_left_and_says_what(net) -> None:
    stranger = Api(net.toxiproxy.api.address)
    stranger.create("left-over", "127.0.0.1:0", net.upstream.address)
    stranger.add("pms", Timeout(name="forgotten"))
    mended = net.toxiproxy.ensure_clean()
    assert any("left-over" in line for line in mended)
    assert any("forgotten" in line for line in mended)
    assert net.toxiproxy.ensure_clean() == []
    assert ask(net.proxy).status_code == 200


def test_ensure_clean_finds_a_disabled_and_a_missing_proxy(net) -> None:
    stranger = Api(net.toxiproxy.api.address)
    stranger.enable("pms", False)
    assert net.toxiproxy.ensure_clean() == ["pms: disabled"]
    stranger.destroy("pms")
    assert net.toxiproxy.ensure_clean() == ["pms: missing"]
    assert accepts(net.proxy.listen)


def posts_at_upstream_after(net, toxic: Toxic, heal: Callable[[Proxy], object]) -> int:
    net.proxy.add(toxic)
    with contextlib.suppress(httpx.TransportError):
        ask(net.proxy, timeout=0.2, method="POST")
    heal(net.proxy)
    ask(net.proxy)  # behind it, anything delivered by the heal has arrived
    return sum(method == "POST" for method, _ in net.upstream.requests)


def test_cut_drops_a_stalled_request(net) -> None:
    stall = Bandwidth(rate=0, stream=Stream.UPSTREAM)
    assert posts_at_upstream_after(net, stall, lambda proxy: proxy.cut(stall.name)) == 0


def test_resume_delivers_a_stalled_request_whose_client_left(net) -> None:
    stall = Bandwidth(rate=0, stream=Stream.UPSTREAM)

    def deliver(proxy: Proxy) -> None:
        assert proxy.resume(stall.name)

        @retry(stop=stop_after_delay(3), wait=wait_fixed(0.02))
        def arrived() -> None:
            assert net.upstream.requests

        arrived()

    assert posts_at_upstream_after(net, stall, deliver) == 1


def test_slicer_with_valid_values_keeps_the_server_alive(net) -> None:
    net.proxy.add(Slicer(average_size=16, size_variation=4, delay=10))
    assert ask(net.proxy).status_code == 200
    net.toxiproxy.check_alive()


def test_foreign_server_that_is_locked_is_named_and_not_restarted(toxiproxy_binary: Path) -> None:
    from pms_drill.faults.toxiproxy import Toxiproxy

    with socket.create_server(("127.0.0.1", 0)) as mute:  # accepts and never answers
        foreign = Toxiproxy(f"127.0.0.1:{mute.getsockname()[1]}")
        foreign.api = Api(foreign.api.address, limit=0.2)
        with pytest.raises(ControlLocked, match="not ours to restart"):
            foreign.ensure_clean()


def test_missing_program_is_an_error_to_act_on(tmp_path: Path) -> None:
    server = ToxiproxyServer(tmp_path / "nowhere", tmp_path / "log")
    with pytest.raises(DrillError, match="could not be started"):
        server.start()
    assert not server.running
