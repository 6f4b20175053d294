"""One request from its head to its end: the rule that acts, the PMS or our own answer, the entry in the ledger."""

from __future__ import annotations

import contextlib
import hmac
from dataclasses import dataclass
from pathlib import Path

from pms_drill import clock
from pms_drill.proxy.alter import Altered, CannotAct, altered, own_answer
from pms_drill.proxy.answers import Answer
from pms_drill.proxy.effects import (
    Delay,
    DropAnswer,
    DropRequest,
    Duplicate,
    Effect,
    How,
    MutateBody,
    ReplaceBody,
    Status,
)
from pms_drill.proxy.forwarding import Forwarding
from pms_drill.proxy.framing import NotHttp, RequestHead
from pms_drill.proxy.ledger import Ledger, without_secrets
from pms_drill.proxy.pair import Broken, Pair
from pms_drill.proxy.probing import PROBE_HEADER, asked_path, is_own
from pms_drill.proxy.rules import RuleBook

_PROBE_HEADER = PROBE_HEADER.lower()
_EVERYTHING = 1 << 62
#: Timers count whole milliseconds and may be one early; a delay must not be.
_TICK_S = 0.001


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
    """Carries one request across. Its steps return whether the connections can be used for another request.

    Args:
        pair: the connections.
        head: the request's head, taken from the downstream connection.
        proxy: rules and ledger.
        connection: number of the downstream connection.
    """

    def __init__(self, pair: Pair, head: RequestHead, proxy: Proxy, connection: int) -> None:
        now = clock.now()
        given = head.header(_PROBE_HEADER)
        self.probe = given is not None and hmac.compare_digest(given.encode("latin-1"), proxy.token.encode())
        self.pair = pair
        self.head = head
        self.ledger = proxy.ledger
        self.entry = proxy.ledger.open(connection, head.method, head.target, now, self.probe)
        self.entry.request_headers = without_secrets(head.headers)
        path = head.target.partition("?")[0]
        self.own = self.probe and is_own(head.method, path)
        self.armed = proxy.rules.choose(head.method, asked_path(path) if self.own else path, now, probe=self.probe)
        self.effect: Effect | None = self.armed.rule.effect if self.armed else None
        self.forwarding = Forwarding(pair, head, self.entry)
        #: The client sends its body only after a 100 from the PMS (Expect: 100-continue).
        self.client_waits = (head.header("expect") or "").lower().startswith("100")

    async def run(self) -> bool:
        """Carry it across and write the entry."""
        entry = self.entry
        try:
            return await self._act()
        except Broken as broken:
            entry.remark(str(self.forwarding.torn or broken))
            return False
        except NotHttp as error:
            entry.remark(f"passed on as it was, no HTTP: {error}")
            with contextlib.suppress(Broken):
                await self.pair.tunnel()
            return False
        finally:
            self.forwarding.stop()
            entry.request_body = self.head.content.bytes.decode("utf-8", "replace")
            self.ledger.finish(entry)

    async def _act(self) -> bool:
        match self.effect:
            case Status(status=status, headers=headers, body=body):
                self._acts()
                await self._drain()
                return await self._deliver(Altered(Answer.new(status, headers, body.encode())))
            case DropRequest(how=how):
                self._acts()
                await self._drain()
                return await self._drop(how)
            case Delay(before="forwarding", seconds=seconds):
                self._acts()
                await self._hold(seconds)
                self.pair.forget_idle_upstream()
        return await (self._answer_probe() if self.own else self._ask())

    async def _answer_probe(self) -> bool:
        """Our own answer, in place of the PMS's, with the effect on it."""
        await self._drain()
        answer = Altered(own_answer(self.effect))
        match self.effect:
            case DropAnswer(how=how):
                self._acts()
                return await self._drop(how)
            case Delay(before="answering", seconds=seconds):
                self._acts()
                await self._hold(seconds)
            case Duplicate():
                self._acts()
            case ReplaceBody() | MutateBody():
                answer = altered(self.effect, answer.answer)
                self._acts()
        return await self._deliver(answer)

    async def _ask(self) -> bool:
        """The PMS's answer, with the effect on it."""
        match self.effect:
            case DropAnswer(how=how):
                self._acts()
                up = await self.forwarding.send()
                await self.pair.take_answer(await self.forwarding.answer(up), up)
                return await self._drop(how)
            case Delay(before="answering", seconds=seconds):
                self._acts()
                return await self._pass(hold=seconds)
            case Duplicate(gap=gap):
                return await self._ask_twice(gap)
            case ReplaceBody() | MutateBody():
                return await self._ask_and_alter(self.effect)
        return await self._pass()

    async def _pass(self, *, hold: float = 0.0, taken: bytes = b"") -> bool:
        """Ask the PMS and deliver its answer as it is, `hold` seconds after it began to arrive."""
        up = await self.forwarding.send(taken)
        answer = await self.forwarding.answer(up)
        if hold:
            await self._hold(hold)
        self._tell(answer.status)
        if answer.status == 101:
            self.pair.down.write(answer.raw)
            await self.pair.tunnel()
            return False
        await self.pair.relay_answer(answer, up)
        self._delivered()
        await self.forwarding.completed(up)
        return not answer.body.ends_with_connection

    async def _ask_twice(self, gap: float) -> bool:
        if self.client_waits:
            self._missed("the client waits for 100 before it sends the body")
            return await self._pass()
        self._acts()
        body = await self.pair.take_request(self.head)
        go_on = await self._pass(taken=body)
        try:
            await self._hold(gap)
            await self.forwarding.send_again(body)
        except Broken as broken:
            self.entry.remark(f"second copy: {broken}")
        return go_on

    async def _ask_and_alter(self, effect: ReplaceBody | MutateBody) -> bool:
        up = await self.forwarding.send()
        head = await self.forwarding.answer(up, keep=_EVERYTHING)
        raw_body = await self.pair.take_answer(head, up)
        try:
            answer = altered(effect, Answer.received(head))
        except CannotAct as reason:
            self._missed(str(reason))
            self._tell(head.status)
            self.pair.down.write(head.raw + raw_body)
            await self.pair.down.flush()
            self._delivered()
        else:
            self._acts()
            if not await self._deliver(answer, by_client=False):
                return False
        await self.forwarding.completed(up)
        return not head.body.ends_with_connection

    async def _deliver(self, altered: Altered, *, by_client: bool = True) -> bool:
        """Deliver an answer of our making. `by_client`: it is for the client only to say whether to go on."""
        mine = altered.answer
        go_on = altered.claimed_length is None and (not by_client or (self.head.keep_alive and self.head.body.complete))
        self._tell(mine.status)
        wire = mine.render(
            asked=self.head.method,
            close=not go_on and altered.claimed_length is None,
            claimed_length=altered.claimed_length,
        )
        self.pair.down.write(wire)
        await self.pair.down.flush()
        self._delivered()
        return go_on

    def _acts(self) -> None:
        """The rule acts on this request."""
        assert self.armed is not None
        self.entry.rule, self.entry.effect = self.armed.rule.name, self.armed.rule.effect.kind
        if self.probe:
            self.armed.probed += 1
        else:
            self.armed.acted += 1

    def _missed(self, reason: str) -> None:
        """The rule was to act and could not."""
        assert self.armed is not None
        self.entry.remark(f"rule {self.armed.rule.name} could not act: {reason}")
        if not self.probe:
            self.armed.missed += 1

    def _tell(self, status: int) -> None:
        """The client is being told this. Raises Broken when nobody is there."""
        if self.pair.down.lost:
            raise Broken("downstream gone")
        self.entry.status = status

    def _delivered(self) -> None:
        if self.pair.down.ended:
            self.entry.remark("downstream gone")
        else:
            self.entry.delivered = clock.now()

    async def _drain(self) -> None:
        """Take the rest of the request, unless the client waits to be told to send it."""
        if not self.client_waits:
            await self.pair.take_request(self.head)

    async def _hold(self, seconds: float) -> None:
        """Wait; ends early when the rule is removed."""
        armed = self.armed
        assert armed is not None
        await self.pair.bell.within(seconds + _TICK_S, lambda: armed.removed is not None)
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
