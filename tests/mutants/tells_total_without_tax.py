"""The total that a guest is told at once lacks the tax; the PMS's order has it.   must: TOLD-06 API-31"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import httpx

from hotel_agent import answers
from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.answers import Booked, Stay

_booked = answers.booked


def _without_tax(response: httpx.Response, stay: Stay, currency: str) -> Booked:
    price = answers.member(response, "booking")["associations"]["price_details"]["total_price_without_tax"]
    return replace(_booked(response, stay, currency), total=Decimal(str(price)))


def apply(_: Agent) -> None:
    """Read the price before tax from the answer to a booking."""
    answers.booked = _without_tax


if __name__ == "__main__":
    serve(apply)
