"""The listener: a task per downstream connection, one exchange after the other."""

from __future__ import annotations

import asyncio
import contextlib

from pms_drill import clock
from pms_drill.proxy.channel import Bell, Channel
from pms_drill.proxy.exchange import Conversation, Proxy
from pms_drill.proxy.framing import NotHttp
from pms_drill.proxy.ledger import BODY_KEPT
from pms_drill.proxy.pair import Broken, Pair

HOST = "127.0.0.1"


class Listener:
    """Accepts connections on loopback and carries their requests to the PMS."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.port = 0
        self._server: asyncio.Server | None = None
        self._count = 0
        self._tasks: dict[asyncio.Task[None], Pair] = {}

    async def start(self, port: int, host: str = HOST) -> None:
        """Listen; 0 chooses a free port. Raises OSError."""
        self._server = await asyncio.get_running_loop().create_server(self._channel, host, port, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]

    def _channel(self) -> Channel:
        bell = Bell()
        return Channel(bell, lambda channel: self._accepted(channel, bell))

    def _accepted(self, down: Channel, bell: Bell) -> None:
        self._count += 1
        pair = Pair(down, bell, self.proxy.upstream, content_kept=BODY_KEPT)
        task = asyncio.get_running_loop().create_task(self._serve(pair, self._count))
        self._tasks[task] = pair
        task.add_done_callback(lambda done: self._tasks.pop(done, None))

    async def _serve(self, pair: Pair, number: int) -> None:
        try:
            while (head := await pair.next_request()) is not None:
                if not await Conversation(pair, head, self.proxy, number).run():
                    return
        except NotHttp as error:
            await self._pass_unread(pair, number, str(error))
        finally:
            pair.close()

    async def _pass_unread(self, pair: Pair, number: int, why: str) -> None:
        """What is no HTTP goes across unread; it stands in the ledger, so that it is not mistaken for silence."""
        entry = self.proxy.ledger.open(number, "?", "?", clock.now(), probe=False)
        entry.remark(f"passed on as it was, no HTTP: {why}")
        try:
            await pair.tunnel()
        except Broken as broken:
            entry.remark(str(broken))
        finally:
            self.proxy.ledger.finish(entry)

    def rules_changed(self) -> None:
        """Let requests that a rule holds back look again."""
        for pair in self._tasks.values():
            pair.bell.ring()

    async def stop(self) -> None:
        """Stop listening, write the ledger, drop all connections."""
        if self._server is not None:
            self._server.close()
        self.proxy.ledger.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
