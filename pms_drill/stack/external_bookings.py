"""Bookings at a system that is not ours: every one is noted before it leaves, and cancelled at the end."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as Xml

import httpx
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from pms_drill.errors import DrillError
from pms_drill.evidence.bookings import Booking
from pms_drill.evidence.bookings_made import BookingsMade, Intent
from pms_drill.profile import EndpointsPart
from pms_drill.stack.gate import Hooks

_NUMBER = "pms_drill_booking"
_PMS_BOOKINGS = "/api/bookings"
#: QloApps' state of a cancelled order.
_CANCELLED = "4"


class RecordingGate:
    """Lets everything pass, and notes every request that may book a room together with its answer."""

    writes = True

    def __init__(self, made: BookingsMade, endpoints: EndpointsPart) -> None:
        self._made = made
        self._path = endpoints.reservations

    @property
    def hooks(self) -> Hooks:
        """Look at each request and each answer."""
        return {"request": [self._before], "response": [self._after]}

    def _before(self, request: httpx.Request) -> None:
        path = request.url.path
        if request.method != "POST" or not path.endswith((self._path, _PMS_BOOKINGS)):
            return
        where = "PMS" if path.endswith(_PMS_BOOKINGS) else "agent"
        email, check_in = _wanted(request.content)
        request.extensions[_NUMBER] = self._made.add(where, email, check_in)

    def _after(self, response: httpx.Response) -> None:
        number = response.request.extensions.get(_NUMBER)
        if number is None:
            return
        response.read()
        told = _json(response.content)
        order = told.get("pms_booking_id") or _part(told, "booking").get("id") or 0
        self._made.update(
            number,
            status=response.status_code,
            reservation=str(told.get("reservation_id") or ""),
            order=int(order) if str(order).isdecimal() else 0,
        )


def forget_without_pms(made: BookingsMade) -> None:
    """Note for each booking that stands why it was not cancelled: nobody told where the PMS is."""
    for intent in made.standing():
        made.update(intent.number, why="no --pms-url was given")


def cancel_all(
    made: BookingsMade,
    *,
    pms: httpx.Client,
    held: Callable[[], list[Booking]],
    still_pending: Callable[[Intent], bool],
    patience: float,
) -> int:
    """Cancel what the PMS holds of this run, and look whether it did.

    Args:
        pms: speaks to the PMS with the key.
        held: the PMS's bookings since the run began.
        still_pending: whether the agent may yet carry out a reservation.
        patience: seconds to wait for pending reservations to end.

    Returns:
        The number of bookings that were cancelled. What could not be cancelled still stands in `made`, with the reason.

    Raises:
        DrillError: the PMS cannot be read.
    """
    waiting = _await_ends([intent for intent in made.standing() if intent.reservation], still_pending, patience)
    mine = [booking for booking in held() if booking.live and _intents_of(booking, made.standing())]
    refusals = {booking.order_id: _cancel(pms, booking.order_id) for booking in mine}
    after = [booking for booking in held() if booking.live]
    for intent in made.standing():
        live = [booking for booking in after if _intents_of(booking, [intent])]
        if live:
            why = "; ".join(refusals.get(booking.order_id) or "the PMS still holds it" for booking in live)
            made.update(intent.number, order=live[0].order_id, why=why)
        elif intent.number in waiting:
            made.update(intent.number, why="still pending at the agent, which may book it later")
        elif not (intent.email or intent.order):
            made.update(intent.number, why="it had no e-mail address to find it by")
        else:
            made.update(intent.number, cancelled=True)
    return len(mine) - sum(1 for booking in after if booking.order_id in refusals)


def _await_ends(intents: list[Intent], still_pending: Callable[[Intent], bool], patience: float) -> set[int]:
    """Numbers of the intents that are pending after all the patience."""
    left = intents

    def look() -> list[Intent]:
        nonlocal left
        left = [intent for intent in left if still_pending(intent)]
        return left

    try:
        Retrying(stop=stop_after_delay(patience), wait=wait_fixed(0.2), retry=retry_if_result(bool))(look)
    except RetryError:
        return {intent.number for intent in left}
    return set()


def _intents_of(booking: Booking, intents: list[Intent]) -> list[Intent]:
    return [
        intent
        for intent in intents
        if intent.order == booking.order_id or (intent.email and intent.email.lower() == booking.email.lower())
    ]


def _cancel(pms: httpx.Client, order: int) -> str:
    """Why the PMS did not cancel; empty if it said it did."""
    root = Xml.Element("qloapps")
    node = Xml.SubElement(root, "order_history")
    for field, value in (("id_order", str(order)), ("id_order_state", _CANCELLED)):
        Xml.SubElement(node, field).text = value
    content: bytes = Xml.tostring(root, encoding="utf-8")
    try:
        answer = pms.post("/api/order_histories", params={"output_format": "JSON"}, content=content)
    except httpx.HTTPError as error:
        return f"the PMS did not answer the cancellation: {type(error).__name__}"
    return f"the PMS answered the cancellation with {answer.status_code}" if answer.is_error else ""


def newest_order(pms: httpx.Client) -> int:
    """Id of the newest order at the PMS; 0 if there is none.

    Raises:
        DrillError: the PMS cannot be read with this key.
    """
    params = {"output_format": "JSON", "display": "[id]", "sort": "[id_DESC]", "limit": "1"}
    try:
        answer = pms.get("/api/orders", params=params).raise_for_status().json()
        rows = answer.get("orders", []) if isinstance(answer, dict) else answer
        return max((int(row["id"]) for row in rows), default=0)
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise DrillError(
            f"the PMS cannot be read: {type(error).__name__}",
            where=f"{pms.base_url}/api/orders",
            todo="check --pms-url, and that the key may read orders",
            detail=str(error),
        ) from error


def _wanted(content: bytes) -> tuple[str, str]:
    """E-mail and first night of a booking request, of the agent's form or the PMS's; empty where there are none."""
    body = _json(content)
    booking = _part(_part(body, "booking"), "associations")
    rooms = booking.get("room_types")
    room = rooms[0] if isinstance(rooms, list) and rooms and isinstance(rooms[0], dict) else {}
    email = body.get("email") or _part(booking, "customer_detail").get("email")
    return str(email or ""), str(body.get("check_in") or room.get("checkin_date") or "")


def _json(content: bytes) -> dict[str, Any]:
    try:
        told = json.loads(content)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _part(told: dict[str, Any], name: str) -> dict[str, Any]:
    part = told.get(name)
    return part if isinstance(part, dict) else {}
