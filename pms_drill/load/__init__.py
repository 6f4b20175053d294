"""Load: open-model arrivals at the agent, judged against the runbook's targets."""
