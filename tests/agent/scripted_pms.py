"""A PMS that does what a test tells it: QloApps' answers, and a fault on request. Listens on loopback.

It runs in a thread of its own, so that tests are plain functions. Shapes and statuses are those of QloApps
1.7.0: 200 for a booking, 400 for sold out, `[]` for an empty list, room lines that show what the order hides.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import ssl
import threading
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

#: What the PMS does to its data when nothing is wrong; calling it is "the PMS did the work".
Work = Callable[[], web.Response]
#: What happens to a request: given the request and the work, it makes the answer.
Act = Callable[[web.Request, Work], Awaitable[web.StreamResponse]]

OPERATIONS = {
    ("GET", "/api/hotels"): "probe",
    ("POST", "/api/hotel_ari"): "availability",
    ("POST", "/api/bookings"): "booking",
    ("GET", "/api/orders"): "orders",
    ("GET", "/api/room_bookings"): "lines",
    ("POST", "/api/order_histories"): "cancel",
}


@dataclass(frozen=True)
class Call:
    """One request as the PMS saw it; `at` is on the machine's monotonic clock."""

    operation: str
    at: float
    body: str
    query: dict[str, str]
    authorization: str


@dataclass
class Order:
    """One order and its only room line."""

    id: int
    source: str
    hotel: int
    room_type: int
    check_in: str
    check_out: str
    guest: dict[str, str]
    cancelled: bool = False
    back_order: bool = False
    without_lines: bool = False

    @property
    def live(self) -> bool:
        return not (self.cancelled or self.back_order or self.without_lines)


@dataclass
class ScriptedPms:
    """State, script and record. `next` plans one request, `always` all further ones of an operation."""

    calls: list[Call] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    sold_out: bool = False
    unknown_room_types: set[int] = field(default_factory=set)
    held: list[Work] = field(default_factory=list)
    most_bookings_at_once: int = 0
    port: int = 0

    def __post_init__(self) -> None:
        self._once: dict[str, deque[Act]] = defaultdict(deque)
        self._always: dict[str, Act] = {}
        self._ids = itertools.count(4711)
        self._bookings_now = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._runner: web.AppRunner | None = None
        self._tls: ssl.SSLContext | None = None
        self.up()

    # -- script

    def next(self, operation: str, *acts: Act) -> None:
        """The next requests of this operation meet these acts, one each."""
        self._once[operation].extend(acts)

    def always(self, operation: str, act: Act) -> None:
        """Every request of this operation that has no act of its own meets this one."""
        self._always[operation] = act

    def all_fail(self, act: Act) -> None:
        for operation in OPERATIONS.values():
            self.always(operation, act)

    def heal(self) -> None:
        """Forget the script; what is held back stays held back."""
        self._once.clear()
        self._always.clear()

    def deliver(self, *, cancelled: bool = False) -> None:
        """Carry out the requests that were held back: the client gave up on them long ago.

        With `cancelled` QloApps cancels them silently in the same moment.
        """

        async def work() -> None:
            while self.held:
                self.held.pop(0)()
                self.orders[-1].cancelled = cancelled

        self._run(work())

    def up(self) -> None:
        """Accept connections, on the same port as before."""
        self._run(self._start())

    def down(self) -> None:
        """Refuse connections and drop those that are open."""
        self._run(self._stop())

    def serve_tls(self, certificate: Path, key: Path) -> None:
        """Speak TLS from now on, on the same port."""
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._tls.load_cert_chain(certificate, key)
        self.down()
        self.up()

    def close(self) -> None:
        self.down()
        self._run(_cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        self._loop.close()

    # -- record

    def count(self, *operations: str) -> int:
        """Requests seen of these operations; without names, of all but the probe."""
        wanted = operations or tuple(name for name in OPERATIONS.values() if name != "probe")
        return sum(call.operation in wanted for call in self.calls)

    def of(self, operation: str) -> list[Call]:
        return [call for call in self.calls if call.operation == operation]

    @property
    def live(self) -> list[Order]:
        return [order for order in self.orders if order.live]

    # -- work

    def _probe(self, _request: web.Request, _body: str) -> web.Response:
        return web.json_response({"hotels": [{"id": 1}]})

    def _availability(self, _request: web.Request, body: str) -> web.Response:
        hotel, begin, end = (_tag(body, name) for name in ("id_hotel", "date_from", "date_to"))
        room_type = int(_tag(body, "id_room_type"))
        answer: dict[str, Any] = {"id_hotel": hotel, "date_from": begin, "date_to": end, "currency": "PLN"}
        if room_type not in self.unknown_room_types:
            rooms = {} if self.sold_out else {str(n): {"id_room": n} for n in (1, 2, 3, 4)}
            answer |= {"total_rooms": 5, "total_available_rooms": len(rooms)}
            answer["room_types"] = [
                {
                    "id_room_type": room_type,
                    "base_price": 1250,
                    "base_price_with_tax": 1537.5,
                    "total_price": 2500,
                    "total_price_with_tax": 3075,
                    "name": "General Rooms",
                    "rooms": {"available": rooms or []},
                }
            ]
        return web.json_response({"hotel_ari": answer})

    def _booking(self, _request: web.Request, body: str) -> web.Response:
        booking = json.loads(body)["booking"]
        wanted = booking["associations"]["room_types"][0]
        if wanted["id_room_type"] in self.unknown_room_types:
            return refusal("Invalid room type in the request")
        if self.sold_out:
            return refusal("Requested room(s) not available.")
        guest = booking["associations"]["customer_detail"]
        order = Order(
            id=next(self._ids),
            source=booking["source"],
            hotel=booking["id_property"],
            room_type=wanted["id_room_type"],
            check_in=wanted["checkin_date"][:10],
            check_out=wanted["checkout_date"][:10],
            guest=guest,
        )
        self.orders.append(order)
        return web.json_response({"booking": shown(order, booking)})

    def _orders(self, request: web.Request, _body: str) -> web.Response:
        wanted = request.query.get("filter[source]", "").strip("[]")
        found = [
            {"id": order.id, "current_state": 1, "total_paid_tax_incl": "2460.000000"}
            for order in self.orders
            if order.source == wanted
        ]
        return web.json_response({"orders": found} if found else [])

    def _lines(self, request: web.Request, _body: str) -> web.Response:
        wanted = int(request.query.get("filter[id_order]", "0").strip("[]"))
        found = [
            {
                "id": order.id * 10,
                "id_order": order.id,
                "id_room": 1,
                "is_cancelled": int(order.cancelled),
                "is_refunded": int(order.cancelled),
                "is_back_order": int(order.back_order),
            }
            for order in self.orders
            if order.id == wanted and not order.without_lines
        ]
        return web.json_response({"bookings": found} if found else [])

    def _cancel(self, _request: web.Request, body: str) -> web.Response:
        wanted, state = int(_tag(body, "id_order")), int(_tag(body, "id_order_state"))
        for order in self.orders:
            if order.id == wanted and state == 4:
                order.cancelled = True
        answer = {"id": "5", "id_employee": "", "id_order_state": state, "id_order": str(wanted)}
        return web.json_response({"order_history": answer}, status=201)

    # -- server

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        operation = OPERATIONS.get((request.method, request.path), "other")
        body = (await request.read()).decode()
        authorization = request.headers.get("Authorization", "")
        self.calls.append(Call(operation, time.monotonic(), body, dict(request.query), authorization))
        if operation == "other":
            return web.json_response({"errors": [{"code": 27, "message": "no such resource"}]}, status=400)

        def work() -> web.Response:
            answer: web.Response = getattr(self, f"_{operation}")(request, body)
            return answer

        act = self._once[operation].popleft() if self._once[operation] else self._always.get(operation)
        booking = operation == "booking"
        self._bookings_now += booking
        self.most_bookings_at_once = max(self.most_bookings_at_once, self._bookings_now)
        try:
            return work() if act is None else await act(request, work)
        finally:
            self._bookings_now -= booking

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True, ssl_context=self._tls).start()
        self.port = self._runner.addresses[0][1]

    async def _stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _run(self, step: Any) -> None:
        asyncio.run_coroutine_threadsafe(step, self._loop).result(timeout=10)

    # -- acts that touch the script's own state

    def hold(self) -> Act:
        """No answer; the work is done when the test calls `deliver`."""

        async def act(request: web.Request, work: Work) -> web.StreamResponse:
            self.held.append(work)
            return await hang(request, work)

        return act


async def _cancel_all() -> None:
    """End the handlers that still hang."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _tag(body: str, name: str) -> str:
    found = re.search(rf"<{name}>\s*([^<]*?)\s*</{name}>", body)
    return found.group(1) if found else "0"


def shown(order: Order, booking: dict[str, Any]) -> dict[str, Any]:
    """The answer to the booking that made the order: no state, no sign of a cancellation."""
    return {
        "id": order.id,
        "id_property": order.hotel,
        "currency": booking.get("currency"),
        "source": order.source,
        "associations": {
            "customer_detail": {"id_customer": 15, **order.guest},
            "price_details": {"total_paid": 0, "total_price_without_tax": 2000, "total_tax": 460},
            "cart_rules": [],
            "room_types": [
                {
                    "id_room_type": order.room_type,
                    "checkin_date": f"{order.check_in} 00:00:00",
                    "checkout_date": f"{order.check_out} 00:00:00",
                    "total_tax": 460,
                    "number_of_rooms": 1,
                    "rooms": [{"id_room": 1, "id_hotel_booking": 4, "unit_price_without_tax": 2000}],
                }
            ],
        },
    }


def refusal(message: str, status: int = 400) -> web.Response:
    return web.json_response({"errors": [{"code": 404, "message": message}]}, status=status)


# -- acts


def answers(status: int, body: str = "", content_type: str = "text/html", headers: dict[str, str] | None = None) -> Act:
    """This answer; the PMS does no work."""

    async def act(_request: web.Request, _work: Work) -> web.StreamResponse:
        return web.Response(status=status, text=body, content_type=content_type, headers=headers)

    return act


def refuses(message: str, status: int = 400) -> Act:
    async def act(_request: web.Request, _work: Work) -> web.StreamResponse:
        return refusal(message, status)

    return act


def works_then(rest: Act) -> Act:
    """The PMS does the work, and then this happens to the answer."""

    async def act(request: web.Request, work: Work) -> web.StreamResponse:
        work()
        return await rest(request, work)

    return act


def late(seconds: float) -> Act:
    """The right answer, after a while."""

    async def act(_request: web.Request, work: Work) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return work()

    return act


async def hang(_request: web.Request, _work: Work) -> web.StreamResponse:
    """No byte comes back."""
    await asyncio.sleep(3600)
    raise AssertionError("unreachable")


async def reset(request: web.Request, _work: Work) -> web.StreamResponse:
    """The connection is reset instead of an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def cut(request: web.Request, _work: Work) -> web.StreamResponse:
    """The answer ends in the middle of its body."""
    answer = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "500"})
    await answer.prepare(request)
    await answer.write(b'{"hotels":[{"id"')
    assert request.transport is not None
    request.transport.close()
    return answer


async def drip(request: web.Request, _work: Work) -> web.StreamResponse:
    """One byte now and then, so that no single read ever waits long."""
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    await answer.prepare(request)
    while True:
        await answer.write(b" ")
        await asyncio.sleep(0.05)
