"""`python -m hotel_agent`: run the agent with settings from the environment."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from hotel_agent import logs
from hotel_agent.agent import Agent
from hotel_agent.settings import misspelt, read_settings


def serve(customize: Callable[[Agent], None] | None = None) -> None:
    """Run until SIGTERM or SIGINT.

    Args:
        customize: called with the agent before it starts; may replace any of its parts.

    Raises:
        SystemExit: a setting is wrong or the port is taken; with one line, exit code 2.
    """
    try:
        settings = read_settings()
        logs.configure(settings.log_file)
        for line in misspelt():
            logs.logger().warning(f"setting ignored: {line}")
        agent = Agent(settings)
    except SystemExit as stop:
        print(stop, file=sys.stderr)
        raise SystemExit(2) from None
    if customize is not None:
        customize(agent)
    server = uvicorn.Server(
        uvicorn.Config(
            agent.app,
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
            # Longer than clients keep an idle connection (httpx 5 s, load balancers 60 s), so that it is they who
            # close it: what is sent at the moment at which the server closes is lost without an answer.
            timeout_keep_alive=75,
        )
    )
    with suppress(SystemExit):  # how uvicorn says that it could not start
        server.run()
    if not server.started:
        problem = agent.start_problem or f"hotel-agent: could not start: is PORT {settings.port} taken?"
        print(problem, file=sys.stderr)
        raise SystemExit(2)


if __name__ == "__main__":
    serve()
