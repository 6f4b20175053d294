"""Faults: armed, proved, healed, proved."""
