"""Says before a run what is there, what can be done with it, and what will be skipped."""
