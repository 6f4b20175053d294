"""One request on its way to the PMS, while its answer may be coming back already."""

from __future__ import annotations

import asyncio

from pms_drill import clock
from pms_drill.proxy.answers import without_probe_header
from pms_drill.proxy.channel import Channel
from pms_drill.proxy.framing import AnswerHead, NotHttp, RequestHead
from pms_drill.proxy.ledger import Exchange
from pms_drill.proxy.pair import Broken, Pair


class Forwarding:
    """Sends a request to the PMS and dates its steps in the entry of the ledger.

    Attributes:
        torn: why the request did not get there completely; None while nothing is wrong.
    """

    def __init__(self, pair: Pair, head: RequestHead, entry: Exchange) -> None:
        self.torn: Broken | None = None
        self._pair = pair
        self._head = head
        self._entry = entry
        self._rest: asyncio.Task[None] | None = None

    async def send(self, taken: bytes = b"") -> Channel:
        """Send what has arrived, `taken` first; the rest follows by itself. Raises Broken."""
        up = await self._pair.connect()
        if up.ended:
            raise Broken("upstream had closed")
        up.write(self._raw_head() + taken + self._head.body.take(self._pair.down.buffer))
        self._pair.down.taken()
        self._entry.copies = 1
        if self._head.body.complete:
            self._entry.forwarded = clock.now()
        else:
            self._rest = asyncio.create_task(self._send_rest(up))
        return up

    async def answer(self, up: Channel, *, keep: int = 0) -> AnswerHead:
        """Wait for the answer's head; `keep` bytes of its content will be kept. Raises Broken, NotHttp."""
        answer = await self._pair.next_answer(self._head, up, keep=keep)
        self._entry.answered, self._entry.pms_status = clock.now(), answer.status
        return answer

    async def completed(self, up: Channel) -> None:
        """Wait for the end of a request whose answer was there before it. Raises Broken when it does not come."""
        rest, down = self._rest, self._pair.down
        if rest is None:
            return
        await self._pair.bell.until(lambda: rest.done() or up.ended or down.lost)
        if self.torn is not None or not rest.done():
            raise self.torn or Broken("upstream closed before the request was complete")

    async def send_again(self, taken: bytes) -> None:
        """Send the complete request once more, on a connection of its own, and wait for the answer. Raises Broken."""
        again = await self._pair.dial()
        try:
            again.write(self._raw_head() + taken)
            self._entry.copies += 1
            answer = await self._pair.next_answer(self._head, again, keep=0, interim=False)
            await self._pair.take_answer(answer, again)
        except NotHttp as error:
            raise Broken(f"no HTTP: {error}") from error
        finally:
            again.close()

    def stop(self) -> None:
        """Send nothing more."""
        if self._rest is not None:
            self._rest.cancel()

    def _raw_head(self) -> bytes:
        return without_probe_header(self._head.raw) if self._entry.probe else self._head.raw

    async def _send_rest(self, up: Channel) -> None:
        try:
            await self._pair.send_body(self._head, up)
            self._entry.forwarded = clock.now()
        except (Broken, NotHttp) as error:
            self.torn = Broken(str(error))
            up.close()
        finally:
            self._pair.bell.ring()
