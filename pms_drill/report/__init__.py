"""From the outcomes of tests to the verdict of a run: record, merge, count again, tell."""
