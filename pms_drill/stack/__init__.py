"""Starts, waits for, isolates and stops what is under test."""
