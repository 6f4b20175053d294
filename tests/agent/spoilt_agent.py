"""The agent with mistakes of programming in it, for what its log must tell of them."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent


def apply(agent: Agent) -> None:
    """Routes that fail in the ways in which a program can."""
    key = agent.settings.pms_api_key.get_secret_value()
    token = agent.settings.admin_token.get_secret_value()

    def wrong() -> None:
        raise RuntimeError(f"sent Authorization: {key} with {token}")

    async def wrong_task() -> None:
        wrong()

    @agent.app.get("/spoilt/answer")
    async def answer() -> None:
        wrong()

    @agent.app.get("/spoilt/task")
    async def task() -> dict[str, str]:
        spoilt = asyncio.create_task(wrong_task(), name="spoilt")
        await asyncio.wait({spoilt})
        del spoilt
        gc.collect()
        return {}

    @agent.app.get("/spoilt/thread")
    async def thread() -> dict[str, str]:
        spoilt = threading.Thread(target=wrong)
        spoilt.start()
        spoilt.join()
        return {}

    @agent.app.get("/spoilt/library")
    async def library() -> dict[str, str]:
        logging.getLogger("some.library").warning("sent %s", key)
        return {}


if __name__ == "__main__":
    serve(apply)
