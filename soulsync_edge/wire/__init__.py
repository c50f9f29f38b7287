"""Lines between programs: events and commands as JSON, and the socket ends that carry them."""
