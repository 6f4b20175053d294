"""The first key of the PMS is kept beside the outbox and used for ever.   must: CAUSE-07   may: CAUSE-08 CAUSE-09"""

from __future__ import annotations

from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent


def apply(agent: Agent) -> None:
    """Use the key of the first start, whatever the settings say."""
    kept = agent.settings.outbox_path.with_name("first.key")
    if not kept.exists():
        kept.write_text(agent.settings.pms_api_key.get_secret_value(), encoding="utf-8")
    agent.client._http.auth = (kept.read_text(encoding="utf-8"), "")


if __name__ == "__main__":
    serve(apply)
