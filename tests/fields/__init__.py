"""Every field has a reader: each cell of the table is tampered with alone, and some property must turn red."""
