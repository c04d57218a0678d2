"""The `takedown` command: a client of the API, and the offline verifier."""
