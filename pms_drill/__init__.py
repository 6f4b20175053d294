"""Harness of the PMS integration drill."""
