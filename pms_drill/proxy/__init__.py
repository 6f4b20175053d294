"""The HTTP fault proxy in front of the PMS: message-exact without a rule, HTTP faults by rule, and the ledger."""
