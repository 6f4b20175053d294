"""Idempotency-Keys are kept in memory: a restart forgets them.   must: BOOK-08"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.outbox import Remembered


def apply(agent: Agent) -> None:
    """Replace the table of keys by a dictionary."""
    known: dict[str, Remembered] = {}

    async def remember(key: str, fingerprint: str, intent_id: str, now: float) -> None:
        known[key] = Remembered(fingerprint, intent_id, None)

    async def remember_refusal(key: str, body: dict[str, Any]) -> None:
        known[key] = replace(known[key], body=body)

    async def recall(key: str, not_before: float) -> Remembered | None:
        return known.get(key)

    async def forget(key: str) -> None:
        known.pop(key, None)

    agent.outbox.remember = remember  # type: ignore[method-assign]
    agent.outbox.remember_refusal = remember_refusal  # type: ignore[method-assign]
    agent.outbox.recall = recall  # type: ignore[method-assign]
    agent.outbox.forget = forget  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(apply)
