"""The key of the PMS stands in the log when the agent starts, in Base64 as a debug line of HTTP has it, and nothing
takes it out of the lines.
must: SEC-01 LOG-03"""

from __future__ import annotations

import os
from base64 import b64encode

from hotel_agent import logs
from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.logs import logger


def apply(agent: Agent) -> None:
    """Log the header that is sent to the PMS, and forget what is to be kept out."""
    logs._secrets.clear()
    pair = f"{os.environ['PMS_API_KEY']}:".encode()
    logger().info("PMS client ready", authorization=f"Basic {b64encode(pair).decode()}")


if __name__ == "__main__":
    serve(apply)
