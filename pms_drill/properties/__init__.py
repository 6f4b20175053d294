"""The catalogue of properties: data, what the suites say about them, and the page for people."""
