"""Pure functions from evidence to verdicts. No I/O, no clocks, no randomness."""
