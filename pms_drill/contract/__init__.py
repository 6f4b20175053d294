"""What the contract suites need to ask: clients of the PMS and of the agent, generated cases, findings."""
