"""Reads the truth from the PMS's web service, directly: neither agent nor proxies are in between."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import httpx

from pms_drill.errors import DrillError
from pms_drill.evidence.bookings import Booking
from pms_drill.money import written

_DEAD = ("is_cancelled", "is_refunded", "is_back_order")


@dataclass(frozen=True)
class _Head:
    """What stands in the booking and in none of the lists: for whom it is, and in which currency."""

    email: str
    first_name: str
    last_name: str
    currency: str


class PmsReader:
    """A read-only client of QloApps or its twin.

    Args:
        base_url: address of the PMS itself.
        key: key of the web service.
        timeout: seconds for one request.
    """

    def __init__(self, base_url: str, key: str, timeout: float = 10.0) -> None:
        self._http = httpx.Client(base_url=base_url, auth=(key, ""), timeout=timeout, trust_env=False)
        self._heads: dict[int, _Head] = {}

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def bookings(self, above: int = 0) -> list[Booking]:
        """Orders with an id above `above`, with their room lines, lowest id first.

        Raises:
            DrillError: the PMS did not answer as it should; without this read nothing can be judged.
        """
        orders = self._rows("orders", "orders", "[id,source,current_state,total_paid_tax_incl]", "id", above)
        lines: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
        fields = "[id,id_order,id_product,id_hotel,id_room,date_from,date_to,is_cancelled,is_refunded,is_back_order]"
        for line in self._rows("room_bookings", "bookings", fields, "id_order", above):
            lines[int(line["id_order"])].append(line)
        return [self._booking(order, lines[int(order["id"])]) for order in orders]

    def _booking(self, order: dict[str, Any], lines: list[dict[str, Any]]) -> Booking:
        order_id = int(order["id"])
        first = lines[0] if lines else {}
        head = self._head(order_id)
        live = [line for line in lines if not any(int(line[flag]) for flag in _DEAD)]
        return Booking(
            order_id=order_id,
            email=head.email,
            source=str(order["source"]),
            state=int(order["current_state"]),
            room_type=int(first.get("id_product", 0)),
            check_in=str(first.get("date_from", ""))[:10],
            check_out=str(first.get("date_to", ""))[:10],
            live_lines=len(live),
            lines=len(lines),
            rooms=tuple(int(line.get("id_room") or 0) for line in live),
            hotel_id=int(first.get("id_hotel") or 0),
            first_name=head.first_name,
            last_name=head.last_name,
            total=written(order["total_paid_tax_incl"], head.currency),
            currency=head.currency,
        )

    def _head(self, order_id: int) -> _Head:
        """For whom the booking is. One read per order is enough: nobody changes a booking of the suite's guests."""
        if order_id not in self._heads:
            booking = self._get(f"bookings/{order_id}").get("booking", {})
            customer = booking.get("associations", {}).get("customer_detail", {})
            self._heads[order_id] = _Head(
                email=str(customer.get("email", "")),
                first_name=str(customer.get("firstname", "")),
                last_name=str(customer.get("lastname", "")),
                currency=str(booking.get("currency", "")),
            )
        return self._heads[order_id]

    def _rows(self, resource: str, name: str, display: str, field: str, above: int) -> list[dict[str, Any]]:
        newer = {f"filter[{field}]": f">[{above}]"} if above else {}
        data = self._get(resource, display=display, **newer)
        rows = data.get(name, []) if isinstance(data, dict) else data
        return sorted(rows, key=lambda row: int(row["id"]))

    def _get(self, resource: str, **params: str) -> Any:
        try:
            response = self._http.get(f"/api/{resource}", params={"output_format": "JSON", **params})
            response.raise_for_status()
            return response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise DrillError(
                f"the PMS cannot be read directly: {type(error).__name__}",
                where=f"/api/{resource}",
                todo="look at the PMS's log in the run's logs/ folder",
            ) from error
