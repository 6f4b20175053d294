"""The control listener: rules, ledger and counters, JSON over HTTP with a bearer token."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable
from typing import get_args

from aiohttp import web
from pydantic import BaseModel, ValidationError

from pms_drill import clock
from pms_drill.proxy.effects import STRICT
from pms_drill.proxy.exchange import Proxy
from pms_drill.proxy.rules import NameTaken, Rule, Stalled, TimeToLive
from pms_drill.proxy.server import Listener

#: 2: rules may have a time to live.
VERSION = 2
#: Entries in one answer of /ledger.
PAGE = 2000

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Control:
    """Answers on behalf of a proxy. Every refusal is `{"error": "..."}` and says what was wrong."""

    def __init__(self, proxy: Proxy, listener: Listener) -> None:
        self._proxy = proxy
        self._listener = listener
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Listen; 0 chooses a free port. Raises OSError."""
        app = web.Application(middlewares=[self._authorized], client_max_size=16 * 1024 * 1024)
        app.router.add_get("/health", self._health)
        app.router.add_get("/rules", self._rules)
        app.router.add_post("/rules", self._add)
        app.router.add_delete("/rules", self._clear)
        app.router.add_delete("/rules/{name}", self._remove)
        app.router.add_put("/rules/{name}/ttl", self._renew)
        app.router.add_get("/ledger", self._ledger)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    @web.middleware
    async def _authorized(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, f"Bearer {self._proxy.token}".encode()):
            return _refused(401, "the control token of the run is missing or wrong")
        try:
            return await handler(request)
        except web.HTTPException as error:
            return _refused(error.status, f"{error.reason}: {request.method} {request.path}")

    async def _health(self, _request: web.Request) -> web.Response:
        host, port = self._proxy.upstream
        return web.json_response(
            {
                "version": VERSION,
                "upstream": f"{host}:{port}",
                "port": self._listener.port,
                "seq": self._proxy.ledger.last,
                "ledger_trouble": self._proxy.ledger.trouble,
            }
        )

    async def _rules(self, _request: web.Request) -> web.Response:
        return web.json_response({"rules": [armed.as_json() for armed in self._proxy.rules.all()]})

    async def _add(self, request: web.Request) -> web.Response:
        try:
            rule = Rule.model_validate_json(await request.read())
        except ValidationError as error:
            return _refused(400, _reasons(error))
        try:
            armed = self._proxy.rules.add(rule, clock.now())
        except NameTaken:
            return _refused(409, f"a rule named {rule.name} is in force")
        if rule.ttl is not None:
            self._expire_after(rule.ttl)
        return web.json_response(armed.as_json(), status=201)

    async def _renew(self, request: web.Request) -> web.Response:
        try:
            wanted = _Renewal.model_validate_json(await request.read())
        except ValidationError as error:
            return _refused(400, _reasons(error))
        name = request.match_info["name"]
        self._expire()  # what is over is not brought back
        if not self._proxy.rules.renew(name, wanted.ttl, clock.now()):
            return _refused(404, f"no rule named {name} is in force")
        self._expire_after(wanted.ttl)
        return web.json_response({"name": name, "ttl": wanted.ttl})

    def _expire_after(self, seconds: float) -> None:
        # A little later than that, so that it is over by then.
        asyncio.get_running_loop().call_later(seconds + 0.01, self._expire)

    def _expire(self) -> None:
        for name in self._proxy.rules.expire(clock.now()):
            print(f"fault proxy: the rule {name} has outlived its time and was removed", flush=True)
            self._listener.rules_changed()

    async def _remove(self, request: web.Request) -> web.Response:
        stalled = _stalled(request)
        if stalled is None:
            return _refused(400, f"stalled must be one of {', '.join(get_args(Stalled))}")
        found = self._proxy.rules.remove(request.match_info["name"], stalled)
        self._listener.rules_changed()
        return web.json_response({"removed": int(found)})

    async def _clear(self, request: web.Request) -> web.Response:
        stalled = _stalled(request)
        if stalled is None:
            return _refused(400, f"stalled must be one of {', '.join(get_args(Stalled))}")
        removed = self._proxy.rules.clear(stalled)
        self._listener.rules_changed()
        return web.json_response({"removed": removed})

    async def _ledger(self, request: web.Request) -> web.Response:
        since = request.query.get("since", "0")
        if not since.isdecimal() or len(since) > 18:
            return _refused(400, "since must be the number of an entry")
        lines = self._proxy.ledger.since(int(since), PAGE)
        body = b'{"last":%d,"entries":[' % self._proxy.ledger.last + b",".join(lines) + b"]}"
        return web.Response(body=body, content_type="application/json")


class _Renewal(BaseModel):
    """What a renewal says."""

    model_config = STRICT
    ttl: TimeToLive


def _stalled(request: web.Request) -> Stalled | None:
    given = request.query.get("stalled", "cut")
    return next((known for known in get_args(Stalled) if known == given), None)


def _refused(status: int, error: str) -> web.Response:
    return web.json_response({"error": error}, status=status)


def _reasons(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False)
    return "unusable rule: " + "; ".join(
        f"{'.'.join(str(part) for part in reason['loc']) or 'rule'}: {reason['msg']} (given: {_short(reason['input'])})"
        for reason in found
    )


def _short(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."
