"""The contract with the PMS: its exchanges, recordings of them, what differs between two sources, the changelog."""
