"""What was seen: plain data on one clock, without judgement."""
