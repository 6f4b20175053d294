"""A booking is read back by its guest and dates, whoever made it, not by its reference.   must: BOOK-01 may: BOOK-06"""

from __future__ import annotations

from decimal import Decimal

from hotel_agent import answers
from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.answers import Found


def apply(agent: Agent) -> None:
    """Look for rooms of the same stay, and take those that are the guest's for the reservation's own."""
    client = agent.client

    async def find(reference: str, *, rejected_as: str | None = "readback") -> list[Found]:
        intent = await agent.outbox.get(reference)
        if intent is None:
            return []
        stay = {
            "filter[date_from]": f"[{intent.check_in} 00:00:00]",
            "filter[date_to]": f"[{intent.check_out} 00:00:00]",
            "filter[id_product]": f"[{intent.room_type}]",
            "display": "[id,id_order,is_cancelled,total_price_tax_incl]",
        }
        lines = await client.call(
            "readback",
            "GET",
            "/api/room_bookings",
            lambda response: answers.rows(response, "bookings"),
            params=stay,
            rejected_as=rejected_as,
        )
        found = []
        for line in lines:
            order = int(line["id_order"])
            booking = await client.call(
                "readback",
                "GET",
                f"/api/bookings/{order}",
                lambda response: answers.member(response, "booking"),
                rejected_as=rejected_as,
            )
            if booking["associations"]["customer_detail"]["email"].lower() == intent.email.lower():
                total = Decimal(str(line["total_price_tax_incl"]))
                found.append(Found(order, total, not int(line["is_cancelled"])))
        return sorted(found, key=lambda one: one.order_id)

    agent.qloapps.find = find  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
