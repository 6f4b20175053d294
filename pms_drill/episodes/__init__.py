"""Experiments: each runs once, with a workload, for one fault, and yields an evidence bundle."""
