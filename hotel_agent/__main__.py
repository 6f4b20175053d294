"""`python -m hotel_agent`: run the agent with settings from the environment."""

from __future__ import annotations

import math
import socket
import sys
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from hotel_agent import logs
from hotel_agent.agent import Agent
from hotel_agent.requests import NamedRequests
from hotel_agent.settings import misspelt, read_settings

#: Seconds on top of what guests under way may need, for what comes after their answers.
_MARGIN = 1


class _Server(uvicorn.Server):
    """A server that tells the agent at once when it has to end, not only after the last guest's answer."""

    def __init__(self, config: uvicorn.Config, agent: Agent) -> None:
        super().__init__(config)
        self._agent = agent

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._agent.stop()
        await super().shutdown(sockets)


def serve(customize: Callable[[Agent], None] | None = None) -> None:
    """Run until SIGTERM or SIGINT; then take no new guests, and answer those under way within 2 x PMS_TIMEOUT.

    Args:
        customize: called with the agent before it starts; may replace any of its parts.

    Raises:
        SystemExit: a setting is wrong or the port is taken; with one line, exit code 2.
    """
    try:
        settings = read_settings()
        logs.configure(settings.log_file)
        logs.keep_out((settings.pms_api_key.get_secret_value(), settings.admin_token.get_secret_value()))
        for line in misspelt():
            logs.logger().warning(f"setting ignored: {line}")
        agent = Agent(settings)
    except SystemExit as stop:
        print(stop, file=sys.stderr)
        raise SystemExit(2) from None
    if customize is not None:
        customize(agent)
    server = _Server(
        uvicorn.Config(
            NamedRequests(agent.app),
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=math.ceil(agent.patience) + _MARGIN,
            # Longer than clients keep an idle connection (httpx 5 s, load balancers 60 s), so that it is they who
            # close it: what is sent at the moment at which the server closes is lost without an answer.
            timeout_keep_alive=75,
        ),
        agent,
    )
    with suppress(SystemExit):  # how uvicorn says that it could not start
        server.run()
    if not server.started:
        problem = agent.start_problem or f"hotel-agent: could not start: is PORT {settings.port} taken?"
        print(problem, file=sys.stderr)
        raise SystemExit(2)


if __name__ == "__main__":
    serve()
