"""One request from its head to its end: the rule that acts, the PMS or our own answer, the entry in the ledger."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from dataclasses import dataclass
from pathlib import Path

from pms_drill import clock
from pms_drill.proxy.answers import Answer, pong, without_probe_header
from pms_drill.proxy.channel import Channel
from pms_drill.proxy.effects import Delay, DropAnswer, DropRequest, How, Status
from pms_drill.proxy.framing import NotHttp, RequestHead
from pms_drill.proxy.ledger import Exchange, Ledger, without_secrets
from pms_drill.proxy.pair import Broken, Pair
from pms_drill.proxy.probing import PROBE_HEADER, asked_path, is_own
from pms_drill.proxy.rules import Armed, RuleBook

_PROBE_HEADER = PROBE_HEADER.lower()
_EVERYTHING = 1 << 62


@dataclass(frozen=True)
class Proxy:
    """What all connections share. `token` marks probes of the harness."""

    upstream: tuple[str, int]
    token: str
    rules: RuleBook
    ledger: Ledger

    @classmethod
    def writing_to(cls, ledger: Path, upstream: tuple[str, int], token: str) -> Proxy:
        """With no rules and the ledger in this file."""
        return cls(upstream, token, RuleBook(), Ledger(ledger))


class Conversation:
    """Carries one request across.

    Args:
        pair: the connections.
        head: the request's head, taken from the downstream connection.
        proxy: rules and ledger.
        connection: number of the downstream connection.
    """

    def __init__(self, pair: Pair, head: RequestHead, proxy: Proxy, connection: int) -> None:
        self.pair = pair
        self.head = head
        self.proxy = proxy
        now = clock.now()
        given = head.header(_PROBE_HEADER)
        self.probe = given is not None and hmac.compare_digest(given.encode("latin-1"), proxy.token.encode())
        self.entry: Exchange = proxy.ledger.open(connection, head.method, head.target, now, self.probe)
        self.entry.request_headers = without_secrets(head.headers)
        path = head.target.partition("?")[0]
        self.own = self.probe and is_own(head.method, path)
        self.armed: Armed | None = proxy.rules.choose(
            head.method, asked_path(path) if self.own else path, now, probe=self.probe
        )
        self._pump: asyncio.Task[None] | None = None
        self._torn: Broken | None = None
        self._waits_for_continue = (head.header("expect") or "").lower().startswith("100")

    async def run(self) -> bool:
        """Carry it across and write the entry. Returns whether the connections can be used for another request."""
        entry = self.entry
        try:
            return await self._act()
        except Broken as broken:
            entry.remark(str(self._torn or broken))
            return False
        except NotHttp as error:
            entry.remark(f"passed on as it was, no HTTP: {error}")
            with contextlib.suppress(Broken):
                await self.pair.tunnel()
            return False
        finally:
            if self._pump is not None:
                self._pump.cancel()
            entry.request_body = self.head.content.bytes.decode("utf-8", "replace")
            self.proxy.ledger.finish(entry)

    async def _act(self) -> bool:
        effect = self.armed.rule.effect if self.armed else None
        if effect is None:
            return await self._own_answer() if self.own else await self._pass()
        self._acts()
        match effect:
            case Status():
                await self._drain()
                answer = Answer.new(effect.status, effect.headers, effect.body.encode())
                return await self._deliver(answer)
            case DropRequest():
                await self._drain()
                return await self._drop(effect.how)
            case DropAnswer():
                if not self.own:
                    await self._ask_and_take()
                return await self._drop(effect.how)
            case Delay(before="forwarding"):
                await self._hold(effect.seconds)
                return await self._own_answer() if self.own else await self._pass()
            case Delay():
                if self.own:
                    await self._hold(effect.seconds)
                    return await self._own_answer()
                return await self._pass(hold=effect.seconds)

    def _acts(self) -> None:
        """The rule acts on this request."""
        assert self.armed is not None
        self.entry.rule, self.entry.effect = self.armed.rule.name, self.armed.rule.effect.kind
        if self.probe:
            self.armed.probed += 1
        else:
            self.armed.acted += 1

    async def _own_answer(self) -> bool:
        await self._drain()
        return await self._deliver(pong())

    async def _pass(self, hold: float = 0.0) -> bool:
        """Ask the PMS and deliver its answer as it is, `hold` seconds after it began to arrive."""
        entry, pair = self.entry, self.pair
        up = await self._forward()
        answer = await pair.next_answer(self.head, up, keep=0)
        entry.answered, entry.pms_status = clock.now(), answer.status
        if hold:
            await self._hold(hold)
        if pair.down.lost:
            raise Broken("downstream gone")
        entry.status = answer.status
        if answer.status == 101:
            pair.down.write(answer.raw)
            await pair.tunnel()
            return False
        await pair.relay_answer(answer, up)
        self._delivered()
        await self._end_of_request(up)
        return not answer.body.ends_with_connection

    async def _ask_and_take(self) -> None:
        """Ask the PMS and keep its answer from the client."""
        up = await self._forward()
        answer = await self.pair.next_answer(self.head, up, keep=_EVERYTHING)
        self.entry.answered, self.entry.pms_status = clock.now(), answer.status
        await self.pair.take_answer(answer, up)

    async def _forward(self) -> Channel:
        """Send the request to the PMS; what has not arrived yet follows by itself."""
        head, entry = self.head, self.entry
        up = await self.pair.connect()
        if up.ended:
            raise Broken("upstream had closed")
        raw = without_probe_header(head.raw) if self.probe else head.raw
        up.write(raw + head.body.take(self.pair.down.buffer))
        self.pair.down.taken()
        entry.copies = 1
        if head.body.complete:
            entry.forwarded = clock.now()
        else:
            self._pump = asyncio.create_task(self._send_rest(up))
        return up

    async def _send_rest(self, up: Channel) -> None:
        try:
            await self.pair.send_body(self.head, up)
            self.entry.forwarded = clock.now()
        except (Broken, NotHttp) as error:
            self._torn = Broken(str(error))
            up.close()
        finally:
            self.pair.bell.ring()

    async def _end_of_request(self, up: Channel) -> None:
        """An answer can come before its request is complete; the rest still goes to the PMS."""
        pump, down = self._pump, self.pair.down
        if pump is not None:
            await self.pair.bell.until(lambda: pump.done() or up.ended or down.lost)
            if self._torn is not None or not pump.done():
                raise self._torn or Broken("upstream closed before the request was complete")

    async def _deliver(self, answer: Answer) -> bool:
        """Deliver an answer of our own making."""
        go_on = self.head.keep_alive and self.head.body.complete
        if self.pair.down.lost:
            raise Broken("downstream gone")
        self.entry.status = answer.status
        self.pair.down.write(answer.render(asked=self.head.method, close=not go_on))
        await self.pair.down.flush()
        self._delivered()
        return go_on

    def _delivered(self) -> None:
        if self.pair.down.ended:
            self.entry.remark("downstream gone")
        else:
            self.entry.delivered = clock.now()

    async def _drain(self) -> None:
        """Take the rest of the request, unless the client waits to be told to send it."""
        if not self._waits_for_continue:
            await self.pair.take_request(self.head)

    async def _hold(self, seconds: float) -> None:
        """Wait; ends early when the rule is removed."""
        armed = self.armed
        assert armed is not None
        await self.pair.bell.within(seconds, lambda: armed.removed is not None)
        if armed.removed == "cut":
            raise Broken("cut while it was held back")

    async def _drop(self, how: How) -> bool:
        """End without an answer."""
        armed, down = self.armed, self.pair.down
        assert armed is not None
        if how == "hang":
            await self.pair.bell.until(lambda: armed.removed is not None or down.ended)
            self.entry.remark("downstream gone" if down.ended else "cut while it hung")
        if how == "reset":
            down.reset()
        return False
