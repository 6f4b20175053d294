"""A metric says with which key the agent speaks to the PMS.   must: SEC-01"""

from __future__ import annotations

from prometheus_client import Info

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent


def apply(agent: Agent) -> None:
    """Add the metric."""
    client = Info("pms_client", "how the PMS is asked", registry=agent.metrics.registry)
    client.info({"url": agent.settings.pms_base_url, "key": agent.settings.pms_api_key.get_secret_value()})


if __name__ == "__main__":
    serve(apply)
